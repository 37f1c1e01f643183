/**
 * Earliest deadline first: the thread whose job must be done soonest runs. C. L. Liu and
 * J. W. Layland, "Scheduling Algorithms for Multiprogramming in a Hard-Real-Time Environment",
 * Journal of the ACM 20(1), 1973, sections 7 and 8: on one CPU it meets all deadlines of periodic
 * threads if they need no more than the whole CPU. With several CPUs it is global.
 *
 * @module
 */
import type { ThreadParameters } from "../../parameters.ts";
import type { ThreadId, Wakeup } from "../../policy.ts";
import type { Plain } from "../../../util/plain.ts";
import { Jobs } from "../common/jobs.ts";
import { OrderedPolicy } from "../common/ordered_policy.ts";

/**
 * Smallest absolute deadline first: the release of the job (`Jobs` says when one begins) and the
 * thread's relative deadline. Threads without a deadline run when no other is ready.
 */
export class EarliestDeadlineFirst extends OrderedPolicy {
  /** Always `edf`. */
  readonly name = "edf";
  /** Always `deadline`. */
  readonly urgency = "deadline";
  readonly #jobs = new Jobs();

  /** The deadline of the job in progress, if there is one: it changes with the thread's. */
  protected override keyOf({ deadline }: ThreadParameters, thread: ThreadId): number {
    const due = this.#jobs.due(thread, deadline);
    return deadline === 0 || due < 0 ? Infinity : due;
  }

  /** The absolute deadline of the job that begins, or of the one that goes on. */
  protected override keyWhenReady(thread: ThreadId, wakeup: Wakeup): number {
    const { now } = this.view;
    const parameters = this.view.parameters(thread);
    this.#jobs.ready(thread, wakeup, { now, deadline: parameters.deadline });
    return this.keyOf(parameters, thread);
  }

  /** See {@linkcode OrderedPolicy.admit}. */
  override admit(thread: ThreadId, parameters: ThreadParameters): void {
    this.#jobs.admit(thread);
    super.admit(thread, parameters);
  }

  /** See {@linkcode OrderedPolicy.forget}. */
  override forget(thread: ThreadId): void {
    this.#jobs.forget(thread);
    super.forget(thread);
  }

  /** Queue, deadlines and jobs. */
  override save(): Plain {
    return { ordered: super.save(), jobs: this.#jobs.save() };
  }

  /** Takes over what {@linkcode EarliestDeadlineFirst.save} returned. */
  override restore(state: Plain): void {
    const { ordered, jobs } = state as { ordered: Plain; jobs: ReturnType<Jobs["save"]> };
    super.restore(ordered);
    this.#jobs.restore(jobs);
  }
}
