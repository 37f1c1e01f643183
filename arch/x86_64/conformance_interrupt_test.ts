/**
 * External interrupts on x86-64: when one is taken, what it pushes, and what holds it off (SDM vol.
 * 3, 6.8); SWAPGS.
 */
import { assert, assertEquals } from "@std/assert";
import type { BareMachine, Mode, Registers } from "../testing/harness.ts";
import {
  checkDelivery,
  comeBack,
  DATA,
  editGate,
  Flag,
  fpPattern,
  GateBit,
  makeMachine,
  MODES,
} from "./testing/conformance.ts";
import { FIRST_INTERRUPT_VECTOR, Vector } from "./exceptions.ts";

const RFLAGS_ON = Flag.ONE | Flag.IF;

function startLoop(machine: BareMachine, mode: Mode): void {
  machine.loadFp(fpPattern());
  machine.start({ mode, pc: machine.label(mode, "loop"), registers: { rflags: RFLAGS_ON } });
  machine.runTo(machine.label(mode, "loop"));
}

interface End {
  readonly registers: Registers;
  readonly fp: Uint8Array;
}

function finishLoop(machine: BareMachine): End {
  const trap = machine.runToTrap();
  assertEquals(trap.entry?.vector, Vector.BP);
  return { registers: trap.entry?.registers ?? {}, fp: machine.saveFp() };
}

for (const mode of MODES) {
  Deno.test(`x86-64 interrupt at every instruction of a loop in ${mode} mode, nothing is lost`, () => {
    using machine = makeMachine();
    startLoop(machine, mode);
    const begin = machine.cpu.instructions;
    const end = machine.label(mode, "loop_end");
    machine.runTo(end);
    const count = machine.cpu.instructions - begin;
    const reference = finishLoop(machine);
    assertEquals(count, 2 + 3 * 19);
    const seen = new Set<bigint>();
    for (let after = 0; after < count; after++) {
      startLoop(machine, mode);
      if (after > 0) assertEquals(machine.cpu.run(after).kind, "budget");
      const line = after % 32;
      const before = machine.registers();
      const pc = machine.cpu.pc;
      seen.add(pc);
      machine.cpu.raiseInterrupt(line);
      const trap = machine.runToTrap();
      assert(!machine.cpu.interruptPending);
      const vector = FIRST_INTERRUPT_VECTOR + line;
      checkDelivery(machine, { before, trap }, { vector, kind: "trap", pc, mode });
      assertEquals(trap.frame.cause(), { kind: "interrupt", line });
      comeBack(machine, trap, { before, pc });
      assertEquals(finishLoop(machine), reference, `after ${after} instructions`);
    }
    assertEquals(seen.size, 2 + 19, "every instruction of the loop was interrupted");
  });

  Deno.test(`x86-64 interrupt in a repeated store in ${mode} mode, it goes on where it was`, () => {
    using machine = makeMachine();
    const physical = machine.mapUser(DATA, { write: true, execute: false });
    // The engine finds out that RCX is 0 in a step of its own: for a seventh one, RIP is still at
    // the instruction.
    for (let done = 0; done <= 7; done++) {
      const stored = Math.min(done, 6);
      machine.memory.slice(physical, 16).fill(0);
      machine.start({
        mode,
        pc: machine.label(mode, "string_store"),
        registers: { rflags: RFLAGS_ON, rdi: DATA, rcx: 6n, rax: 0xabn },
      });
      const at = machine.label(mode, "string_store_at");
      machine.runTo(at);
      if (done > 0) machine.cpu.run(done);
      machine.cpu.raiseInterrupt(1);
      const trap = machine.runToTrap();
      const next = machine.label(mode, "string_store_next");
      assertEquals(trap.frame.pc, done === 7 ? next : at);
      assertEquals(trap.frame.register("rcx"), BigInt(6 - stored));
      assertEquals(trap.frame.register("rdi"), DATA + BigInt(stored));
      machine.answerExit(trap.frame);
      assertEquals(machine.runToTrap().frame.register("rcx"), 0n);
      const bytes = [...machine.memory.slice(physical, 8)];
      assertEquals(bytes, [0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0, 0]);
    }
  });

  Deno.test(`x86-64 interrupt with IF clear in ${mode} mode, stays pending`, () => {
    using machine = makeMachine();
    const pc = machine.label(mode, "loop");
    machine.start({ mode, pc, registers: { rflags: Flag.ONE } });
    machine.cpu.raiseInterrupt(3);
    const trap = machine.runToTrap();
    assertEquals(trap.delivered.map((entry) => entry.vector), [Vector.BP]);
    assert(machine.cpu.interruptPending);
    trap.frame.setRegister("rflags", RFLAGS_ON);
    trap.frame.pc = pc;
    machine.answerExit(trap.frame);
    const next = machine.runToTrap();
    assertEquals(next.entry?.vector, FIRST_INTERRUPT_VECTOR + 3);
    assertEquals(next.frame.pc, pc, "taken before the first instruction that has IF set");
  });

  Deno.test(`x86-64 interrupts of two lines in ${mode} mode, the lower first`, () => {
    using machine = makeMachine();
    startLoop(machine, mode);
    const before = machine.registers();
    const pc = machine.cpu.pc;
    machine.cpu.raiseInterrupt(9);
    machine.cpu.raiseInterrupt(2);
    for (const line of [2, 9]) {
      const trap = machine.runToTrap();
      const vector = FIRST_INTERRUPT_VECTOR + line;
      checkDelivery(machine, { before, trap }, { vector, kind: "trap", pc, mode });
      machine.answerExit(trap.frame);
    }
    assertEquals(machine.runToTrap().entry?.vector, Vector.BP);
  });

  Deno.test(`x86-64 MOV SS in ${mode} mode, holds an interrupt off for one instruction`, () => {
    using machine = makeMachine();
    const rsi = mode === "user" ? 0x23n : 0x10n;
    const pc = machine.label(mode, "shadow_ss");
    machine.start({ mode, pc, registers: { rflags: RFLAGS_ON, rsi } });
    machine.runTo(machine.label(mode, "shadow_ss_inside"));
    assert(!machine.cpu.interruptsEnabled);
    machine.cpu.raiseInterrupt(0);
    const trap = machine.runToTrap();
    assertEquals(trap.entry?.vector, FIRST_INTERRUPT_VECTOR);
    assertEquals(trap.frame.pc, machine.label(mode, "shadow_ss_after"));
  });
}

