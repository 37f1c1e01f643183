import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Random } from "../../util/random.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { X86Register } from "../x86_64/constants.ts";
import type { CpuImage } from "./cpu_image.ts";
import {
  advance,
  difference,
  openGuest,
  openProgram,
  restoreGuest,
  saveGuest,
} from "../testing/random_guest.ts";
import { encodeCase, type PortableCase } from "../testing/random_guest_child.ts";
import { Engine } from "../engine.ts";
import { openBench, placeWords } from "../testing/bench.ts";
import { type EngineArch, EngineUsageError } from "../errors.ts";
import { internalsOf, loadUnicorn } from "../library.ts";
import { cpuModels } from "../models.ts";
import { tryCopyMemory } from "../native_memory.ts";

const ARCHES = ["x86_64", "aarch64"] as const satisfies readonly EngineArch[];
/** Each is another program; the quick sweep still meets every kind of exit at least ten times. */
const PROGRAMS = sweep({ quick: 15, full: 75 });
const INSTANTS = 4;
const CHILD = new URL("../testing/random_guest_child.ts", import.meta.url);

for (const arch of ARCHES) {
  Deno.test(`Engine.restoreCpu ${arch}, a copy goes on as the original, whatever the engine`, async () => {
    const kinds = new Map<string, number>();
    const portable: PortableCase[] = [];
    using used = openGuest(arch);
    for (let seed = 0; seed < PROGRAMS; seed++) {
      const random = new Random(seed);
      using guest = openProgram(arch, seed);
      using cold = openGuest(arch);
      for (let instant = 0; instant < INSTANTS; instant++) {
        const before = advance(guest, 1 + random.below(900));
        const image = saveGuest(guest);
        const instructions = 1 + random.below(500);
        const after = advance(guest, instructions);
        const end = saveGuest(guest);
        for (const kind of [...before, ...after]) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        const goOn = (how: string, other: typeof guest, keepTlb = false): void => {
          restoreGuest(other, image, { keepTlb });
          advance(other, instructions);
          const where = `${how}, seed ${seed}, instant ${instant}`;
          assertEquals(difference(end, saveGuest(other)), undefined, where);
        };
        goOn("the same engine", guest);
        goOn("the same engine, TLB kept", guest, true);
        goOn("an engine of its own", cold);
        used.engine.flushCode(); // it has the code of other programs
        goOn("an engine used for everything", used);
        if (portable.length < 60) portable.push({ image, instructions, end });
      }
    }
    const expected = arch === "x86_64"
      ? ["trap 0", "trap 1", "trap 3", "trap 6", "trap 82", "syscall", "halt", "budget"]
      : ["trap 1", "trap 2", "trap 3", "trap 7", "halt", "budget"];
    for (const kind of expected) assert((kinds.get(kind) ?? 0) >= 10, `${kind}: ${[...kinds]}`);
    // The script imports nothing from a registry, so it needs no import map.
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-config", CHILD.href],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(portable.map(encodeCase))));
    await writer.close();
    const { success, stdout } = await child.output();
    assert(success);
    assertEquals(JSON.parse(new TextDecoder().decode(stdout)), portable.map(() => null));
  });

  Deno.test(`Engine.saveCpu ${arch}, an image holds no host pointer and nothing of its engine`, () => {
    const { symbols } = internalsOf(loadUnicorn());
    for (let seed = 0; seed < 20; seed++) {
      using guest = openProgram(arch, seed);
      using other = openProgram(arch, seed);
      for (const each of [guest, other]) advance(each, 1500);
      const image = saveGuest(guest);
      assertEquals(difference(image, saveGuest(other)), undefined);
      const words = new BigUint64Array(image.cpu.state.buffer, 0, image.cpu.state.length >> 3);
      // Host memory is far above anything these programs make, but for random values that no memory
      // is at.
      for (const word of words) {
        const isHost = word > 1n << 32n && tryCopyMemory(symbols, word, new Uint8Array(8));
        assert(!isHost, `seed ${seed}: 0x${word.toString(16)}`);
      }
    }
  });

  Deno.test(`Engine.saveCpu ${arch}, an image stays as it is and names its origin`, () => {
    using guest = openProgram(arch, 3);
    advance(guest, 100);
    const { cpu } = saveGuest(guest);
    const state = cpu.state.slice();
    advance(guest, 500);
    assertEquals(cpu.state, state);
    assertEquals([cpu.arch, cpu.library, cpu.instructions], [arch, loadUnicorn().version, 100]);
    guest.engine.restoreCpu(cpu);
    assertEquals(guest.engine.instructions, 100);
    assertEquals(guest.engine.saveCpu(), cpu);
  });

  Deno.test(`Engine.restoreCpu ${arch}, foreign and damaged images are refused and change nothing`, () => {
    using guest = openProgram(arch, 4);
    advance(guest, 50);
    const { cpu } = saveGuest(guest);
    advance(guest, 50);
    const before = guest.engine.saveCpu();
    const other = arch === "x86_64" ? "aarch64" : "x86_64";
    const broken: Partial<CpuImage>[] = [
      { arch: other },
      { model: "another" },
      { library: "2.1.3" },
      { layout: `${cpu.layout}1` },
      { state: cpu.state.slice(1) },
      { state: new Uint8Array(0) },
      { instructions: -1 },
      { instructions: 0.5 },
    ];
    for (const part of broken) {
      const error = assertThrows(
        () => guest.engine.restoreCpu({ ...cpu, ...part }),
        EngineUsageError,
      );
      assertEquals(error.kind, "image", JSON.stringify(part));
    }
    assertEquals(guest.engine.saveCpu(), before);
    guest.engine[Symbol.dispose]();
    assertThrows(() => guest.engine.saveCpu(), EngineUsageError);
    assertThrows(() => guest.engine.restoreCpu(cpu), EngineUsageError);
  });

  Deno.test(`Engine.saveCpu ${arch}, not while the guest runs`, () => {
    using guest = openProgram(arch, 5);
    const kinds: string[] = [];
    using _hook = guest.engine.addCodeHook(0n, 0xffffn, () => {
      const error = assertThrows(() => guest.engine.saveCpu(), EngineUsageError);
      kinds.push(error.kind);
      return "stop";
    });
    guest.engine.run(10);
    assertEquals(kinds, ["running"]);
  });

  Deno.test(`Engine.restoreCpu ${arch}, code hooks and translations stay`, () => {
    using guest = openProgram(arch, 6);
    let called = 0;
    using _hook = guest.engine.addCodeHook(0n, 0xffffn, () => {
      called++;
    });
    const image = saveGuest(guest);
    advance(guest, 300);
    const first = called;
    restoreGuest(guest, image);
    // Code that the host overwrites unsaid goes on as it was: it is still translated.
    guest.ram.fill(0, 0x800, 0x804);
    advance(guest, 300);
    assertEquals(called, 2 * first);
  });
}

