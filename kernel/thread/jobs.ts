/**
 * The jobs of a periodic thread: one is released each period, at times that do not drift, and waits
 * its turn if the one before is not done.
 *
 * @module
 */

/** Everything there is to know of the jobs of a thread, as plain data. Jobs count from 1. */
export interface JobsRecord {
  /** When job 1 is, or was, released. */
  readonly first: number;
  /** Time between two releases. */
  readonly period: number;
  /** The job that has begun last; 0 if none has. */
  readonly job: number;
  /** How many are done. */
  readonly done: number;
  /** Jobs before this one have met or missed their deadlines. */
  readonly undecided: number;
  /** How many deadlines have been missed. */
  readonly missed: number;
  /** How many jobs were released before the one before was done. */
  readonly overruns: number;
}

/** The jobs of a periodic thread. */
export class Jobs {
  #record: JobsRecord;

  /** None has begun; the first is released at a time. */
  constructor(first: number, period: number) {
    this.#record = { first, period, job: 0, done: 0, undecided: 1, missed: 0, overruns: 0 };
  }

  /** Everything there is to know. */
  get record(): JobsRecord {
    return this.#record;
  }

  /** When a job is released. */
  releaseOf(job: number): number {
    const { first, period } = this.#record;
    return first + (job - 1) * period;
  }

  /** How many jobs have been released by a time. */
  releasedBy(time: number): number {
    const { first, period } = this.#record;
    return time < first ? 0 : Math.floor((time - first) / period) + 1;
  }

  /** Whether a job is in progress. */
  get working(): boolean {
    return this.#record.job > this.#record.done;
  }

  /** The next job begins; `late` if it waited for the one before. */
  begin(late: boolean): void {
    const { job, overruns } = this.#record;
    this.#record = { ...this.#record, job: job + 1, overruns: overruns + (late ? 1 : 0) };
  }

  /** The job in progress is done. */
  complete(): void {
    const { job, undecided } = this.#record;
    this.#record = { ...this.#record, done: job, undecided: Math.max(undecided, job + 1) };
  }

  /** The job that is decided next has not been done by its deadline. */
  miss(): void {
    const { undecided, missed } = this.#record;
    this.#record = { ...this.#record, undecided: undecided + 1, missed: missed + 1 };
  }

  /** The jobs a record was made of. */
  static from(record: JobsRecord): Jobs {
    const jobs = new Jobs(record.first, record.period);
    jobs.#record = record;
    return jobs;
  }
}
