import { assert, assertEquals } from "@std/assert";
import type { BareMachine, Trap } from "../testing/harness.ts";
import {
  checkDelivery,
  EL0,
  EL1H,
  EL1T,
  fromEither,
  makeMachine,
  type Origin,
  ORIGINS,
  startOf,
} from "./testing/conformance.ts";

/** MDSCR_EL1: software step, and debug exceptions at EL1. */
const SS = 1n;
const KDE = 1n << 13n;
/** PSTATE.SS and PSTATE.D. */
const STEP = 1n << 21n;
const MASK_DEBUG = 1n << 9n;
/** ISS of a software step: ISV, and EX for an exclusive load; IFSC is 0b100010. */
const STEPPED = 0x100_0022;
const STEPPED_EXCLUSIVE = 0x100_0062;
const PENDING = 0x22;

/** PSTATE that lets software step happen, with PSTATE.SS set. */
function stepping(origin: Origin): bigint {
  return (origin.pstate & ~MASK_DEBUG) | STEP;
}

/** Starts test code under software step; EL0 may use floating point or not. */
function start(origin: Origin, options: {
  label: string;
  pstate?: bigint;
  userFp?: boolean;
  mdscr?: bigint;
}): BareMachine {
  const { label, pstate = stepping(origin), userFp = true, mdscr = SS | KDE } = options;
  const machine = makeMachine();
  machine.cpu.userFp = userFp;
  machine.cpu.setRegister("mdscr_el1", mdscr);
  machine.cpu.setRegister("far_el1", 0x77n);
  machine.start({
    ...startOf(machine, origin),
    pc: machine.label(origin.mode, label),
    registers: { pstate, x1: 0x7f_e000n, x2: 100n },
  });
  return machine;
}

/** Checks a step exception at a label, with everything an exception entry does. */
function checkStep(
  machine: BareMachine,
  trap: Trap,
  options: { origin: Origin; at: string; iss: number; x2: bigint },
): void {
  const { origin, at, iss, x2 } = options;
  const pc = machine.label(origin.mode, at);
  const names = machine.arch.registerNames;
  const now = Object.fromEntries(names.map((name) => [name, trap.frame.register(name)]));
  checkDelivery(machine, {
    origin,
    before: now,
    trap,
    expected: {
      vector: origin.slot,
      elr: pc,
      esr: BigInt(fromEither(0x32, iss)(origin)),
      far: 0x77n,
    },
  });
  assertEquals(now.pstate, stepping(origin) & ~STEP, "PSTATE.SS is clear after the step");
  assertEquals(now.x2, x2, "one instruction was executed");
}

for (const origin of ORIGINS) {
  for (const userFp of origin === EL0 ? [true, false] : [true]) {
    const name = `${origin.name}${userFp ? "" : ", floating point off"}`;

    Deno.test(`AArch64 software step, one instruction at a time from ${name}`, () => {
      using machine = start(origin, { label: "step", userFp });
      let trap = machine.runToTrap();
      checkStep(machine, trap, { origin, at: "step_at", iss: STEPPED, x2: 101n });
      trap.frame.setRegister("pstate", stepping(origin));
      machine.answerExit(trap.frame);
      trap = machine.runToTrap();
      checkStep(machine, trap, { origin, at: "step_next", iss: STEPPED, x2: 103n });
      // With PSTATE.SS left clear the exception comes again, before any instruction.
      machine.answerExit(trap.frame);
      trap = machine.runToTrap();
      checkStep(machine, trap, { origin, at: "step_next", iss: PENDING, x2: 103n });
    });
  }

  Deno.test(`AArch64 software step, from ${origin.name} says when it stepped an exclusive load`, () => {
    using machine = start(origin, { label: "step_exclusive" });
    const trap = machine.runToTrap();
    checkStep(machine, trap, { origin, at: "step_exclusive_at", iss: STEPPED_EXCLUSIVE, x2: 0n });
  });

  Deno.test(`AArch64 software step, from ${origin.name} a system call ends the step`, () => {
    using machine = start(origin, { label: "svc_0" });
    const nop = machine.runToTrap();
    nop.frame.setRegister("pstate", stepping(origin));
    machine.answerExit(nop.frame);
    const { entry, frame } = machine.runToTrap();
    assertEquals(entry?.code, 0x5600_0000n);
    assertEquals(frame.register("pstate"), stepping(origin) & ~STEP);
  });

  Deno.test(`AArch64 software step, from ${origin.name} a fault leaves the step to be made`, () => {
    using machine = start(origin, { label: "udf_0" });
    const nop = machine.runToTrap();
    nop.frame.setRegister("pstate", stepping(origin));
    machine.answerExit(nop.frame);
    const { entry, frame } = machine.runToTrap();
    assertEquals(entry?.code, 0x0200_0000n);
    assertEquals(frame.register("pstate"), stepping(origin));
  });
}