for (const model of cpuModels("x86_64")) {
  Deno.test(`Engine.restoreCpu x86_64 on ${model}, breakpoints in DR0 … DR3 come and go with the image`, () => {
    using bench = openBench("x86_64", { model });
    const { engine, ram } = bench;
    // mov dr0, rcx; mov dr7, rax; nop; nop; nop; hlt; then mov dr7, rax; hlt
    ram.set([0x0f, 0x23, 0xc1, 0x0f, 0x23, 0xf8, 0x90, 0x90, 0x90, 0xf4], 0x1000);
    ram.set([0x0f, 0x23, 0xf8, 0xf4], 0x1100);
    const off = engine.saveCpu();
    const start = (rip: bigint, { rax = 0n, rcx = 0n } = {}): void => {
      engine.x86.rip = rip;
      engine.writeRegister(X86Register.RAX, rax);
      engine.writeRegister(X86Register.RCX, rcx);
    };
    start(0x1000n, { rax: 1n, rcx: 0x1008n });
    engine.run(2);
    const on = engine.saveCpu();
    start(0x1000n, { rax: 1n, rcx: 0x1007n });
    engine.run(2);
    const elsewhere = engine.saveCpu();
    for (let round = 0; round < 3; round++) {
      for (
        const [image, stop] of [[on, 0x1008n], [off, 0n], [elsewhere, 0x1007n], [
          on,
          0x1008n,
        ]] as const
      ) {
        engine.restoreCpu(image);
        engine.x86.rip = 0x1006n;
        assertEquals(engine.run(100).kind, stop === 0n ? "halt" : "trap");
        assertEquals(engine.x86.rip, stop === 0n ? 0x100an : stop);
        // The guest's own write frees what the image's restoring made: raw bytes end in a crash
        // here.
        start(0x1100n, { rax: round === 1 ? 0x55n : 0n });
        assertEquals(engine.run(2).kind, "halt");
        assertEquals(engine.readRegister(X86Register.DR7), round === 1 ? 0x455n : 0x400n);
      }
    }
  });
}

