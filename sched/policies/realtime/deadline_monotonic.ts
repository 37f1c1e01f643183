/**
 * Deadline monotonic: the thread with the shortest relative deadline runs. J. Y.-T. Leung and
 * J. Whitehead, "On the complexity of fixed-priority scheduling of periodic, real-time tasks",
 * Performance Evaluation 2(4), 1982: the best of all fixed priorities where deadlines are at most
 * the periods.
 *
 * @module
 */
import type { ThreadParameters } from "../../parameters.ts";
import { OrderedPolicy } from "../common/ordered_policy.ts";

/** Shortest relative deadline first; threads without one run when no other is ready. */
export class DeadlineMonotonic extends OrderedPolicy {
  /** Always `dm`. */
  readonly name = "dm";
  /** Always `deadline`. */
  readonly urgency = "deadline";

  /** The key is the relative deadline. */
  protected override keyOf({ deadline }: ThreadParameters): number {
    return deadline === 0 ? Infinity : deadline;
  }
}
