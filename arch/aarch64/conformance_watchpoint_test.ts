/**
 * Breakpoints and watchpoints of the debug registers on AArch64 (Arm ARM, D2.9 and D2.10), set by
 * kernel code with MSR: exact bytes, every field of the control registers, the access not made.
 */
import { assert, assertEquals } from "@std/assert";
import type { BareMachine } from "../testing/harness.ts";
import { EL0, EL1H, makeMachine, type Origin } from "./testing/conformance.ts";
import { everySecond } from "../../util/testing/sweep.ts";

const TEXT = 0x60_0000n;
const SETUP = 0x400n;
const DATA = 0x61_0000n;
const BRK = 0xd4200000; // brk #0
const NOP = 0xd503201f;
const MDE = 1n << 15n;
const KDE = 1n << 13n;
const SS = 1n;
const STEP = 1n << 21n;
const MASK_DEBUG = 1n << 9n;
const EL0_ONLY = 2;
const EL1_ONLY = 1;
const BOTH = 3;
const LOAD = 1;
const STORE = 2;
const WVR = 6;
const WCR = 7;
const BVR = 4;
const BCR = 5;

/** `msr` from X`from` to a debug register. */
function msr(op2: number, index: number, from: number): number {
  return (0xd5100000 | index << 8 | op2 << 5 | from) >>> 0;
}

/** DBGWCR: MASK, linked breakpoint, BAS, LSC, PAC, E. */
function control(
  { bytes = 0xff, kinds = BOTH, levels = BOTH, mask = 0, linked = -1, enabled = true } = {},
): bigint {
  const link = linked < 0 ? 0 : 1 << 20 | linked << 16;
  return BigInt(mask << 24 | link | bytes << 5 | kinds << 3 | levels << 1 | (enabled ? 1 : 0));
}

interface Seen {
  readonly ec: number;
  readonly iss: number;
  readonly at: number;
  readonly far: bigint;
  readonly frame: (name: string) => bigint;
}

/** A machine with code in a page for both levels, and three pages of data. */
class DebugMachine {
  readonly machine: BareMachine = makeMachine();
  readonly #origin: Origin;
  readonly #text: bigint;
  readonly #kernelText: bigint;
  readonly #frame: bigint;