Deno.test("Engine.writeRegister x86_64, a debug register sets the breakpoint too", () => {
  using bench = openBench("x86_64");
  const { engine, ram } = bench;
  ram.set([0x90, 0x90, 0x90, 0xf4], 0x1000); // nop; nop; nop; hlt
  engine.writeRegister(X86Register.DR1, 0x1002n);
  engine.writeRegister(X86Register.DR7, 4n);
  engine.writeRegister(X86Register.DR1, 0x1001n);
  for (let round = 0; round < 2; round++) {
    engine.x86.rip = 0x1000n;
    assertEquals(engine.run(10), { kind: "trap", instructions: 1, vector: 1 });
    assertEquals(engine.readRegister(X86Register.DR1), 0x1001n);
    engine.restoreCpu(engine.saveCpu());
  }
  engine.writeRegister(X86Register.DR7, 0n);
  engine.x86.rip = 0x1000n;
  assertEquals(engine.run(10).kind, "halt");
  assertThrows(() => engine.registerBatch([X86Register.DR7]), EngineUsageError);
});

for (const model of cpuModels("aarch64")) {
  Deno.test(`Engine.restoreCpu AArch64 on ${model}, breakpoints in DBGBCR come and go with the image`, () => {
    using bench = openBench("aarch64", { model });
    const { engine } = bench;
    placeWords(bench, 0x1000, [
      0xd510109f, // msr oslar_el1, xzr
      0xd5100241, // msr mdscr_el1, x1
      0xd5100282, // msr dbgbvr2_el1, x2
      0xd51002a3, // msr dbgbcr2_el1, x3
      0xd50348ff, // msr daifclr, #8
      0xd503201f, // nop
      0xd503201f, // nop
      0xd503207f, // wfi
    ]);
    placeWords(bench, 0x1100, [0xd51002a3, 0xd503207f]); // msr dbgbcr2_el1, x3; wfi
    const off = engine.saveCpu();
    const prepare = (address: bigint): CpuImage => {
      engine.restoreCpu(off);
      engine.aarch64.pc = 0x1000n;
      [0xa000n, address, 0x1e7n].forEach((value, index) => engine.aarch64.setX(index + 1, value));
      engine.run(5);
      return engine.saveCpu();
    };
    const first = prepare(0x1018n);
    const second = prepare(0x1014n);
    for (let round = 0; round < 3; round++) {
      for (
        const [image, stop] of [[first, 0x1018n], [off, 0n], [second, 0x1014n], [
          first,
          0x1018n,
        ]] as const
      ) {
        engine.restoreCpu(image);
        engine.aarch64.pc = 0x1014n;
        const exit = engine.run(100);
        assertEquals(exit.kind, stop === 0n ? "halt" : "trap");
        assertEquals(engine.aarch64.pc, stop === 0n ? 0x1020n : stop);
        engine.aarch64.pc = 0x1100n;
        engine.aarch64.setX(3, round === 1 ? 0x1e7n : 0n);
        assertEquals(engine.run(2).kind, "halt");
      }
    }
  });
}

Deno.test("Engine.restoreCpu AArch64, a breakpoint that no model has is refused", () => {
  using bench = openBench("aarch64");
  const image = bench.engine.saveCpu();
  const { images } = internalsOf(loadUnicorn());
  const [debug] = images.aarch64.debug; // DBGBVR0, and 16 words further on DBGBCR0
  const state = image.state.slice();
  state[debug + 8 * (16 + 9)] = 1;
  assertThrows(() => bench.engine.restoreCpu({ ...image, state }), EngineUsageError, "breakpoint");
  assertEquals(bench.engine.saveCpu(), image);
});

Deno.test("Engine.restoreCpu AArch64, the exclusive monitor is part of the image", () => {
  using bench = openBench("aarch64");
  const { engine } = bench;
  // ldxr x0, [x1]; add x0, x0, #1; stxr w2, x0, [x1]; wfi
  placeWords(bench, 0x1000, [0xc85f7c20, 0x91000400, 0xc8027c20, 0xd503207f]);
  engine.aarch64.pc = 0x1000n;
  engine.aarch64.setX(1, 0x8000n);
  engine.run(2);
  const between = engine.saveCpu();
  using cold = openBench("aarch64");
  cold.ram.set(bench.ram);
  for (const other of [cold, bench]) {
    other.engine.restoreCpu(between);
    other.engine.run(2);
    assertEquals(other.engine.aarch64.x(2), 0n, "the store succeeds");
    other.engine.aarch64.pc = 0x1008n;
    other.engine.run(1);
    assertEquals(other.engine.aarch64.x(2), 1n, "the monitor is open now");
  }
  assertNotEquals(bench.memory.getUint8(0x8000), 0);
});

Deno.test("Engine.restoreCpu AArch64, an image is of its model", () => {
  using small = Engine.open("aarch64");
  using max = Engine.open("aarch64", { model: "max" });
  assertThrows(() => max.restoreCpu(small.saveCpu()), EngineUsageError, "model");
});
