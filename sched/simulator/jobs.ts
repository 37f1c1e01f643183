/**
 * The jobs of threads: when they are released, which are not done, and which miss their deadlines.
 * A thread does its jobs one after the other; those released meanwhile wait.
 *
 * @module
 */
import type { ThreadId } from "../policy.ts";
import { Backlog } from "../queues/backlog.ts";
import { OrderedQueue } from "../queues/ordered_queue.ts";
import { Random } from "../../util/random.ts";
import type { JobPlan } from "./program.ts";

/** The jobs of one thread. */
interface Line extends JobPlan {
  /** Number of all its jobs. */
  readonly count: number;
  /** When the first job is released, or the one before was. */
  base: number;
  /** Number of jobs released. */
  released: number;
  /** Number of jobs that have been triggered and are to be released now. */
  triggered: number;
  /** Number of jobs done. */
  done: number;
  /** Number of jobs that are done or have missed their deadlines. */
  settled: number;
  /** When the jobs that are not done were released. */
  readonly releases: Backlog;
  readonly random: Random;
}

/** The jobs of all threads of a simulation. */
export class JobLines {
  readonly #lines: (Line | null)[];
  /** Threads by the time of their next release. */
  readonly #due = new OrderedQueue();
  /** Threads by the earliest deadline of theirs that has not passed. */
  readonly #deadlines = new OrderedQueue();

  /** No thread has a job yet. */
  constructor(plans: readonly (JobPlan | null)[], seed: number) {
    const base = new Random(seed).next();
    this.#lines = plans.map((plan, thread) =>
      plan && {
        ...plan,
        count: countOf(plan),
        ...{ base: 0, released: 0, triggered: 0, done: 0, settled: 0 },
        releases: new Backlog(),
        random: new Random(base + 2 * thread + 1),
      }
    );
  }

  /** Whether a thread has jobs. */
  has(thread: ThreadId): boolean {
    return this.#lines[thread]! !== null;
  }

  /** A thread's first job is to be released at some time. */
  begin(thread: ThreadId, at: number): void {
    const line = this.#lines[thread]!;
    line.base = at;
    if (line.jobs.pattern === "triggered") return;
    const first = line.jobs.pattern === "sporadic" ? at : nextRelease(line, at);
    this.#due.insert(thread, first, thread);
  }

  /** A job of a thread is to be released now. */
  trigger(thread: ThreadId, now: number): void {
    if (this.#lines[thread]!.triggered++ === 0) this.#due.insert(thread, now, thread);
  }

  /** When the next job is released, or `Infinity`. */
  get dueAt(): number {
    return this.#due.least;
  }

  /** The thread whose job is released next. */
  get dueThread(): ThreadId {
    return this.#due.first;
  }

  /**
   * Releases the job that is due next.
   * @returns its number, from 0
   */
  release(): number {
    const now = this.#due.least;
    const thread = this.#due.shift()!;
    const line = this.#lines[thread]!;
    const job = line.released++;
    line.releases.push(now);
    if (line.triggered > 0) line.triggered--;
    if (line.released < line.count) {
      const next = nextRelease(line, now);
      if (next < Infinity) this.#due.insert(thread, next, thread);
    }
    this.#expect(thread, line);
    return job;
  }

  /** Whether a thread has a job that is not done; it is the oldest of them that it does. */
  working(thread: ThreadId): boolean {
    const line = this.#lines[thread]!;
    return line.done < line.released;
  }

  /** When the job was released that a thread does. */
  releasedAt(thread: ThreadId): number {
    return this.#lines[thread]!.releases.at(0)!;
  }

  /** Absolute deadline of a job that is not done, or `Infinity`. */
  deadline(thread: ThreadId, job: number): number {
    const { releases, done, deadline } = this.#lines[thread]!;
    return deadline === 0 ? Infinity : releases.at(job - done)! + deadline;
  }

  /** Number of the job that a thread does. */
  current(thread: ThreadId): number {
    return this.#lines[thread]!.done;
  }

  /** Whether the job that a thread does is to be abandoned, since its deadline has passed. */
  abandoned(thread: ThreadId): boolean {
    const { jobs, settled, done } = this.#lines[thread]!;
    return jobs.onMiss === "abort" && settled > done;
  }

  /** A thread has done its job; returns whether it was its last. */
  complete(thread: ThreadId): boolean {
    const line = this.#lines[thread]!;
    line.done++;
    line.releases.drop();
    if (line.settled < line.done) {
      line.settled = line.done;
      this.#deadlines.remove(thread);
      this.#expect(thread, line);
    }
    return line.done === line.count;
  }

  /** The earliest deadline that has not passed, of the jobs that are not done. */
  get deadlineAt(): number {
    return this.#deadlines.least;
  }

  /** The thread of that job. */
  get deadlineThread(): ThreadId {
    return this.#deadlines.first;
  }

  /** That deadline passes; returns the number of the job. */
  miss(): number {
    const thread = this.#deadlines.shift()!;
    const line = this.#lines[thread]!;
    const job = line.settled++;
    this.#expect(thread, line);
    return job;
  }

  /** Waits for the deadline of the oldest job that is not settled. */
  #expect(thread: ThreadId, line: Line): void {
    if (line.settled === line.released || line.deadline === 0) return;
    if (this.#deadlines.has(thread)) return;
    this.#deadlines.insert(thread, this.deadline(thread, line.settled), thread);
  }
}

/** Number of all jobs of a thread. */
function countOf({ jobs }: JobPlan): number {
  if (jobs.pattern === "triggered") return Infinity;
  return jobs.pattern === "listed" ? jobs.times.length : jobs.count ?? Infinity;
}

/** When the job after those released comes, the last of which came now; `Infinity` if nobody knows. */
function nextRelease(line: Line, now: number): number {
  const { jobs, period, base, released, random } = line;
  switch (jobs.pattern) {
    case "periodic":
      return base + released * period + random.between(0, jobs.jitter ?? 0);
    case "sporadic":
      return now + random.between(period, jobs.most);
    case "bursty":
      return base + Math.floor(released / jobs.burst) * period;
    case "triggered":
      return line.triggered > 0 ? now : Infinity;
    case "listed":
      return base + jobs.times[released]!;
  }
}
