/**
 * Moves the machine backwards for a debugger.
 *
 * @module
 */

import { isNameOf, KERNEL_PROCESS, THE_CPU, type ThreadName } from "../names.ts";
import type { Debuggee } from "./debuggee.ts";
import type { PointStop } from "./points.ts";
import type { Population } from "./population.ts";
import type { Goal } from "./runner.ts";
import type { Stop } from "./stop.ts";

/** Moves until there is something to tell; yields every few milliseconds. */
export function* backward(
  debuggee: Debuggee,
  { population, goal }: { readonly population: Population; readonly goal: Goal },
): Generator<void, Stop> {
  const waiting = population.next();
  if (waiting !== undefined) return waiting;
  let stop: Stop;
  try {
    stop = yield* move(debuggee, { population, goal });
  } finally {
    population.settle();
  }
  return population.after(stop);
}

function* move(
  debuggee: Debuggee,
  { population, goal }: { readonly population: Population; readonly goal: Goal },
): Generator<void, Stop> {
  debuggee.points.apply();
  const { history, inferiors } = debuggee;
  const from = history.position;
  /** Whose program is to step, if it is not the CPU. */
  const program = goal.kind === "step" && goal.thread.process !== KERNEL_PROCESS
    ? goal.thread
    : undefined;
  const stop = goal.kind === "continue"
    ? yield* continueBack(debuggee)
    : program !== undefined
    ? yield* stepProgramBack(debuggee, program)
    : history.reverseStep() === "moved"
    ? "there"
    : undefined;
  if (stop === undefined) {
    // A program is at its first instruction. To go to where its task may not be there yet would
    // help nobody.
    if (program !== undefined) history.goTo(from);
    const thread = population.told(program ?? inferiors.here);
    return { kind: "history", at: "begin", thread };
  }
  if (stop !== "there") return stop;
  return { kind: "step", thread: population.told(program ?? THE_CPU) };
}

/** To the last breakpoint or access before now; `undefined` if there is none. */
function* continueBack(
  { history, points, layout }: Debuggee,
): Generator<void, Stop | undefined> {
  let last: PointStop | undefined;
  const found = yield* history.searchStop({
    test(stop) {
      const told = points.stopOf(stop);
      last = told ?? last;
      return told !== undefined;
    },
  });
  // It is before the access; gdb goes back over that itself.
  if (found.kind === "watchpoint" && layout.watchesBefore) history.step();
  return found.kind === "beginning" ? undefined : last;
}

/**
 * To where a thread was about to execute the instruction of its program that brought it where it is;
 * `undefined` if that is not known.
 */
function* stepProgramBack(
  debuggee: Debuggee,
  thread: ThreadName,
): Generator<void, "there" | undefined> {
  const { history, inferiors, machine } = debuggee;
  const from = debuggee.pc(thread);
  for (;;) {
    if (history.reverseStep() === "beginning") return undefined;
    if (!inferiors.runs(thread)) {
      // A program in kernel mode leaves for the kernel by a call, and is looked for step by step.
      const found = machine.kernel.tasks[thread.process]?.kernelMode === true
        ? yield* history.searchInstant(() => inferiors.runs(thread))
        : yield* history.searchEntry(({ fromUser }) =>
          fromUser && isNameOf(thread, inferiors.current)
        );
      if (found === undefined) return undefined;
      // An exception of the kernel's that has made the thread's frame for the first time.
      if (!inferiors.runs(thread)) continue;
    }
    if (machine.cpu.pc !== from) return "there";
    // Interrupted there, or it has faulted and is to be executed again: it is where it was.
    const { position } = history;
    history.step();
    const isDone = inferiors.runs(thread);
    history.goTo(position);
    if (isDone) return "there";
  }
}
