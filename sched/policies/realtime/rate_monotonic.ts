/**
 * Rate monotonic: the thread with the shortest period runs. C. L. Liu and J. W. Layland,
 * "Scheduling Algorithms for Multiprogramming in a Hard-Real-Time Environment", Journal of the ACM
 * 20(1), 1973, section 4: the best of all fixed priorities where deadlines are periods.
 *
 * @module
 */
import type { ThreadParameters } from "../../parameters.ts";
import { OrderedPolicy } from "../common/ordered_policy.ts";

/** Shortest period first; threads without one run when no other is ready, in order of arrival. */
export class RateMonotonic extends OrderedPolicy {
  /** Always `rm`. */
  readonly name = "rm";
  /** Always `period`. */
  readonly urgency = "period";

  /** The key is the period. */
  protected override keyOf({ period }: ThreadParameters): number {
    return period === 0 ? Infinity : period;
  }
}
