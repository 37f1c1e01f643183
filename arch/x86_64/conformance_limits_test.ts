/**
 * What an x86-64 CPU does and this one cannot, because the engine has no means for it. Each test
 * shows what happens instead, so that a change of the engine is noticed. The list:
 *
 * - #XM: unmasked SIMD floating-point exceptions are not raised.
 * - #AC: alignment checking (CR0.AM with RFLAGS.AC) does nothing.
 * - #GP for misaligned operands of SSE instructions that need alignment is not raised.
 * - AVX instructions without XSAVE enabled are executed as their SSE forms instead of being #UD.
 * - Jumps, calls and returns to non-canonical addresses are #GP at the target and not at the
 *   instruction.
 * - Breakpoint registers stop at instructions only, not at data.
 * - `rep` takes one step more than there are repetitions, in which an interrupt finds RCX 0 and RIP
 *   still at it.
 * - An instruction that cannot be fetched faults together with the jump to it: an interrupt that
 *   comes between them is taken later.
 * - A refused `int n` with prefixes restarts behind the prefixes.
 * - Accessed and dirty bits are not set by the CPU's own accesses while it delivers an event.
 * - Reserved bits of CR3 are ignored, CR8 keeps nothing, LGDT and LIDT take any base, and SS any
 *   null selector at CPL 0.
 * - NMI and machine checks cannot be raised; their gates work.
 */
import { assertEquals } from "@std/assert";
import type { BareMachine, Mode, Trap } from "../testing/harness.ts";
import { DATA, Flag, makeMachine, MODES, NON_CANONICAL } from "./testing/conformance.ts";
import { hex } from "../physical_memory.ts";
import { FIRST_INTERRUPT_VECTOR, Vector } from "./exceptions.ts";

const MXCSR_ZERO_DIVIDE = 0x1d80n;
const CR0_AM = 1n << 18n;

/** Runs a case to its first trap; DATA is mapped. */
function first(
  machine: BareMachine,
  options: { mode: Mode; label: string; registers?: Record<string, bigint>; word?: bigint },
): Trap {
  const { mode, label, registers = {}, word = 0n } = options;
  machine.memory.writeU64(machine.mapUser(DATA, { write: true, execute: false }), word);
  machine.start({ mode, pc: machine.label(mode, label), registers: { rdi: DATA, ...registers } });
  return machine.runToTrap();
}

/** Checks that an instruction was executed and the breakpoint behind it is what traps. */
function assertExecuted(
  machine: BareMachine,
  trap: Trap,
  options: { mode: Mode; label: string },
): void {
  const { mode, label } = options;
  assertEquals(trap.delivered.map((entry) => entry.vector), [Vector.BP]);
  assertEquals(hex(trap.frame.pc), hex(machine.label(mode, `${label}_next`) + 1n));
}

for (const mode of MODES) {
  Deno.test(`x86-64 limit in ${mode} mode, unmasked SIMD exceptions are not raised`, () => {
    using machine = makeMachine();
    const label = "sse_error";
    assertExecuted(machine, first(machine, { mode, label, word: MXCSR_ZERO_DIVIDE }), {
      mode,
      label,
    });
  });

  Deno.test(`x86-64 limit in ${mode} mode, alignment checks do nothing`, () => {
    using machine = makeMachine();
    machine.cpu.setRegister("cr0", machine.cpu.register("cr0") | CR0_AM);
    const label = "limit_alignment";
    const trap = first(machine, { mode, label, registers: { rdi: DATA + 1n } });
    assertExecuted(machine, trap, { mode, label });
  });

  Deno.test(`x86-64 limit in ${mode} mode, misaligned operands of SSE instructions are taken`, () => {
    using machine = makeMachine();
    const label = "load_aligned";
    const trap = first(machine, { mode, label, registers: { rdi: DATA + 1n } });
    assertExecuted(machine, trap, { mode, label });
  });

  Deno.test(`x86-64 limit in ${mode} mode, a jump to a non-canonical address faults there`, () => {
    using machine = makeMachine();
    const registers = { rdi: NON_CANONICAL };
    const trap = first(machine, { mode, label: "limit_jump", registers });
    assertEquals(trap.delivered.map(({ vector, code }) => [vector, code]), [[Vector.GP, 0n]]);
    assertEquals(hex(trap.frame.pc), hex(NON_CANONICAL));
  });

  Deno.test(`x86-64 limit in ${mode} mode, IRETQ to a non-canonical address faults there`, () => {
    using machine = makeMachine();
    const [rsi, rdx] = mode === "user" ? [0x2bn, 0x23n] : [0x08n, 0x10n];
    const r8 = mode === "user" ? machine.userStackTop - 64n : machine.stackTop - 0x1000n;
    const registers = { rdi: NON_CANONICAL, rsi, rdx, r8 };
    const trap = first(machine, { mode, label: "iret", registers });
    assertEquals(trap.entry?.vector, Vector.GP);
    assertEquals(hex(trap.frame.pc), hex(NON_CANONICAL));
  });

  Deno.test(`x86-64 limit in ${mode} mode, AVX is executed with XSAVE off`, () => {
    using machine = makeMachine();
    assertEquals(machine.cpu.register("cr4") & (1n << 18n), 0n, "CR4.OSXSAVE");
    const trap = first(machine, { mode, label: "limit_avx" });
    assertEquals(trap.delivered.map((entry) => entry.vector), [Vector.BP]);
  });

  Deno.test(`x86-64 limit in ${mode} mode, an interrupt between a jump and its fetch fault comes later`, () => {
    using machine = makeMachine();
    const registers = { rdi: DATA + 0x1000n, rflags: Flag.ONE | Flag.IF };
    machine.start({ mode, pc: machine.label(mode, "fetch"), registers });
    machine.runTo(machine.label(mode, "fetch_at"));
    const entered: number[] = [];
    machine.cpu.onException(({ vector }) => {
      entered.push(vector);
      if (vector === Vector.PF) machine.cpu.raiseInterrupt(0);
    });
    assertEquals(machine.cpu.run(1).kind, "budget");
    assertEquals(entered, [Vector.PF], "one step makes the jump and the fault");
  });
}

