import { assert, assertEquals } from "@std/assert";
import type { BareMachine, Registers } from "../testing/harness.ts";
import {
  checkDelivery,
  distinctFp,
  EL0,
  EL1H,
  makeMachine,
  type Origin,
  ORIGINS,
  startOf,
} from "./testing/conformance.ts";

const SCRATCH = 0x7f_e000n;
const MASK_IRQ = 0x80n;
const LINE = 5;

/** Starts a piece of test code from an origin, with the scratch page in x1. */
function start(machine: BareMachine, origin: Origin, options: {
  label: string;
  registers?: Registers;
}): void {
  const { label, registers } = options;
  machine.loadFp(distinctFp(machine.fpSize));
  machine.cpu.setRegister("far_el1", 0x1234_5678n);
  machine.cpu.setRegister("esr_el1", 0x5600_0001n);
  machine.start({
    ...startOf(machine, origin),
    pc: machine.label(origin.mode, label),
    registers: { pstate: origin.pstate, x1: SCRATCH, x2: 3n, ...registers },
  });
  machine.runTo(machine.label(origin.mode, label));
}

/**
 * Registers before each instruction of a piece of code that runs undisturbed, and the state it ends
 * in.
 */
function reference(origin: Origin, options: { label: string; userFp: boolean }): {
  trace: Registers[];
  end: End;
} {
  using machine = makeMachine();
  machine.cpu.userFp = options.userFp;
  start(machine, origin, options);
  const trace: Registers[] = [];
  while (machine.cpu.pc !== machine.label(origin.mode, `${options.label}_end`)) {
    trace.push(machine.registers());
    assertEquals(machine.cpu.run(1), { kind: "budget" });
  }
  return { trace, end: endOf(machine) };
}

interface End {
  readonly registers: Registers;
  readonly memory: Uint8Array;
  readonly fp: Uint8Array;
}

/** Runs on to the closing breakpoint and reads everything the code has done. */
function endOf(machine: BareMachine): End {
  const { frame } = machine.runToTrap();
  const names = machine.arch.registerNames;
  const registers = Object.fromEntries(names.map((name) => [name, frame.register(name)]));
  const physical = machine.space.tables.walk(machine.root, SCRATCH);
  assert(physical.kind === "mapped");
  const memory = machine.memory.slice(physical.physical, 4096).slice();
  return { registers, memory, fp: machine.saveFp() };
}

/** Raises an interrupt that must be taken before the next instruction, and goes there and back. */
function interrupt(machine: BareMachine, origin: Origin, before: Registers): void {
  machine.cpu.raiseInterrupt(LINE);
  const trap = machine.runToTrap();
  checkDelivery(machine, {
    origin,
    before,
    trap,
    expected: { vector: origin.slot + 1, elr: before.pc ?? 0n, far: 0x1234_5678n },
  });
  assertEquals(trap.entry?.registers.esr_el1, 0x5600_0001n, "ESR_EL1 is left alone");
  assertEquals(trap.frame.cause(), { kind: "interrupt", line: LINE });
  machine.leave(trap);
  assertEquals(machine.registers(), before, "registers after the interrupt");
}

const LOOPS = [
  { label: "turns", userFp: false },
  { label: "turns", userFp: true },
  { label: "fp_turns", userFp: true },
] as const;

for (const origin of ORIGINS) {
  for (const loop of LOOPS) {
    if (origin !== EL0 && loop.label === "turns" && loop.userFp) continue;
    const name = `${loop.label} from ${origin.name}${loop.userFp ? ", floating point on" : ""}`;

    Deno.test(`AArch64 interrupt, one at each instruction of ${name}`, () => {
      const { trace, end } = reference(origin, loop);
      assert(trace.length > 30);
      trace.forEach((before, count) => {
        using machine = makeMachine();
        machine.cpu.userFp = loop.userFp;
        start(machine, origin, loop);
        const clock = machine.cpu.instructions;
        if (count > 0) assertEquals(machine.cpu.run(count), { kind: "budget" });
        assertEquals(machine.cpu.instructions - clock, count, "instruction clock");
        interrupt(machine, origin, before);
        assertEquals(endOf(machine), end, `after an interrupt at instruction ${count}`);
      });
    });

    Deno.test(`AArch64 interrupt, at every instruction of ${name}`, () => {
      const { trace, end } = reference(origin, loop);
      using machine = makeMachine();
      machine.cpu.userFp = loop.userFp;
      start(machine, origin, loop);
      for (const before of trace) {
        interrupt(machine, origin, before);
        assertEquals(machine.cpu.run(1), { kind: "budget" });
      }
      assertEquals(endOf(machine), end);
    });
  }

  Deno.test(`AArch64 interrupt, an exclusive store from ${origin.name} fails after it`, () => {
    using machine = makeMachine();
    start(machine, origin, { label: "exclusive_turns" });
    const pcs = new Set<bigint>();
    for (let i = 0; i < 200; i++) {
      // At most instructions, so that some turns get through.
      if (i % 7 < 5) interrupt(machine, origin, machine.registers());
      const { pc } = machine.cpu;
      if (pc === machine.label(origin.mode, "exclusive_turns_end")) break;
      pcs.add(pc);
      machine.cpu.run(1);
    }
    assertEquals(machine.cpu.pc, machine.label(origin.mode, "exclusive_turns_end"));
    assertEquals(pcs.size, 6, "every instruction was interrupted");
    const { memory, registers } = endOf(machine);
    assertEquals(new DataView(memory.buffer).getBigUint64(0, true), 3n);
    assertEquals([registers.x3, registers.x4], [3n, 0n]);
  });

  Deno.test(`AArch64 interrupt, masked at ${origin.name} it stays pending`, () => {
    using machine = makeMachine();
    const pstate = origin.pstate | MASK_IRQ;
    start(machine, origin, { label: "turns", registers: { pstate } });
    assertEquals(machine.cpu.interruptsEnabled, false);
    machine.cpu.raiseInterrupt(LINE);
    const trap = machine.runToTrap();
    assertEquals(trap.entry?.pc, machine.label(origin.mode, "turns_end"), "nothing but the end");
    assertEquals(trap.frame.register("pstate") & MASK_IRQ, MASK_IRQ);
    assertEquals(machine.cpu.interruptPending, true);
    trap.frame.setRegister("pstate", origin.pstate);
    machine.answerExit(trap.frame);
    const late = machine.runToTrap();
    assertEquals(late.entry?.vector, origin.slot + 1);
    assertEquals(late.entry?.pc, trap.entry?.pc, "taken before the first instruction");
    assertEquals(machine.cpu.interruptPending, false);
  });
}

