/**
 * Moves the machine backwards for a debugger.
 *
 * @module
 */

import { KERNEL_PROCESS, type ThreadName } from "../names.ts";
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
  debuggee.points.apply();
  const { history, inferiors } = debuggee;
  try {
    const stop = goal.kind === "continue"
      ? yield* continueBack(debuggee)
      : goal.thread.process === KERNEL_PROCESS
      ? history.reverseStep() === "moved" ? "there" : undefined
      : yield* stepProgramBack(debuggee, goal.thread);
    if (stop === undefined) {
      return { kind: "history", at: "begin", thread: population.told(inferiors.here) };
    }
    if (stop !== "there") return stop;
    const stepped = goal.kind === "step" && goal.thread.process !== KERNEL_PROCESS
      ? goal.thread
      : inferiors.here;
    return { kind: "step", thread: population.told(stepped) };
  } finally {
    population.settle();
  }
}

/** To the last breakpoint or access before now; `undefined` if there is none. */
function* continueBack({ history, points }: Debuggee): Generator<void, Stop | undefined> {
  let last: PointStop | undefined;
  const found = yield* history.searchStop({
    test(stop) {
      const told = points.stopOf(stop);
      last = told ?? last;
      return told !== undefined;
    },
  });
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
  if (inferiors.runs(thread)) {
    const { position } = history;
    if (history.reverseStep() === "beginning") return undefined;
    if (inferiors.runs(thread)) return "there";
    history.goTo(position);
  }
  for (;;) {
    const found = yield* history.searchInstant(() => inferiors.runs(thread));
    if (found === undefined) return undefined;
    if (machine.cpu.pc !== from) return "there";
    // Interrupted there, or it has faulted and is to be executed again: it is where it was.
    history.step();
    const isDone = inferiors.runs(thread);
    history.goTo(found);
    if (isDone) return "there";
  }
}
