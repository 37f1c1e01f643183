/**
 * Interrupts at each instruction of a switch, each in a run of its own from the same snapshot.
 *
 * @module
 */

import { hex } from "../../arch/physical_memory.ts";
import type { Machine } from "../../kernel/machine.ts";
import type { Snapshot } from "../../kernel/snapshot/mod.ts";
import type { Observation } from "./observation.ts";
import { changedWords, type Pages, type SwitchProgram } from "./program.ts";
import type { Problems } from "./report.ts";
import { runTo } from "./step.ts";

/** A line that nothing uses: the kernel takes its interrupts and goes on. */
const LINE = 7;

/** Instructions within which an interrupted switch must arrive. */
const LIMIT = 1_000_000;

/** What a switch has made of the program. */
interface Outcome {
  readonly pc: bigint;
  readonly sp: bigint;
  readonly general: Readonly<Record<string, bigint>>;
  readonly fpControl: Readonly<Record<string, bigint>>;
  readonly pages: Pages;
}

/**
 * Takes an interrupt before each instruction of the switch that has just arrived, and compares
 * registers and memory at its arrival with what they are now. Leaves the machine as it is now. Gives
 * the number of interrupts.
 */
export function tryInterrupts(
  machine: Machine,
  what: {
    readonly program: SwitchProgram;
    readonly snapshot: Snapshot;
    readonly observations: readonly Observation[];
    readonly problems: Problems;
  },
): number {
  const { program, snapshot, observations, problems } = what;
  const now = machine.snapshot();
  const wanted = outcomeOf(machine, program);
  using _ = machine.addBreakpoint(wanted.pc);
  for (const { routine, offset, executed } of observations) {
    machine.restore(snapshot);
    const begin = machine.cpu.instructions;
    runTo(machine, begin + executed);
    machine.injectInterrupt(LINE);
    const reason = runToArrival(machine, wanted)
      ? differs(outcomeOf(machine, program), wanted)
      : "the switch does not arrive";
    if (reason === undefined) continue;
    problems.add({ kind: "interrupt", routine: routine.name, offset, subject: "", reason });
  }
  machine.restore(now);
  return observations.length;
}

/** Runs until the program is where the switch arrived; whether it came to be. */
function runToArrival(machine: Machine, { pc, sp }: Outcome): boolean {
  const { cpu } = machine;
  const end = cpu.instructions + LIMIT;
  while (cpu.instructions < end) {
    const { kind } = machine.run(end - cpu.instructions);
    if (kind === "halted") return false;
    if (cpu.userMode && cpu.pc === pc && cpu.sp === sp) return true;
  }
  return false;
}

function outcomeOf({ cpu }: Machine, program: SwitchProgram): Outcome {
  return {
    pc: cpu.pc,
    sp: cpu.sp,
    general: program.general(),
    fpControl: program.fpControl(),
    pages: program.pages(),
  };
}

function differs(found: Outcome, wanted: Outcome): string | undefined {
  for (const part of ["general", "fpControl"] as const) {
    for (const [name, value] of Object.entries(wanted[part])) {
      const have = found[part][name];
      if (have !== value) return `${name} is ${hex(have ?? 0n)}, without it ${hex(value)}`;
    }
  }
  for (const { address, before, after } of changedWords(wanted.pages, found.pages)) {
    return `the word at ${hex(address)} is ${hex(after)}, without it ${hex(before)}`;
  }
  return undefined;
}