/**
 * Kernel code that unmasks interrupts while one is pending: label, and where it is taken (`null`:
 * nowhere).
 */
const SHADOWS: readonly [string, string | null][] = [
  ["shadow_sti", "shadow_sti_after"],
  ["shadow_sti_sti", "shadow_sti_sti_after"],
  ["shadow_sti_cli", null],
  ["shadow_popf", "shadow_popf_after"],
];

for (const [label, where] of SHADOWS) {
  const taken = where === null ? "not taken" : `taken at ${where}`;
  Deno.test(`x86-64 ${label} with an interrupt pending, ${taken}`, () => {
    for (const stepped of [false, true]) {
      using machine = makeMachine();
      machine.start({ mode: "kernel", pc: machine.kernelLabel(label) });
      if (stepped) machine.runTo(machine.kernelLabel(label));
      machine.cpu.raiseInterrupt(5);
      if (where !== null && stepped) machine.runTo(machine.kernelLabel(where));
      const trap = machine.runToTrap();
      if (where === null) {
        assertEquals(trap.entry?.vector, Vector.BP);
        assert(machine.cpu.interruptPending);
        continue;
      }
      assertEquals(trap.entry?.vector, FIRST_INTERRUPT_VECTOR + 5);
      assertEquals(trap.frame.pc, machine.kernelLabel(where));
      assertEquals(trap.frame.register("rflags") & Flag.IF, Flag.IF);
      machine.answerExit(trap.frame);
      assertEquals(machine.runToTrap().entry?.vector, Vector.BP);
    }
  });
}

Deno.test("x86-64 fault in the shadow of STI, the shadow does not outlive it", () => {
  using machine = makeMachine();
  machine.start({
    mode: "kernel",
    pc: machine.kernelLabel("shadow_fault"),
    registers: { rdi: DATA },
  });
  machine.cpu.raiseInterrupt(4);
  const fault = machine.runToTrap();
  const inside = machine.kernelLabel("shadow_fault_inside");
  assertEquals(fault.entry?.vector, Vector.PF);
  assertEquals(fault.frame.pc, inside);
  machine.mapKernel(DATA, { write: false, execute: false });
  machine.answerExit(fault.frame);
  const interrupt = machine.runToTrap();
  assertEquals(interrupt.entry?.vector, FIRST_INTERRUPT_VECTOR + 4);
  assertEquals(interrupt.frame.pc, inside, "IRETQ makes no shadow");
  machine.answerExit(interrupt.frame);
  assertEquals(machine.runToTrap().entry?.vector, Vector.BP);
});

Deno.test("x86-64 fault in the shadow of STI through a trap gate, the interrupt comes first of all", () => {
  using machine = makeMachine();
  editGate(machine, Vector.PF, (gate) => gate | GateBit.TRAP);
  const pc = machine.kernelLabel("shadow_fault");
  machine.start({ mode: "kernel", pc, registers: { rdi: DATA } });
  machine.cpu.raiseInterrupt(4);
  const { delivered } = machine.runToTrap();
  const vectors = delivered.map((entry) => entry.vector);
  assertEquals(vectors, [Vector.PF, FIRST_INTERRUPT_VECTOR + 4]);
  assertEquals(delivered[1]?.pc, delivered[0]?.registers.rip, "before the handler's first step");
});

Deno.test("x86-64 SWAPGS, exchanges the two bases", () => {
  using machine = makeMachine();
  const { cpu } = machine;
  const inner = cpu.register("gs_base");
  cpu.setRegister("kernel_gs_base", 0x1234_5678_9000n);
  machine.start({ mode: "kernel", pc: machine.kernelLabel("swap") });
  machine.runTo(machine.kernelLabel("swap_middle"));
  assertEquals(cpu.register("gs_base"), 0x1234_5678_9000n);
  assertEquals(cpu.register("kernel_gs_base"), inner);
  machine.runTo(machine.kernelLabel("swap_end"));
  assertEquals(cpu.register("gs_base"), inner);
  assertEquals(cpu.register("kernel_gs_base"), 0x1234_5678_9000n);
});

Deno.test("x86-64 GS base over a trap from user mode, delivery leaves it to the stubs", () => {
  using machine = makeMachine();
  const { cpu } = machine;
  const inner = cpu.register("gs_base");
  const outer = 0x1234_5678_9000n;
  cpu.setRegister("kernel_gs_base", outer);
  cpu.setRegister("fs_base", 0x4321_0000n);
  machine.start({ mode: "user", pc: machine.userLabel("divide") });
  const trap = machine.runToTrap();
  assertEquals(trap.entry?.registers.gs_base, outer, "at the vector");
  assertEquals(cpu.register("gs_base"), inner, "in the kernel");
  assertEquals(cpu.register("kernel_gs_base"), outer);
  machine.leave(trap, { pc: machine.userLabel("divide_next") });
  assertEquals(cpu.register("gs_base"), outer, "back in user mode");
  assertEquals(cpu.register("fs_base"), 0x4321_0000n);
});