Deno.test("x86-64 limit, a refused int with prefixes restarts behind them", () => {
  using machine = makeMachine();
  const trap = first(machine, { mode: "user", label: "limit_prefix" });
  assertEquals(trap.entry?.vector, Vector.GP);
  assertEquals(trap.entry?.code, 0x80n * 8n + 2n);
  assertEquals(trap.frame.pc, machine.userLabel("limit_prefix_at") + 1n);
});

Deno.test("x86-64 limit, pushing an interrupt frame does not make its page dirty", () => {
  using machine = makeMachine();
  machine.start({ mode: "kernel", pc: machine.kernelLabel("loop"), registers: { rflags: 0x202n } });
  machine.runTo(machine.kernelLabel("loop"));
  const page = machine.kernelPage(3);
  machine.mapKernel(page, { write: true, execute: false });
  machine.cpu.setRegister("rsp", page + 0x800n);
  machine.cpu.raiseInterrupt(0);
  let entry = 0n;
  machine.cpu.onException(({ vector }) => {
    assertEquals(vector, FIRST_INTERRUPT_VECTOR);
    const walk = machine.space.tables.walk(machine.space.root, page);
    entry = machine.memory.readU64(walk.entry);
  });
  machine.cpu.run(1);
  assertEquals(entry & 0x61n, 0x01n, "present, neither accessed nor dirty");
});

Deno.test("x86-64 limit, CR3 takes reserved bits", () => {
  using machine = makeMachine();
  const rax = machine.space.root | 1n << 60n;
  const trap = kernelBytes(machine, [0x0f, 0x22, 0xd8], rax); // mov %rax, %cr3
  assertEquals(trap.entry?.vector, Vector.BP);
});

Deno.test("x86-64 limit, SS takes a null selector with another privilege at CPL 0", () => {
  using machine = makeMachine();
  const trap = kernelBytes(machine, [0x8e, 0xd0], 3n); // mov %eax, %ss
  assertEquals(trap.entry?.vector, Vector.BP);
});

Deno.test("x86-64 limit, CR8 keeps nothing", () => {
  using machine = makeMachine();
  // mov %rax, %cr8; mov %cr8, %rax
  const trap = kernelBytes(machine, [0x44, 0x0f, 0x22, 0xc0, 0x44, 0x0f, 0x20, 0xc0], 5n);
  assertEquals(trap.entry?.vector, Vector.BP);
  assertEquals(trap.frame.register("rax"), 0n);
});

Deno.test("x86-64 limit, LGDT and LIDT take a base that is not canonical", () => {
  for (const [modrm, name] of [[0x14, "gdtr_base"], [0x1c, "idtr_base"]] as const) {
    using machine = makeMachine();
    // push %rax; push $-1; lgdt 6(%rsp)
    const code = [0x50, 0x6a, 0xff, 0x0f, 0x01, modrm | 0x40, 0x24, 0x06];
    const page = machine.kernelPage(0);
    const frame = machine.mapKernel(page, { write: false, execute: true });
    machine.memory.slice(frame, code.length + 1).set([...code, 0xcc]);
    machine.start({ mode: "kernel", pc: page, registers: { rax: NON_CANONICAL } });
    machine.runTo(page + BigInt(code.length));
    assertEquals(machine.cpu.register(name), NON_CANONICAL);
  }
});

/** Runs code in kernel mode, with a breakpoint behind it, to its first trap. */
function kernelBytes(machine: BareMachine, code: readonly number[], rax: bigint): Trap {
  const page = machine.kernelPage(0);
  const frame = machine.mapKernel(page, { write: false, execute: true });
  machine.memory.slice(frame, code.length + 1).set([...code, 0xcc]);
  machine.start({ mode: "kernel", pc: page, registers: { rax } });
  return machine.runToTrap();
}
