/**
 * Breakpoints of data and ports on x86-64 (SDM vol. 3, 17.2.4 and 17.3.1.2), set by kernel code
 * with MOV to DR: exact bytes, both kinds, from both privileges.
 */
import { assert, assertEquals } from "@std/assert";
import type { BareMachine, Mode } from "../testing/harness.ts";
import { Vector } from "./exceptions.ts";
import { DATA, Flag, makeMachine, MODES } from "./testing/conformance.ts";

const TEXT = 0x60_0000n;
const BP = 0xcc;
const WRITE = 1;
const ACCESS = 3;
const PORT = 2;
/** DR7.LEN by bytes. */
const LENGTH: Readonly<Record<number, number>> = { 1: 0, 2: 1, 4: 3, 8: 2 };
const CR4_DE = 8n;

/** DR7 of one breakpoint, enabled locally. */
function dr7(index: number, kind: number, size: number): bigint {
  return BigInt(
    1 << (2 * index) | kind << (16 + 4 * index) | (LENGTH[size] ?? 0) << (18 + 4 * index),
  ) |
    0x400n;
}

/** A machine with code in a page of its own for both modes, and two pages of data. */
class DebugMachine {
  readonly machine: BareMachine = makeMachine();
  readonly #mode: Mode;
  readonly #text: bigint;
  readonly #frame: bigint;

