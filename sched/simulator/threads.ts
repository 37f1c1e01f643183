/**
 * The threads of a simulation by themselves, without CPUs: where each is in its steps, and when
 * those become ready that wait for a time, a device or their next job.
 *
 * @module
 */
import type { ReadyReason, ThreadId } from "../policy.ts";
import { OrderedQueue } from "../queues/ordered_queue.ts";
import { Behavior } from "./behavior.ts";
import type { SimulationSink } from "./events.ts";
import { JobLines } from "./jobs.ts";
import type { Program } from "./program.ts";

/** What a thread's alarm means. */
const enum Alarm {
  START = 0,
  WAKEUP = 1,
  JOB = 2,
}

const NOBODY: readonly ThreadId[] = [];

/** Threads, and what they wait for. */
export class SimulatedThreads {
  /** What they do. */
  readonly behavior: Behavior;
  /** What is left of the run step each is in. */
  readonly left: Float64Array;
  /** CPU time each needs after that until it blocks or ends. */
  readonly rest: Float64Array;
  /** Why the thread becomes ready that {@linkcode SimulatedThreads.wakeNext} has just returned. */
  reason: ReadyReason = "start";
  /** When the next one becomes ready by itself, or a job is released; `Infinity` if none. */
  dueAt = Infinity;
  /** The earliest deadline that may be missed, or `Infinity`. */
  deadlineAt = Infinity;
  readonly #program: Program;
  readonly #sink: SimulationSink;
  readonly #jobs: JobLines;
  /** Threads that wait for a time, by that time, then by id. */
  readonly #alarms = new OrderedQueue();
  readonly #meaning: Uint8Array;
  /** When each device has served all its requests. */
  readonly #served: Float64Array;

  /** No thread has arrived. */
  constructor(program: Program, options: { seed: number; sink: SimulationSink }) {
    const count = program.jobs.length;
    this.#program = program;
    this.#sink = options.sink;
    this.behavior = new Behavior(program, options.seed);
    this.#jobs = new JobLines(program.jobs, options.seed);
    this.left = new Float64Array(count);
    this.rest = new Float64Array(count);
    this.#meaning = new Uint8Array(count);
    this.#served = new Float64Array(program.objects.length);
    program.arrivals.forEach((at, thread) => at < Infinity && this.start(thread, at));
  }

  /** A thread arrives at some time. */
  start(thread: ThreadId, at: number): void {
    if (this.#jobs.has(thread)) this.#jobs.begin(thread, at);
    else this.#alarms.insert(thread, at, thread);
    this.#look();
  }

  /** A job of a thread is released now. */
  trigger(thread: ThreadId, now: number): void {
    this.#jobs.trigger(thread, now);
    this.#look();
  }

  /** Takes the next thread that becomes ready now, or -1: by time, then by id. */
  wakeNext(now: number): ThreadId {
    const thread = this.#wakeNext(now);
    this.#look();
    return thread;
  }

  #wakeNext(now: number): ThreadId {
    for (;;) {
      const alarm = this.#alarms.least;
      const job = this.#jobs.dueAt;
      if (alarm > now && job > now) return -1;
      if (job < alarm || (job === alarm && this.#jobs.dueThread < this.#alarms.first)) {
        const thread = this.#release();
        if (thread >= 0) return thread;
        continue;
      }
      const thread = this.#alarms.shift()!;
      const meaning = this.#meaning[thread]!;
      this.#meaning[thread] = Alarm.WAKEUP;
      if (meaning === Alarm.JOB) this.#beginJob(thread);
      else {
        this.reason = meaning === Alarm.START ? "start" : "wakeup";
        this.wakes(thread);
      }
      return thread;
    }
  }

  /** A thread becomes ready, in the midst of its steps. */
  wakes(thread: ThreadId): void {
    this.rest[thread] = this.behavior.burst(thread);
  }

  /** When the job was released that a thread does, `null` if it has no jobs. */
  releasedAt(thread: ThreadId): number | null {
    return this.#jobs.has(thread) ? this.#jobs.releasedAt(thread) : null;
  }

  /** A running thread sleeps. */
  sleep(thread: ThreadId, until: number): void {
    this.#alarms.insert(thread, until, thread);
    if (until < this.dueAt) this.dueAt = until;
  }

  /** A running thread has a device serve it for some time, after those that came before. */
  request(thread: ThreadId, device: number, options: { now: number; time: number }): void {
    const { now, time } = options;
    if (device < 0) return this.sleep(thread, now + time);
    const end = Math.max(now, this.#served[device]!) + time;
    this.#served[device] = end;
    this.sleep(thread, end);
  }

  /** A running thread is at the end of its steps; returns whether it is over. */
  ends(thread: ThreadId, now: number): boolean {
    if (!this.#jobs.has(thread)) return true;
    if (!this.#jobs.abandoned(thread)) {
      const job = this.#jobs.current(thread);
      this.#sink.job?.("complete", now, thread, job, this.#jobs.deadline(thread, job));
    }
    const last = this.#jobs.complete(thread);
    this.deadlineAt = this.#jobs.deadlineAt;
    if (!last && this.#jobs.working(thread)) {
      this.#meaning[thread] = Alarm.JOB;
      this.sleep(thread, now);
    }
    return last;
  }

  /** All deadlines until now have passed; returns the threads whose jobs are to be abandoned. */
  miss(now: number): readonly ThreadId[] {
    let abandoned = NOBODY;
    while (this.#jobs.deadlineAt <= now) {
      const thread = this.#jobs.deadlineThread;
      const deadline = this.#jobs.deadlineAt;
      const job = this.#jobs.miss();
      this.#sink.job?.("miss", now, thread, job, deadline);
      if (!this.#jobs.abandoned(thread)) continue;
      this.#sink.job?.("abort", now, thread, job, deadline);
      this.#abandon(thread);
      abandoned = [...abandoned, thread];
    }
    this.deadlineAt = this.#jobs.deadlineAt;
    return abandoned;
  }

  /** Releases the next job; returns its thread if it becomes ready, else -1. */
  #release(): ThreadId {
    const now = this.#jobs.dueAt;
    const thread = this.#jobs.dueThread;
    const working = this.#jobs.working(thread);
    const job = this.#jobs.release();
    this.deadlineAt = this.#jobs.deadlineAt;
    this.#sink.job?.("release", now, thread, job, this.#jobs.deadline(thread, job));
    if (working) return -1;
    this.#beginJob(thread);
    if (job === 0) {
      this.reason = "start";
      this.#meaning[thread] = Alarm.WAKEUP;
    }
    return thread;
  }

  /** Finds out what is due next. */
  #look(): void {
    this.dueAt = Math.min(this.#alarms.least, this.#jobs.dueAt);
  }

  /** Nothing is left to do of a thread's job. */
  #abandon(thread: ThreadId): void {
    this.behavior.finish(thread);
    this.left[thread] = this.rest[thread] = 0;
  }

  #beginJob(thread: ThreadId): void {
    this.reason = "release";
    this.behavior.rewind(thread);
    if (this.#jobs.abandoned(thread)) this.#abandon(thread);
    this.wakes(thread);
  }
}
