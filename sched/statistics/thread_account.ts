/**
 * What is kept of one thread while a simulation runs, in bounded memory.
 *
 * @module
 */
import { Backlog } from "../queues/backlog.ts";
import { Distribution } from "./distribution.ts";
import type { JobReport, ThreadReport } from "./report.ts";

/** What a thread is at. */
export const enum State {
  /** It has not arrived, is over, or waits for its next job. */
  AWAY = 0,
  READY = 1,
  RUNNING = 2,
  BLOCKED = 3,
}

/** How jobs went, of one thread or of all. */
export class JobAccount {
  released = 0;
  completed = 0;
  missed = 0;
  aborted = 0;
  readonly response: Distribution = new Distribution();
  readonly turnaround: Distribution = new Distribution();
  readonly waiting: Distribution = new Distribution();
  readonly lateness: Distribution = new Distribution();
  readonly tardiness: Distribution = new Distribution();

  /** Adds those of another. */
  addAll(other: JobAccount): void {
    this.released += other.released;
    this.completed += other.completed;
    this.missed += other.missed;
    this.aborted += other.aborted;
    for (const name of ["response", "turnaround", "waiting", "lateness", "tardiness"] as const) {
      this[name].addAll(other[name]);
    }
  }

  /** As plain data. */
  report(): JobReport {
    const { released, completed, missed, aborted } = this;
    return {
      jobs: { released, completed, missed, aborted },
      response: this.response.spread(),
      turnaround: this.turnaround.spread(),
      waiting: this.waiting.spread(),
      lateness: this.lateness.spread(),
      tardiness: this.tardiness.spread(),
    };
  }
}

/** What is kept of one thread. */
export class ThreadAccount extends JobAccount {
  readonly name: string;
  state: State = State.AWAY;
  /** When it came to that. */
  since = 0;
  arrival = -1;
  finish = -1;
  /** Time in each state. */
  readonly times: [away: number, ready: number, running: number, blocked: number] = [0, 0, 0, 0];
  longestWait = 0;
  dispatches = 0;
  preemptions = 0;
  migrations = 0;
  /** CPU it had last, -1 if none yet. */
  cpu = -1;
  /** What it waits for, -1 if nothing of what is shared. */
  on = -1;
  /** Time in each state when it became ready from being away or blocked: its service since. */
  served = 0;
  leastLag = Infinity;
  mostLag = -Infinity;
  // Its job: when it was released, -1 if it has none, and what the thread had until it began.
  jobReleased = -1;
  jobRun = 0;
  jobBlocked = 0;
  jobSeen = true;
  lastTurnaround = -1;
  turnaroundStep = 0;
  readonly releaseJitter: Distribution | null;
  /** Releases of the jobs that are not done. */
  readonly backlog = new Backlog();

  constructor(name: string, periodic: boolean) {
    super();
    this.name = name;
    this.releaseJitter = periodic ? new Distribution() : null;
  }

  /** It comes to another state. */
  become(state: State, now: number): void {
    const elapsed = now - this.since;
    this.times[this.state] += elapsed;
    if (this.state === State.READY && elapsed > this.longestWait) this.longestWait = elapsed;
    this.state = state;
    this.since = now;
  }

  /** It does another job from now on. */
  beginJob(released: number): void {
    this.jobReleased = released;
    this.jobRun = this.times[State.RUNNING];
    this.jobBlocked = this.times[State.BLOCKED];
    this.jobSeen = false;
  }

  /** It has done its job, and has been told so while it ran. */
  endJob(now: number, deadline: number): void {
    this.become(this.state, now);
    const turnaround = now - this.jobReleased;
    const run = this.times[State.RUNNING] - this.jobRun;
    const blocked = this.times[State.BLOCKED] - this.jobBlocked;
    this.completed++;
    this.turnaround.add(turnaround);
    this.waiting.add(turnaround - run - blocked);
    if (this.lastTurnaround >= 0) {
      const step = Math.abs(turnaround - this.lastTurnaround);
      if (step > this.turnaroundStep) this.turnaroundStep = step;
    }
    this.lastTurnaround = turnaround;
    if (deadline === Infinity) return;
    this.lateness.add(now - deadline);
    this.tardiness.add(Math.max(0, now - deadline));
  }

  /** As plain data, until a time. */
  reportThread(until: number): ThreadReport {
    const open = Math.max(0, until - this.since);
    const time = (state: State): number => this.times[state] + (this.state === state ? open : 0);
    const run = time(State.RUNNING);
    const waits = this.state === State.READY ? open : 0;
    const jobs = this.report();
    return {
      name: this.name,
      arrival: this.arrival < 0 ? null : this.arrival,
      finish: this.finish < 0 ? null : this.finish,
      ...jobs,
      run,
      ready: time(State.READY),
      blocked: time(State.BLOCKED),
      share: until === 0 ? 0 : run / until,
      longestWait: Math.max(this.longestWait, waits),
      dispatches: this.dispatches,
      preemptions: this.preemptions,
      migrations: this.migrations,
      releaseJitter: this.releaseJitter?.spread() ?? null,
      responseJitter: jobs.turnaround && {
        range: jobs.turnaround.most - jobs.turnaround.least,
        step: this.turnaroundStep,
      },
      lag: this.mostLag < this.leastLag ? null : { least: this.leastLag, most: this.mostLag },
    };
  }
}
