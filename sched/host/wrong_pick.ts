/**
 * What is wrong with a pick.
 *
 * @module
 */
import { describeAnswer } from "./fault.ts";
import { type HostThreads, ThreadState } from "./threads.ts";

/** Says why a policy cannot have picked that, which is not ready. */
export function describePick(thread: unknown, threads: HostThreads): string {
  const ready = threads.readyList();
  const expected = ready.length === 0
    ? "null, as no thread is ready"
    : `one of ${ready.slice(0, 20).join(", ")}${ready.length > 20 ? ", …" : ""}, or null`;
  const state = typeof thread === "number" ? threads.state(thread) : ThreadState.UNKNOWN;
  const what = state === ThreadState.UNKNOWN
    ? "is none of its threads"
    : state === ThreadState.RUNNING
    ? "runs already"
    : "is not ready";
  return `returned ${describeAnswer(thread)}, which ${what}: expected ${expected}`;
}