Deno.test("AArch64 interrupt, taken exactly where the kernel unmasks it", () => {
  using machine = makeMachine();
  start(machine, EL1H, { label: "masked", registers: { pstate: EL1H.pstate | MASK_IRQ } });
  machine.cpu.raiseInterrupt(LINE);
  const trap = machine.runToTrap();
  assertEquals(trap.entry?.vector, 5);
  assertEquals(trap.entry?.pc, machine.kernelLabel("masked_open"));
  machine.leave(trap);
  machine.runTo(machine.kernelLabel("masked_closed"));
  machine.cpu.raiseInterrupt(LINE);
  const end = machine.runToTrap();
  assertEquals(end.entry?.pc, machine.kernelLabel("masked_end"), "masked again");
});

Deno.test("AArch64 interrupt, raised before the kernel masks them it is taken before that", () => {
  using machine = makeMachine();
  start(machine, EL1H, { label: "masked", registers: { pstate: EL1H.pstate } });
  machine.runTo(machine.kernelLabel("masked_open") + 4n);
  machine.cpu.raiseInterrupt(LINE);
  assertEquals(machine.runToTrap().entry?.pc, machine.kernelLabel("masked_open") + 4n);
});

Deno.test("AArch64 interrupt, lines are taken lowest first and each once", () => {
  using machine = makeMachine();
  start(machine, EL0, { label: "turns" });
  for (const line of [31, 3, 0, 3]) machine.cpu.raiseInterrupt(line);
  const lines: unknown[] = [];
  for (let trap = machine.runToTrap(); trap.entry?.vector === 9; trap = machine.runToTrap()) {
    lines.push(trap.frame.cause());
    machine.leave(trap);
  }
  assertEquals(lines, [0, 3, 31].map((line) => ({ kind: "interrupt", line })));
});

Deno.test("AArch64 interrupt, at each instruction of the idle thread", () => {
  const idle = (machine: BareMachine) => machine.cpu.answer(machine.routine("idle_thread"));
  const steps: bigint[] = [];
  {
    using machine = makeMachine();
    idle(machine);
    machine.runTo(machine.routine("idle_thread"));
    for (let i = 0; i < 12; i++) {
      steps.push(machine.cpu.pc);
      const exit = machine.cpu.run(1);
      if (exit.kind === "hypercall") machine.cpu.answer(machine.routine("idle_again"));
    }
  }
  let taken = 0;
  steps.forEach((pc, count) => {
    using machine = makeMachine();
    idle(machine);
    machine.runTo(machine.routine("idle_thread"));
    for (let i = 0; i < count; i++) {
      if (machine.cpu.run(1).kind === "hypercall") {
        machine.cpu.answer(machine.routine("idle_again"));
      }
    }
    assertEquals(machine.cpu.pc, pc);
    const before = machine.registers();
    const enabled = machine.cpu.interruptsEnabled;
    machine.cpu.raiseInterrupt(LINE);
    if (enabled) {
      const trap = machine.runToTrap();
      assertEquals(trap.entry?.pc, pc);
      machine.leave(trap);
      assertEquals(machine.registers(), before);
      taken++;
    }
    for (let i = 0; i < 3; i++) {
      const exit = machine.run();
      assertEquals(exit.kind, "hypercall");
      if (machine.cpu.hypercall() === machine.arch.image.constant("HC_TRAP")) {
        const frame = machine.arch.trapFrame(machine.space, machine.cpu.hypercallWord(0), machine);
        machine.answerExit(frame);
      } else {
        assertEquals(machine.cpu.hypercall(), machine.arch.image.constant("HC_IDLE"));
        assertEquals(machine.cpu.interruptsEnabled, true);
        machine.cpu.answer(machine.routine("idle_again"));
      }
    }
    assertEquals(machine.cpu.interruptPending, false);
  });
  assert(taken >= 3, "the window is open before, at and behind the wait");
});
