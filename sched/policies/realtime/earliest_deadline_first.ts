/**
 * Earliest deadline first: the thread whose job must be done soonest runs. C. L. Liu and
 * J. W. Layland, "Scheduling Algorithms for Multiprogramming in a Hard-Real-Time Environment",
 * Journal of the ACM 20(1), 1973, sections 7 and 8: on one CPU it meets all deadlines of periodic
 * threads if they need no more than the whole CPU. With several CPUs it is global.
 *
 * @module
 */
import type { ThreadParameters } from "../../parameters.ts";
import type { ReadyReason, ThreadId } from "../../policy.ts";
import { OrderedPolicy } from "../common/ordered_policy.ts";

/**
 * Smallest absolute deadline first. A job begins when its thread starts, wakes up or is released,
 * and is due the thread's relative deadline later; one that yields or moves stays the same job.
 * Threads without a deadline run when no other is ready.
 */
export class EarliestDeadlineFirst extends OrderedPolicy {
  /** Always `edf`. */
  readonly name = "edf";
  /** Always `deadline`. */
  readonly urgency = "deadline";

  /** Other parameters hold from the next job on. */
  protected override keyOf(_: ThreadParameters, before: number): number {
    return before;
  }

  /** The absolute deadline of the job that begins, or of the one that goes on. */
  protected override keyWhenReady(thread: ThreadId, reason: ReadyReason): number {
    if (reason === "yield" || reason === "migrated") return super.keyWhenReady(thread, reason);
    const { now, parameters } = this.view!;
    const { deadline } = parameters(thread);
    return deadline === 0 ? Infinity : now + deadline;
  }
}
