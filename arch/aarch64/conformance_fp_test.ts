import { assertEquals } from "@std/assert";
import type { BareMachine } from "../testing/harness.ts";
import {
  type Case,
  distinctFp,
  EL0,
  KERNEL,
  makeMachine,
  syndrome,
  testCases,
} from "./testing/conformance.ts";

/** CPACR_EL1.FPEN traps EL0; ISS: COND is 0b1110, CV set. */
const FP_ACCESS = syndrome(0x07, 0x1e0_0000);
const BREAKPOINT = 0xf200_0000n;
const SCRATCH = 0x7f_e000n;

/** Every class of instruction that uses the unit: label, and whether it is one of memory at x1. */
const INSTRUCTIONS = {
  fp_move: "fmov",
  fp_convert: "scvtf",
  simd_add: "add of vectors",
  fp_load_q: "ldr of a q register",
  fp_store_pair: "stp of d registers",
  store_vector: "str of a q register",
  read_fpcr: "mrs of fpcr",
  write_fpcr: "msr of fpcr",
  read_fpsr: "mrs of fpsr",
  write_fpsr: "msr of fpsr",
  fp_after_write: "fmov after a write of tpidr_el0 and a loop",
};

testCases(
  Object.entries(INSTRUCTIONS).map(([label, name]): Case => ({
    label,
    name: `${name} with floating point off`,
    origins: [EL0],
    esr: FP_ACCESS,
    userFp: false,
    registers: () => ({ x1: SCRATCH }),
    prepare: (machine) => machine.cpu.setRegister("tpidr_el0", 0n),
  })),
);

/** Starts a case at EL0. */
function start(machine: BareMachine, label: string): void {
  machine.start({
    mode: "user",
    pc: machine.userLabel(label),
    registers: { pstate: 0n, x1: SCRATCH, x2: 2n },
  });
}

for (const [label, name] of Object.entries(INSTRUCTIONS)) {
  Deno.test(`AArch64 floating point, ${name} goes through where it is allowed`, () => {
    using machine = makeMachine();
    machine.cpu.userFp = true;
    start(machine, label);
    assertEquals(machine.runToTrap().entry?.code, BREAKPOINT, "EL0, switched on");
    for (const origin of KERNEL) {
      using machine = makeMachine();
      machine.start({
        mode: "kernel",
        pc: machine.kernelLabel(label),
        registers: { pstate: origin.pstate, x1: machine.userStackTop - 0x100n, x5: 0n },
      });
      assertEquals(machine.runToTrap().entry?.code, BREAKPOINT, `${origin.name}, switched off`);
    }
  });
}

Deno.test("AArch64 floating point, the trapped instruction has its effect when it is retried", () => {
  using machine = makeMachine();
  const state = distinctFp(machine.fpSize);
  machine.loadFp(state);
  start(machine, "fp_move");
  const trap = machine.runToTrap();
  assertEquals(trap.frame.cause(), { kind: "fp-disabled" });
  assertEquals(machine.saveFp(), state, "not yet");
  machine.cpu.userFp = true;
  machine.answerExit(trap.frame);
  assertEquals(machine.runToTrap().entry?.code, BREAKPOINT);
  const expected = state.slice();
  expected.set(state.subarray(16, 24)); // fmov d0, d1
  expected.fill(0, 8, 16);
  assertEquals(machine.saveFp(), expected);
});

Deno.test("AArch64 floating point, switched on and off in any order, with code translated before", () => {
  using machine = makeMachine();
  for (const allowed of [true, false, true, true, false, false, true]) {
    machine.cpu.userFp = allowed;
    assertEquals(machine.cpu.userFp, allowed);
    start(machine, "fp_turns");
    const { entry } = machine.runToTrap();
    assertEquals(entry?.code, allowed ? BREAKPOINT : BigInt(FP_ACCESS));
    assertEquals(entry?.pc, machine.userLabel(allowed ? "fp_turns_end" : "fp_turns"));
  }
});

Deno.test("AArch64 floating point, switched off while EL0 is in the middle of using it", () => {
  using machine = makeMachine();
  machine.cpu.userFp = true;
  start(machine, "fp_turns");
  machine.runTo(machine.userLabel("fp_turns"));
  machine.cpu.run(7);
  const { pc } = machine.cpu;
  machine.cpu.userFp = false;
  const { entry } = machine.runToTrap();
  assertEquals([entry?.code, entry?.pc], [BigInt(FP_ACCESS), pc]);
});

Deno.test("AArch64 floating point, the trap survives exceptions and interrupts of other kinds", () => {
  using machine = makeMachine();
  start(machine, "svc_0");
  const call = machine.runToTrap();
  machine.leave(call, { pc: machine.userLabel("fp_after_write") });
  machine.cpu.raiseInterrupt(3);
  machine.leave(machine.runToTrap());
  const { entry } = machine.runToTrap();
  assertEquals([entry?.code, entry?.pc], [
    BigInt(FP_ACCESS),
    machine.userLabel("fp_after_write_at"),
  ]);
});

Deno.test("AArch64 floating point, trapping costs code of EL0 no instruction", () => {
  const clock = (userFp: boolean) => {
    using machine = makeMachine();
    machine.cpu.userFp = userFp;
    start(machine, "turns");
    machine.runTo(machine.userLabel("turns"));
    const before = machine.cpu.instructions;
    machine.runToTrap();
    return machine.cpu.instructions - before;
  };
  assertEquals(clock(false), clock(true));
});

Deno.test("AArch64 floating point, breakpoints at EL0's first instruction stop once", () => {
  for (const userFp of [true, false]) {
    using machine = makeMachine();
    machine.cpu.userFp = userFp;
    start(machine, "turns");
    const address = machine.userLabel("turns");
    using _breakpoint = machine.cpu.addBreakpoint(address);
    assertEquals(machine.run(), { kind: "stop" });
    assertEquals(machine.cpu.pc, address);
    const { entry } = machine.runToTrap();
    assertEquals(entry?.pc, machine.userLabel("turns_end"));
  }
});
