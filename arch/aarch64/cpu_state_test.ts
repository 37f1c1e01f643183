import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkCopies, type CopyScenario } from "../testing/copies.ts";
import { ArchError } from "../errors.ts";
import { EL0, EL1H, makeMachine, type Origin, startOf } from "./testing/conformance.ts";
import { everySecond } from "../../util/testing/sweep.ts";

const SS = 1n;
const KDE = 1n << 13n;
const STEP = 1n << 21n;
const MASK_DEBUG = 1n << 9n;
const SCRATCH = 0x60_0000n;

interface Run {
  readonly name: string;
  readonly origin: Origin;
  readonly label: string;
  readonly turns?: bigint;
  readonly userFp?: boolean;
  readonly stepped?: boolean;
  readonly interrupts?: readonly number[];
}

function scenario(
  { origin, label, turns = 3n, userFp = false, stepped = false, interrupts = [] }: Run,
): CopyScenario {
  return {
    interrupts,
    step(frame) {
      if (!stepped || !frame.report().meaning.startsWith("software step")) return false;
      frame.setRegister("pstate", frame.register("pstate") | STEP);
      return true;
    },
    start(machine) {
      machine.mapUser(SCRATCH, { write: true, execute: false });
      machine.cpu.userFp = userFp;
      if (stepped) machine.cpu.setRegister("mdscr_el1", SS | KDE);
      const pstate = stepped ? (origin.pstate & ~MASK_DEBUG) | STEP : origin.pstate;
      machine.start({
        ...startOf(machine, origin),
        pc: machine.label(origin.mode, label),
        registers: { pstate, x1: SCRATCH, x2: turns },
      });
    },
  };
}

const SPREAD = [20, 60, 61, 100, 140, 200, 230, 300];
const RUNS: readonly Run[] = [
  { name: "integers at EL0, interrupted", origin: EL0, label: "turns", interrupts: SPREAD },
  { name: "integers at EL1, interrupted", origin: EL1H, label: "turns", interrupts: SPREAD },
  { name: "floating point switched off", origin: EL0, label: "fp_turns", interrupts: SPREAD },
  { name: "floating point switched on", origin: EL0, label: "fp_turns", userFp: true },
  {
    name: "exclusive pairs, interrupted",
    origin: EL0,
    label: "exclusive_turns",
    interrupts: SPREAD,
  },
  { name: "a pending interrupt that is masked", origin: EL1H, label: "masked", interrupts: [2, 3] },
  { name: "stepped", origin: EL0, label: "turns", turns: 1n, userFp: true, stepped: true },
  {
    name: "stepped, floating point switched off",
    origin: EL0,
    label: "fp_turns",
    turns: 1n,
    stepped: true,
  },
];

// The quick sweep has every second of them.
for (const run of everySecond(RUNS, 0)) {
  Deno.test(`AArch64 Cpu.restore, ${run.name}`, () => {
    assert(checkCopies(makeMachine, scenario(run)) >= 20);
  });
}

Deno.test("AArch64 Cpu.restore, the trap of floating point and stepping need no code hook", () => {
  using machine = makeMachine();
  const off = machine.cpu.save();
  machine.cpu.setRegister("mdscr_el1", SS);
  machine.cpu.userFp = false;
  const stepped = machine.cpu.save();
  machine.cpu.restore(off);
  assertEquals([machine.cpu.register("mdscr_el1"), machine.cpu.save()], [0n, off]);
  machine.cpu.restore(stepped);
  assertEquals([machine.cpu.register("mdscr_el1"), machine.cpu.userFp], [SS, false]);
});

Deno.test("AArch64 Cpu.restore, a damaged state is refused and changes nothing", () => {
  using machine = makeMachine();
  const state = machine.cpu.save();
  for (
    const part of [
      { pending: 0.5 },
      { pending: 2 ** 32 },
      { entries: -1 },
      { resumeAt: 5 as unknown as bigint },
      { own: {} },
      { own: { ...state.own, cpacr: 1 } },
      { own: { ...state.own, more: 1 } },
    ]
  ) assertThrows(() => machine.cpu.restore({ ...state, ...part }), ArchError);
  assertEquals(machine.cpu.save(), state);
});