for (const origin of [EL1T, EL1H]) {
  Deno.test(`AArch64 software step, not at ${origin.name} while PSTATE.D or KDE forbids it`, () => {
    for (
      const options of [
        { pstate: origin.pstate | MASK_DEBUG | STEP },
        { mdscr: SS },
        { mdscr: KDE },
        { mdscr: KDE, userFp: false },
      ]
    ) {
      using machine = start(origin, { label: "step", ...options });
      const { entry, frame } = machine.runToTrap();
      assertEquals(entry?.code, 0xf200_0000n, "the closing breakpoint");
      assertEquals(frame.register("x2"), 103n);
    }
  });
}

Deno.test("AArch64 software step, not at EL0 without MDSCR_EL1.SS, whatever serves floating point", () => {
  for (const userFp of [true, false]) {
    using machine = start(EL0, { label: "step", userFp, mdscr: 0n });
    const { entry, frame } = machine.runToTrap();
    assertEquals(entry?.code, 0xf200_0000n);
    assertEquals(frame.register("x2"), 103n);
    assertEquals(machine.cpu.register("mdscr_el1"), 0n, "as the guest has it");
  }
});

Deno.test("AArch64 software step, a floating-point instruction traps before its step", () => {
  using machine = start(EL0, { label: "fp_move", userFp: false });
  const nop = machine.runToTrap();
  assertEquals(nop.entry?.pc, machine.userLabel("fp_move_at"));
  nop.frame.setRegister("pstate", stepping(EL0));
  machine.answerExit(nop.frame);
  const trap = machine.runToTrap();
  assertEquals([trap.entry?.code, trap.entry?.pc], [0x1fe0_0000n, nop.frame.pc]);
  assertEquals(trap.frame.register("pstate"), stepping(EL0), "the step is still to be made");
  machine.cpu.userFp = true;
  machine.answerExit(trap.frame);
  const stepped = machine.runToTrap();
  assertEquals(stepped.entry?.code, 0xcb00_0022n);
  assertEquals(stepped.entry?.pc, machine.userLabel("fp_move_next"));
});

Deno.test("AArch64 software step, an interrupt comes before the step", () => {
  using machine = start(EL0, { label: "step" });
  machine.runTo(machine.userLabel("step"));
  machine.cpu.raiseInterrupt(1);
  const { entry, frame } = machine.runToTrap();
  assertEquals([entry?.vector, entry?.pc], [9, machine.userLabel("step")]);
  assertEquals(frame.register("pstate"), stepping(EL0));
});

Deno.test("AArch64 software step, at the first instruction of a page with nothing mapped before it", () => {
  // The engine looks for the byte before an instruction it need not even fetch.
  const page = 0x60_0000n;
  for (const userFp of [true, false]) {
    using machine = makeMachine();
    const physical = machine.mapUser(page, { write: false, execute: true });
    machine.memory.writeU64(physical, 0xd400_0541n); // svc #42
    machine.cpu.userFp = userFp;
    machine.cpu.setRegister("mdscr_el1", SS);
    machine.start({ mode: "user", pc: page, registers: { pstate: 0n } });
    const pending = machine.runToTrap();
    assertEquals([pending.entry?.code, pending.entry?.pc], [0xca00_0022n, page]);
    machine.cpu.setRegister("mdscr_el1", 0n);
    machine.answerExit(pending.frame);
    const trap = machine.runToTrap();
    assertEquals([trap.entry?.code, trap.entry?.pc], [0x5600_002an, page + 4n]);
  }
});

Deno.test("AArch64 instruction abort, at the first instruction of an absent page after a return", () => {
  for (const address of [0x60_0000n, 0x60_0400n, 0x40_0000_0000n]) {
    for (const userFp of [true, false]) {
      using machine = makeMachine();
      machine.cpu.userFp = userFp;
      machine.start({ mode: "user", pc: address, registers: { pstate: 0n } });
      const { entry, frame } = machine.runToTrap();
      assert(entry);
      assertEquals([entry.pc, entry.code >> 26n, frame.cause()], [address, 0x20n, {
        kind: "page-fault",
        address,
        access: "execute",
        present: false,
      }]);
    }
  }
});