  constructor(origin: Origin) {
    const { machine } = this;
    machine.cpu.userFp = true;
    this.#origin = origin;
    this.#frame = machine.mapUser(TEXT, { write: false, execute: true });
    this.#kernelText = machine.kernelPage(9);
    machine.mapKernel(this.#kernelText, { write: false, execute: true }, this.#frame);
    this.#text = origin.mode === "user" ? TEXT : this.#kernelText;
    for (const page of [0n, 1n, 2n]) {
      machine.mapUser(DATA + 0x1000n * page, { write: true, execute: false });
    }
  }

  [Symbol.dispose](): void {
    this.machine[Symbol.dispose]();
  }

  #write(words: readonly number[], at = 0n): void {
    const { memory, cpu } = this.machine;
    const text = memory.slice(this.#frame + at, 4 * words.length);
    const view = new DataView(text.buffer, text.byteOffset);
    words.forEach((word, index) => view.setUint32(4 * index, word, true));
    cpu.flushCode(this.#frame, 4096);
  }

  /** Has kernel code write debug registers, and MDSCR_EL1. */
  arm(registers: readonly [op2: number, index: number, value: bigint][], mdscr = MDE | KDE): void {
    const { machine } = this;
    const words = registers.map(([op2, index], from) => msr(op2, index, from));
    this.#write([...words, 0xd5100240 | registers.length, BRK], SETUP); // msr mdscr_el1
    const values = [...registers.map(([, , value]) => value), mdscr];
    machine.start({
      mode: "kernel",
      pc: this.#kernelText + SETUP,
      registers: {
        pstate: EL1H.pstate | MASK_DEBUG,
        ...Object.fromEntries(values.map((value, index) => [`x${index}`, value])),
      },
    });
    assertEquals((machine.runToTrap().entry?.code ?? 0n) >> 26n, 0x3cn, "set");
  }

  /** Runs code to its first trap; a BRK follows it. */
  run(words: readonly number[], registers: Record<string, bigint>): Seen {
    const { machine } = this;
    this.#write([...words, BRK]);
    machine.cpu.setRegister("far_el1", 0x77n);
    const { mode, pstate } = this.#origin;
    machine.start({ mode, pc: this.#text, registers: { pstate, ...registers } });
    return this.next();
  }

  /** Goes on to the next trap. */
  next(): Seen {
    const { entry, frame } = this.machine.runToTrap();
    assert(entry !== undefined);
    const names = this.machine.arch.registerNames;
    const registers = Object.fromEntries(names.map((name) => [name, frame.register(name)]));
    return {
      ec: Number(entry.code >> 26n),
      iss: Number(entry.code & 0x1ff_ffffn),
      at: Number(entry.pc - this.#text) / 4,
      far: entry.registers["far_el1"] ?? 0n,
      frame: (name) => registers[name] ?? 0n,
    };
  }

  /** Physical memory at an address of the data. */
  read(address: bigint): bigint {
    const { cpu, memory } = this.machine;
    return memory.readU64(cpu.translate(address) ?? 0n);
  }
}

/** Instructions with the address in X1: word, bytes, whether it stores. */
const ACCESSES: readonly (readonly [string, number, number, boolean])[] = [
  ["strb w3, [x1]", 0x39000023, 1, true],
  ["strh w3, [x1]", 0x79000023, 2, true],
  ["str w3, [x1]", 0xb9000023, 4, true],
  ["str x3, [x1]", 0xf9000023, 8, true],
  ["stp x3, x4, [x1]", 0xa9001023, 16, true],
  ["str q0, [x1]", 0x3d800020, 16, true],
  ["ldrb w3, [x1]", 0x39400023, 1, false],
  ["ldr x3, [x1]", 0xf9400023, 8, false],
  ["ldp x3, x4, [x1]", 0xa9401023, 16, false],
  ["ldr q0, [x1]", 0x3dc00020, 16, false],
];

for (const origin of [EL0, EL1H]) {
  const { name } = origin;
  const same = origin === EL0 ? 0 : 1;
  const WATCHPOINT = 0x34 + same;

  Deno.test(`AArch64 watchpoint from ${name}, the bytes of BAS and no others, LSC, FAR, WnR`, () => {
    using debug = new DebugMachine(origin);
    const base = DATA + 0xff8n; // its last bytes are followed by another page
    for (const [first, count] of [[0, 8], [0, 1], [3, 2], [7, 1], [4, 4], [1, 7]] as const) {
      for (const kinds of [LOAD, STORE, BOTH]) {
        const bytes = ((1 << count) - 1) << first;
        debug.arm([[WVR, 1, base], [WCR, 1, control({ bytes, kinds })]]);
        const [begin, end] = [base + BigInt(first), base + BigInt(first + count)];
        for (const [text, word, size, write] of everySecond(ACCESSES, first + same)) {
          for (let offset = -17n; offset < 10n; offset++) {
            const x1 = base + offset;
            const touches = x1 < end && x1 + BigInt(size) > begin;
            const hit = touches && (kinds & (write ? STORE : LOAD)) !== 0;
            const before = debug.read(x1 & ~7n);
            const { ec, iss, at, far } = debug.run([word], { x1, x3: ~before });
            const where = `${text} ${offset} ${bytes.toString(2)} ${kinds}`;
            if (!hit) {
              assertEquals([ec, at, far], [0x3c, 1, 0x77n], where);
              continue;
            }
            assertEquals([ec, at, iss], [WATCHPOINT, 0, write ? 0x62 : 0x22], where);
            assertEquals(far, x1 > begin ? x1 : begin, where);
            const isPair = size === 16; // what a pair stores before it hits may be made
            if (!isPair) assertEquals(debug.read(x1 & ~7n), before, `${where}, not made`);
          }
        }
      }
    }
  });

  Deno.test(`AArch64 watchpoint from ${name}, registers and memory as before; then the access`, () => {
    const cases: readonly (readonly [string, number])[] = [
      ["str x3, [x1, #8]!", 0xf8008c23],
      ["str x3, [x1], #8", 0xf8008423],
      ["ldr x3, [x1, #8]!", 0xf8408c23],
      ["ldr x3, [x1], #8", 0xf8408423],
      ["ldp x3, x1, [x1]", 0xa9400423],
      ["stur x3, [x1, #4]", 0xf8004023],
      ["str x3, [x1, w2, sxtw]", 0xf822c823],
      ["ldxr x3, [x1]", 0xc85f7c23],
      ["dc zva, x1", 0xd50b7421],
    ];
    for (const [text, word] of cases) {
      using debug = new DebugMachine(origin);
      const { machine } = debug;
      const physical = machine.cpu.translate(DATA) ?? 0n;
      for (let i = 0n; i < 16n; i++) machine.memory.writeU64(physical + 8n * i, 0x1111n * (i + 1n));
      debug.arm([[WVR, 0, DATA], [WCR, 0, control({ mask: 6 })]]);
      const memory = machine.memory.slice(physical, 128).slice();
      const registers = { x1: DATA, x2: 0xffff_ffff_0000_0008n, x3: 0xabcdn };
      const seen = debug.run([word], registers);
      assertEquals([seen.ec, seen.at], [WATCHPOINT, 0], text);
      const names = Array.from({ length: 31 }, (_, i) => `x${i}`);
      const start = { ...machine.distinctRegisters(), ...registers } as Record<string, bigint>;
      for (const register of names) {
        assertEquals(
          seen.frame(register),
          start[register] ?? seen.frame(register),
          `${text} ${register}`,
        );
      }
      assertEquals(machine.memory.slice(physical, 128).slice(), memory, text);
      debug.arm([[WCR, 0, 0n]]);
      const after = debug.run([word], registers);
      assertEquals([after.ec, after.at], [0x3c, 1], text);
      const changed = machine.memory.slice(physical, 128).some((byte, i) => byte !== memory[i]) ||
        names.some((register) => after.frame(register) !== seen.frame(register));
      assert(changed, `${text} is made`);
    }
  });

  Deno.test(`AArch64 watchpoint from ${name}, a store across pages is undone in both`, () => {
    using debug = new DebugMachine(origin);
    debug.arm([[WVR, 0, DATA + 0xff8n], [WCR, 0, control({ bytes: 0x80 })]]);
    const x1 = DATA + 0xffdn;
    assertEquals(debug.run([0xf9000023], { x1, x3: ~0n }).ec, WATCHPOINT); // str x3, [x1]
    assertEquals([debug.read(DATA + 0xff8n), debug.read(DATA + 0x1000n)], [0n, 0n]);
  });

  Deno.test(`AArch64 watchpoint from ${name}, MASK: a range of bytes`, () => {
    using debug = new DebugMachine(origin);
    for (const mask of [3, 5, 12]) {
      const size = 1n << BigInt(mask);
      const base = DATA + 0x1000n;
      debug.arm([[WVR, 3, base], [WCR, 3, control({ mask })]]);
      for (
        const [address, hit] of [[base - 1n, false], [base, true], [base + size - 1n, true], [
          base + size,
          false,
        ]] as const
      ) {
        const { ec } = debug.run([0x39000023], { x1: address });
        assertEquals(ec, hit ? WATCHPOINT : 0x3c, `${mask} ${address}`);
      }
    }
  });

  Deno.test(`AArch64 watchpoint from ${name}, only where PAC, E, MDE and KDE let it`, () => {
    using debug = new DebugMachine(origin);
    const mine = origin === EL0 ? EL0_ONLY : EL1_ONLY;
    const cases: [Parameters<typeof control>[0], bigint, bigint, boolean][] = [
      [{ levels: mine }, MDE | KDE, 0n, true],
      [{ levels: BOTH & ~mine }, MDE | KDE, 0n, false],
      [{ levels: 0 }, MDE | KDE, 0n, false],
      [{ enabled: false }, MDE | KDE, 0n, false],
      [{ kinds: 0 }, MDE | KDE, 0n, false],
      [{ bytes: 0 }, MDE | KDE, 0n, false],
      [{}, KDE, 0n, false],
      [{}, MDE, 0n, origin === EL0],
      [{}, MDE | KDE, origin === EL0 ? 0n : MASK_DEBUG, origin === EL0],
    ];
    for (const [fields, mdscr, masked, hit] of cases) {
      debug.arm([[WVR, 2, DATA], [WCR, 2, control(fields)]], mdscr);
      const registers = { x1: DATA, pstate: origin.pstate | masked };
      const { ec } = debug.run([0xf9000023], registers);
      assertEquals(ec, hit ? WATCHPOINT : 0x3c, JSON.stringify(fields));
    }
  });

  Deno.test(`AArch64 watchpoint from ${name}, linked to a context, and a store-exclusive`, () => {
    using debug = new DebugMachine(origin);
    const { cpu } = debug.machine;
    const linkedContext = BigInt(3 << 20 | 0xf << 5 | BOTH << 1 | 1);
    debug.arm([
      [BVR, 5, 0x1234n],
      [BCR, 5, linkedContext],
      [WVR, 0, DATA],
      [WCR, 0, control({ linked: 5 })],
    ]);
    for (const [context, hit] of [[0x1234n, true], [0x1235n, false]] as const) {
      cpu.setRegister("contextidr_el1", context);
      assertEquals(debug.run([0xf9000023], { x1: DATA }).ec, hit ? WATCHPOINT : 0x3c);
    }
    debug.arm([[WVR, 0, DATA], [WCR, 0, control({ kinds: LOAD })]]);
    // stxr w5, x3, [x1], without and behind ldxr x3, [x6] of another granule
    assertEquals(debug.run([0xc8057c23], { x1: DATA }).ec, 0x3c);
    debug.arm([[WVR, 0, DATA], [WCR, 0, control({ kinds: STORE })]]);
    const seen = debug.run([0xc85f7c23, 0xc8057c23], { x1: DATA });
    assertEquals([seen.ec, seen.at, seen.iss], [WATCHPOINT, 1, 0x62]);
  });

  Deno.test(`AArch64 watchpoint from ${name}, comes before the step of its instruction`, () => {
    using debug = new DebugMachine(origin);
    debug.arm([[WVR, 0, DATA], [WCR, 0, control()]], MDE | KDE | SS);
    const registers = { x1: DATA, pstate: origin.pstate | STEP };
    const seen = debug.run([0xf9000023], registers);
    assertEquals([seen.ec, seen.at], [WATCHPOINT, 0]);
    assertEquals(seen.frame("pstate") & STEP, STEP, "the step is still to be made");
    assertEquals(debug.run([NOP], registers).ec, 0x32 + same);
  });

  Deno.test(`AArch64 watchpoint from ${name}, is the processor's in a saved state`, () => {
    using debug = new DebugMachine(origin);
    debug.arm([[WVR, 0, DATA], [WCR, 0, control()]]);
    const saved = debug.machine.cpu.save();
    debug.arm([[WCR, 0, 0n]]);
    assertEquals(debug.run([0xf9000023], { x1: DATA }).ec, 0x3c);
    debug.machine.cpu.restore(saved);
    assertEquals(debug.run([0xf9000023], { x1: DATA }).ec, WATCHPOINT);
  });

  Deno.test(`AArch64 watchpoint from ${name}, a watch of the host hits when the access is made`, () => {
    using debug = new DebugMachine(origin);
    const { cpu } = debug.machine;
    debug.arm([[WVR, 0, DATA], [WCR, 0, control()]]);
    using _watch = cpu.addWatch({ address: DATA, size: 1, reads: false, writes: true });
    assertEquals(debug.run([0xf9000023], { x1: DATA }).ec, WATCHPOINT);
    debug.arm([[WCR, 0, 0n]]);
    let message = "";
    try {
      debug.run([0xf9000023], { x1: DATA });
    } catch (error) {
      message = String(error);
    }
    assert(message.includes("watch"), message);
  });

  Deno.test(`AArch64 breakpoint of the debug registers from ${name}, its class, and FAR left alone`, () => {
    using debug = new DebugMachine(origin);
    const text = origin.mode === "user" ? TEXT : debug.machine.kernelPage(9);
    for (const levels of [BOTH, EL0_ONLY, EL1_ONLY]) {
      const bcr = BigInt(0xf << 5 | levels << 1 | 1);
      debug.arm([[BVR, 4, text + 8n], [BCR, 4, bcr]]);
      const { ec, iss, at, far } = debug.run([NOP, NOP, NOP], {});
      const hit = (levels & (origin === EL0 ? EL0_ONLY : EL1_ONLY)) !== 0;
      assertEquals([ec, at, far], hit ? [0x30 + same, 2, 0x77n] : [0x3c, 3, 0x77n]);
      if (hit) assertEquals(iss, 0x22);
      debug.arm([[BCR, 4, 0n]]);
    }
  });
}

Deno.test("AArch64 watchpoint, LDTR and STTR of EL1 count as EL0's", () => {
  using debug = new DebugMachine(EL1H);
  for (const [levels, expected] of [[EL0_ONLY, 0x35], [EL1_ONLY, 0x3c]] as const) {
    debug.arm([[WVR, 0, DATA], [WCR, 0, control({ levels })]]);
    for (const word of [0xf8000823, 0xf8400823]) { // sttr x3, [x1]; ldtr x3, [x1]
      assertEquals(debug.run([word], { x1: DATA }).ec, expected);
    }
  }
});

Deno.test("AArch64 watchpoint, set and cleared by kernel code in one run", () => {
  using debug = new DebugMachine(EL1H);
  debug.arm([]);
  const words = [
    msr(WVR, 0, 1), // msr dbgwvr0_el1, x1
    0xf9000023, // str x3, [x1]
    msr(WCR, 0, 2), // msr dbgwcr0_el1, x2
    0xf9000423, // str x3, [x1, #8]
    0xf9000023, // str x3, [x1]
  ];
  const seen = debug.run(words, { x1: DATA, x2: control() });
  assertEquals([seen.ec, seen.at], [0x35, 4]);
});

Deno.test("AArch64 MDSCR_EL1, kernel code reads what it has written, whoever may use floating point", () => {
  for (const userFp of [true, false]) {
    using debug = new DebugMachine(EL1H);
    const { cpu } = debug.machine;
    cpu.userFp = userFp;
    const pc = debug.machine.kernelLabel("read_mdscr");
    debug.machine.start({ mode: "kernel", pc });
    assertEquals(debug.machine.runToTrap().frame.register("x5"), 0n, "nothing is set");
    // mrs x5, mdscr_el1; msr mdscr_el1, x6; mrs x7, mdscr_el1
    const words = [0xd5300245, 0xd5100246, 0xd5300247];
    const { frame } = debug.run(words, { x6: MDE });
    assertEquals([frame("x5"), frame("x7"), cpu.register("mdscr_el1")], [0n, MDE, MDE]);
  }
});

Deno.test("AArch64 watchpoint, while floating point of EL0 traps", () => {
  using debug = new DebugMachine(EL0);
  debug.machine.cpu.userFp = false;
  debug.arm([[WVR, 0, DATA], [WCR, 0, control()]]);
  debug.machine.cpu.userFp = false;
  assertEquals(debug.run([NOP, 0x3d800020], { x1: DATA }).ec, 0x07, "str q0, [x1]");
  const { ec, at } = debug.run([NOP, 0xf9000023], { x1: DATA });
  assertEquals([ec, at], [0x34, 1]);
});

Deno.test("AArch64 limit, cache maintenance hits no watchpoint: the library does nothing for it", () => {
  using debug = new DebugMachine(EL1H);
  debug.arm([[WVR, 0, DATA], [WCR, 0, control()]]);
  // dc ivac, x1
  assertEquals(debug.run([0xd5087621], { x1: DATA }).ec, 0x3c);
});

Deno.test("AArch64 limit, the OS lock lets debug exceptions pass: the library does not ask it", () => {
  using debug = new DebugMachine(EL1H);
  debug.arm([[WVR, 0, DATA], [WCR, 0, control()]]);
  // msr oslar_el1, x2; str x3, [x1]
  const { ec, at } = debug.run([0xd5101082, 0xf9000023], { x1: DATA, x2: 1n });
  assertEquals([ec, at], [0x35, 1]);
});
