/**
 * When scheduling decisions are made: at which instant they count, what is charged to whom up to
 * it, and when the next is due.
 *
 * @module
 */

import type { SoundPolicy } from "../../sched/host/mod.ts";
import type { Clock } from "../clock.ts";
import type { PerCpu } from "../per_cpu.ts";
import type { SleepQueue } from "../thread/sleep_queue.ts";
import type { Timers } from "./timers.ts";

/** What decisions depend on. */
export interface DecisionParts {
  /** Time. */
  readonly clock: Clock;
  /** Who decides. */
  readonly policy: SoundPolicy;
  /** What has an exact time. */
  readonly timers: Timers;
  /** Threads that sleep, or wait for a time at most. */
  readonly sleepers: SleepQueue;
  /** The CPUs. */
  readonly cpus: readonly PerCpu[];
}

/** The instants of decisions. */
export class Decisions {
  readonly #clock: Clock;
  readonly #policy: SoundPolicy;
  readonly #timers: Timers;
  readonly #sleepers: SleepQueue;
  readonly #cpus: readonly PerCpu[];
  /** Instant of the decision that is being made, where that is not now. */
  #decidedAt: number | null = null;

  /** Decisions are made now. */
  constructor({ clock, policy, timers, sleepers, cpus }: DecisionParts) {
    this.#clock = clock;
    this.#policy = policy;
    this.#timers = timers;
    this.#sleepers = sleepers;
    this.#cpus = cpus;
  }

  /**
   * When the decision that is being made is made. With a periodic timer that is now. With a one-shot
   * timer it is when the running thread left user mode, or when what the timer tells of was due: the
   * kernel's time from there on is that of the thread that gets the CPU.
   */
  get instant(): number {
    return this.#decidedAt ?? this.#clock.now;
  }

  /** Decisions are made at an instant, or, if that is `null`, now. */
  decideAt(instant: number | null): void {
    this.#decidedAt = instant;
  }

  /** Charges the thread that runs on a CPU up to the instant of the decision. */
  charge(on: PerCpu): number {
    return this.#timers.oneShot ? on.charge(this.instant - this.#clock.skipped) : on.charge();
  }

  /** Charges the thread that runs on a CPU; returns whether the policy wants it to give way. */
  tick(on: PerCpu): boolean {
    on.sliceStale = true;
    return this.#policy.tick(on.current.id, { cpu: on.id, elapsed: this.charge(on) });
  }

  /** With a one-shot timer: when a thread becomes ready, a deadline passes, or the policy's timer is due. */
  nextWake(): number {
    const policy = this.#policy;
    const sleeper = this.#sleepers.next ?? Infinity;
    return Math.min(this.#timers.next, sleeper, policy.timerAt, policy.starvesAt);
  }

  /** With a one-shot timer: the same, or when the policy wants to be asked about the running thread. */
  nextDue(on: PerCpu): number {
    return Math.min(this.nextWake(), this.sliceEnd(on));
  }

  /** When the policy wants to be asked about the running thread; the kernel's own are not asked about. */
  sliceEnd(on: PerCpu): number {
    if (!on.sliceStale) return on.sliceEnd;
    on.sliceStale = false;
    on.sliceEnd = Infinity;
    if (on.isIdle || on.current.task.id === 0) return Infinity;
    const slice = this.#policy.slice(on.current.id, on.id) ?? this.#clock.period;
    on.sliceEnd = on.charged + this.#clock.skipped + Math.max(1, Math.ceil(slice));
    return on.sliceEnd;
  }

  /** When slices end is to be found out anew. */
  forgetSlices(): void {
    for (const on of this.#cpus) on.sliceStale = true;
  }

  /** Sets the one-shot timer to what is due first; not before a decision has been carried out. */
  arm(on: PerCpu): void {
    if (on.decision !== null) this.#clock.setAlarm(Infinity);
    else this.#clock.setAlarm(this.#timers.oneShot ? this.nextDue(on) : this.#timers.next);
  }
}