  constructor(mode: Mode) {
    const { machine } = this;
    this.#mode = mode;
    this.#frame = machine.mapUser(TEXT, { write: false, execute: true });
    this.#text = mode === "user" ? TEXT : machine.kernelPage(9);
    if (mode === "kernel") {
      machine.mapKernel(this.#text, { write: false, execute: true }, this.#frame);
    }
    for (const page of [DATA, DATA + 0x1000n]) {
      machine.mapUser(page, { write: true, execute: false });
    }
  }

  [Symbol.dispose](): void {
    this.machine[Symbol.dispose]();
  }

  /** Sets DR0 to DR3 and, by kernel code, DR7. */
  arm(control: bigint, addresses: readonly bigint[]): void {
    const { machine } = this;
    addresses.forEach((address, index) => machine.cpu.setRegister(`dr${index}`, address));
    machine.cpu.setRegister("dr6", 0xffff_0ff0n);
    const registers = { rax: control };
    machine.start({ mode: "kernel", pc: machine.kernelLabel("gp_mov_to_dr7"), registers });
    assertEquals(machine.runToTrap().entry?.vector, Vector.BP);
  }

  /** Runs code to its first trap: vector, offset of the saved RIP, and DR6. */
  run(
    code: readonly number[],
    registers: Record<string, bigint>,
  ): { vector: number; at: number; dr6: bigint; frame: (name: string) => bigint } {
    const { machine } = this;
    const text = machine.memory.slice(this.#frame, 4096);
    text.fill(BP);
    text.set(code);
    machine.cpu.flushCode(this.#frame, 4096);
    machine.start({ mode: this.#mode, pc: this.#text, registers: { rflags: 2n, ...registers } });
    return this.next();
  }

  /** Goes on to the next trap. */
  next(): { vector: number; at: number; dr6: bigint; frame: (name: string) => bigint } {
    const trap = this.machine.runToTrap();
    const { entry, frame } = trap;
    assert(entry !== undefined);
    return {
      vector: entry.vector,
      at: Number(frame.pc - this.#text),
      dr6: (entry.registers.dr6 ?? 0n) & 0xe00fn,
      frame: (name) => frame.register(name),
    };
  }

  /** Goes on behind a trap. */
  resume(): ReturnType<DebugMachine["next"]> {
    const address = this.machine.thread + this.machine.arch.image.symbol("TH_FRAME");
    const { arch, space, cpu } = this.machine;
    this.machine.answerExit(arch.trapFrame(space, address, { cpu }));
    return this.next();
  }
}

/** `mov` between RAX and memory at RDI, by bytes: stores and loads. */
const STORES: Readonly<Record<number, readonly number[]>> = {
  1: [0x88, 0x07],
  2: [0x66, 0x89, 0x07],
  4: [0x89, 0x07],
  8: [0x48, 0x89, 0x07],
};
const LOADS: Readonly<Record<number, readonly number[]>> = {
  1: [0x8a, 0x07],
  2: [0x66, 0x8b, 0x07],
  4: [0x8b, 0x07],
  8: [0x48, 0x8b, 0x07],
};
const SIZES = [1, 2, 4, 8];

for (const mode of MODES) {
  Deno.test(`x86-64 data breakpoint in ${mode} mode, its bytes and no others, of each kind`, () => {
    using debug = new DebugMachine(mode);
    const base = DATA + 0xff8n; // its last bytes are followed by another page
    for (const length of SIZES) {
      for (const kind of [WRITE, ACCESS]) {
        debug.arm(dr7(2, kind, length), [0n, 0n, base + 3n]);
        const first = (base + 3n) & ~BigInt(length - 1);
        for (const size of SIZES) {
          for (const code of [STORES[size], LOADS[size]]) {
            assert(code !== undefined);
            for (let offset = -9n; offset < 17n; offset++) {
              const rdi = base + offset;
              const touches = rdi < first + BigInt(length) && rdi + BigInt(size) > first;
              const hit = touches && (code === STORES[size] || kind === ACCESS);
              const { vector, at, dr6, frame } = debug.run(code, { rdi, rax: 0n });
              const where = `${length} ${kind} ${size} ${offset}`;
              assertEquals([vector, dr6], [hit ? Vector.DB : Vector.BP, hit ? 4n : dr6], where);
              assertEquals(at, code.length + (hit ? 0 : 1), "behind the instruction");
              assertEquals(frame("rflags") & Flag.RF, 0n, "a trap pushes no RF");
              if (hit) debug.machine.cpu.setRegister("dr6", 0xffff_0ff0n);
            }
          }
        }
      }
    }
  });

  Deno.test(`x86-64 data breakpoint in ${mode} mode, the instruction is complete`, () => {
    using debug = new DebugMachine(mode);
    debug.arm(dr7(0, ACCESS, 8), [DATA]);
    // xchg %rax, (%rdi)
    const { vector, frame } = debug.run([0x48, 0x87, 0x07], { rdi: DATA, rax: 0x1234n });
    assertEquals([vector, frame("rax")], [Vector.DB, 0n]);
    const physical = debug.machine.cpu.translate(DATA) ?? 0n;
    assertEquals(debug.machine.memory.readU64(physical), 0x1234n);
  });

  Deno.test(`x86-64 data breakpoint in ${mode} mode, together with a single step, one #DB`, () => {
    using debug = new DebugMachine(mode);
    debug.arm(dr7(1, WRITE, 8), [0n, DATA]);
    const registers = { rdi: DATA, rflags: 0x102n };
    // mov %rax, (%rdi); nop
    const { vector, at, dr6 } = debug.run([...STORES[8] ?? [], 0x90], registers);
    assertEquals([vector, at, dr6], [Vector.DB, 3, 0x4002n]);
  });

  Deno.test(`x86-64 data breakpoint in ${mode} mode, each repetition of a string store`, () => {
    using debug = new DebugMachine(mode);
    debug.arm(dr7(3, WRITE, 2), [0n, 0n, 0n, DATA + 4n]);
    // rep stosb
    const first = debug.run([0xf3, 0xaa], { rdi: DATA, rcx: 8n });
    assertEquals([first.vector, first.at, first.dr6], [Vector.DB, 0, 8n]);
    assertEquals([first.frame("rcx"), first.frame("rdi")], [3n, DATA + 5n]);
    if (mode === "kernel") return;
    const second = debug.resume();
    assertEquals([second.vector, second.frame("rcx")], [Vector.DB, 2n]);
    const third = debug.resume();
    assertEquals([third.vector, third.at, third.frame("rcx")], [Vector.BP, 3, 0n]);
  });

  Deno.test(`x86-64 data breakpoint in ${mode} mode, behind a load of SS it waits an instruction`, () => {
    using debug = new DebugMachine(mode);
    const selector = mode === "user" ? 0x23n : 0x10n;
    const physical = debug.machine.cpu.translate(DATA) ?? 0n;
    debug.machine.memory.writeU64(physical, selector);
    debug.arm(dr7(0, ACCESS, 2), [DATA]);
    // mov (%rdi), %ss; inc %rax; inc %rax
    const code = [0x8e, 0x17, 0x48, 0xff, 0xc0, 0x48, 0xff, 0xc0];
    const { vector, at, dr6, frame } = debug.run(code, { rdi: DATA, rax: 5n });
    assertEquals([vector, at, dr6, frame("rax")], [Vector.DB, 5, 1n, 6n]);
  });

  Deno.test(`x86-64 data breakpoint in ${mode} mode, fetches and faults do not count`, () => {
    using debug = new DebugMachine(mode);
    const text = mode === "user" ? TEXT : debug.machine.kernelPage(9);
    debug.arm(dr7(0, ACCESS, 8) | dr7(1, ACCESS, 8), [text, DATA + 0x2000n]);
    assertEquals(debug.run([0x90, 0x90], {}).vector, Vector.BP, "fetched only");
    // push (%rdi), of absent memory
    const { vector, at } = debug.run([0xff, 0x37], { rdi: DATA + 0x2000n });
    assertEquals([vector, at], [Vector.PF, 0]);
  });

  Deno.test(`x86-64 data breakpoint in ${mode} mode, is the processor's in a saved state`, () => {
    using debug = new DebugMachine(mode);
    debug.arm(dr7(0, WRITE, 1), [DATA]);
    const saved = debug.machine.cpu.save();
    debug.arm(0x400n, [DATA]);
    assertEquals(debug.run(STORES[1] ?? [], { rdi: DATA }).vector, Vector.BP);
    debug.machine.cpu.restore(saved);
    assertEquals(debug.run(STORES[1] ?? [], { rdi: DATA }).vector, Vector.DB);
  });

  Deno.test(`x86-64 data breakpoint in ${mode} mode, a watch of the host hits as well`, () => {
    using debug = new DebugMachine(mode);
    debug.arm(dr7(0, WRITE, 1), [DATA]);
    const { cpu } = debug.machine;
    using _watch = cpu.addWatch({ address: DATA, size: 4, reads: false, writes: true });
    debug.machine.start({
      mode,
      pc: debug.machine.label(mode, "debug_write"),
      registers: { rdi: DATA },
    });
    const exit = debug.machine.run();
    assert(exit.kind === "watch");
    assertEquals(exit.hits.length, 1);
    assertEquals(debug.machine.delivered.map(({ vector }) => vector), [Vector.DB]);
    assertEquals(debug.machine.runToTrap().delivered.length, 0, "it is on its way already");
  });
}

Deno.test("x86-64 data breakpoint, set and cleared by kernel code in one run", () => {
  using debug = new DebugMachine("kernel");
  const code = [
    ...[0x0f, 0x23, 0xcf], // mov %rdi, %dr1
    ...[0x48, 0x89, 0x07], // mov %rax, (%rdi)
    ...[0x0f, 0x23, 0xf8], // mov %rax, %dr7
    ...[0x48, 0x89, 0x4f, 0xf8], // mov %rcx, -8(%rdi)
    ...[0x48, 0x89, 0x0f], // mov %rcx, (%rdi)
  ];
  const { vector, at, dr6 } = debug.run(code, { rdi: DATA + 8n, rax: dr7(1, WRITE, 4) });
  assertEquals([vector, at, dr6], [Vector.DB, code.length, 2n]);
  debug.arm(0x400n, []);
  assertEquals(debug.run(STORES[8] ?? [], { rdi: DATA + 8n }).vector, Vector.BP);
});

Deno.test("x86-64 port breakpoint, with CR4.DE only, of each size", () => {
  using debug = new DebugMachine("kernel");
  const { cpu } = debug.machine;
  const cr4 = cpu.register("cr4");
  // out %al, %dx; in %dx, %eax; out %ax, $0x42
  const codes: [number[], number, number][] = [
    [[0xee], 0x40, 1],
    [[0xed], 0x3e, 4],
    [[0x66, 0xe7, 0x42], 0x42, 2],
  ];
  for (const enabled of [true, false]) {
    cpu.setRegister("cr4", enabled ? cr4 | CR4_DE : cr4 & ~CR4_DE);
    for (const [code, port, size] of codes) {
      for (const first of [0x3c, 0x40, 0x42, 0x44]) {
        debug.arm(dr7(0, PORT, 2), [BigInt(first)]);
        const { vector, at, dr6 } = debug.run(code, { rdx: BigInt(port) });
        const hit = enabled && port < first + 2 && port + size > first;
        assertEquals(vector, hit ? Vector.DB : Vector.BP, `${port} ${first} ${enabled}`);
        assertEquals([at, dr6 & 0xfn], hit ? [code.length, 1n] : [code.length + 1, 0n]);
      }
    }
  }
});

Deno.test("x86-64 limit, no data breakpoint on what an exception entry pushes: the host pushes it", () => {
  using debug = new DebugMachine("kernel");
  const { machine } = debug;
  const sp = machine.stackTop - 0x2000n;
  debug.arm(dr7(0, WRITE, 8), [sp - 8n]);
  machine.start({ mode: "kernel", pc: machine.kernelLabel("breakpoint"), sp });
  assertEquals(machine.runToTrap().delivered.map(({ vector }) => vector), [Vector.BP]);
});

Deno.test("x86-64 limit, another mapping of watched memory counts where operands are not decoded", () => {
  using debug = new DebugMachine("user");
  const { machine } = debug;
  const other = DATA + 0x8000n;
  const physical = machine.cpu.translate(DATA) ?? 0n;
  machine.mapUser(other, { write: true, execute: false }, physical);
  debug.arm(dr7(0, WRITE, 8), [DATA]);
  // movups %xmm0, (%rdi), which is decoded, and vmovups %xmm0, (%rdi)
  assertEquals(debug.run([0x0f, 0x11, 0x07], { rdi: other }).vector, Vector.BP);
  assertEquals(debug.run([0xc5, 0xf8, 0x11, 0x07], { rdi: other }).vector, Vector.DB);
});
