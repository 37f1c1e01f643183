/**
 * What a host knows of its threads by itself, whatever its policy says: arrays indexed by thread.
 *
 * @module
 */
import { SchedError } from "../errors.ts";
import { DEFAULT_PARAMETERS, frozen, type ThreadParameters } from "../parameters.ts";
import { MAX_THREADS, type ThreadId } from "../policy.ts";
import { grown } from "../queues/grown.ts";
import { RunQueues } from "../queues/run_queues.ts";
import { isInteger } from "../../util/integer.ts";

/** A thread is unknown or over, not ready, ready, or has a CPU. */
export const enum ThreadState {
  UNKNOWN = 0,
  ASLEEP = 1,
  READY = 2,
  RUNNING = 3,
}

/** A thread, as it is saved. */
export type ThreadRecord = {
  readonly thread: ThreadId;
  readonly running: boolean;
  readonly cpu: number;
  readonly parameters: { readonly [K in keyof ThreadParameters]: ThreadParameters[K] };
};

/** A ready thread, as it is saved. */
export type ReadyRecord = readonly [thread: ThreadId, since: number];

/** The threads of a host. */
export class HostThreads {
  /** The ready ones, in the order they became ready, where it is to be known who waits longest. */
  readonly #waiting = new RunQueues(1);
  #timed = false;
  /** When each became ready last, counted in such events. */
  #order = new Float64Array(0);
  #events = 0;
  #size = 0;
  #states = new Uint8Array(0);
  #cpus = new Int32Array(0);
  #since = new Float64Array(0);
  #parameters: ThreadParameters[] = [];

  /** Makes a thread known. @throws {SchedError} `invalid-thread` if it is, or is no number */
  add(thread: ThreadId, parameters: ThreadParameters): void {
    if (!isInteger(thread, 0, MAX_THREADS - 1)) {
      refuse(thread, "admit", `an integer from 0 to ${MAX_THREADS - 1}`);
    }
    if (this.state(thread) !== ThreadState.UNKNOWN) refuse(thread, "admit", "a new thread");
    if (thread >= this.#states.length) {
      this.#states = grown(this.#states, thread);
      this.#cpus = grown(this.#cpus, thread);
      this.#since = grown(this.#since, thread);
      this.#order = grown(this.#order, thread);
    }
    while (this.#parameters.length < thread) this.#parameters.push(DEFAULT_PARAMETERS);
    this.#parameters[thread] = parameters;
    this.#states[thread] = ThreadState.ASLEEP;
    this.#cpus[thread] = parameters.affinity?.[0] ?? 0;
  }

  /** What a thread is at. */
  state(thread: ThreadId): ThreadState {
    return this.#states[thread] ?? ThreadState.UNKNOWN;
  }

  /** Parameters of a thread. */
  parameters(thread: ThreadId): ThreadParameters {
    return this.#parameters[thread] ?? DEFAULT_PARAMETERS;
  }

  /** Changes parameters. */
  update(thread: ThreadId, parameters: ThreadParameters): void {
    this.#parameters[thread] = parameters;
  }

  /** Whether a thread may run on a CPU. */
  allows(thread: ThreadId, cpu: number): boolean {
    const { affinity } = this.parameters(thread);
    return affinity === null || affinity.includes(cpu);
  }

  /** CPU a thread ran on last. */
  cpu(thread: ThreadId): number {
    return this.#cpus[thread]!;
  }

  /** A thread becomes ready. */
  makeReady(thread: ThreadId, since: number): void {
    const state = this.state(thread);
    if (state === ThreadState.UNKNOWN || state === ThreadState.READY) {
      refuse(thread, "enqueue", "a thread that is known and not ready");
    }
    this.#states[thread] = ThreadState.READY;
    this.#since[thread] = since;
    this.#order[thread] = this.#events++;
    this.#size++;
    if (this.#timed) this.#waiting.push(thread, 0);
  }

  /** A thread is ready no more. */
  take(thread: ThreadId): void {
    this.#size--;
    if (this.#timed) this.#waiting.remove(thread);
    this.#states[thread] = ThreadState.ASLEEP;
  }

  /** A thread gets a CPU. */
  run(thread: ThreadId, cpu: number): void {
    this.#states[thread] = ThreadState.RUNNING;
    this.#cpus[thread] = cpu;
  }

  /** A thread stops running. */
  stop(thread: ThreadId): void {
    this.#states[thread] = ThreadState.ASLEEP;
  }

  /** A thread is over. */
  forget(thread: ThreadId): void {
    this.#states[thread] = ThreadState.UNKNOWN;
    this.#parameters[thread] = DEFAULT_PARAMETERS;
  }

  /** Number of ready threads. */
  get size(): number {
    return this.#size;
  }

  /** Whether it is known who has been ready longest, which costs a list of all that are. */
  set timed(timed: boolean) {
    if (timed === this.#timed) return;
    this.#timed = timed;
    const threads = timed ? this.readyList() : [];
    this.#waiting.restore([{ level: 0, threads }]);
  }

  /** The thread that has been ready longest, or -1; only where that is known. */
  get longest(): ThreadId {
    return this.#waiting.head(0);
  }

  /** When that thread became ready, `Infinity` if none is. */
  get oldest(): number {
    return this.longest < 0 ? Infinity : this.#since[this.longest]!;
  }

  /** The ready threads, longest first. */
  readyList(): ThreadId[] {
    const ready = this.list().filter((thread) => this.state(thread) === ThreadState.READY);
    return ready.sort((a, b) => this.#order[a]! - this.#order[b]!);
  }

  /** All threads there are. */
  list(): ThreadId[] {
    const all: ThreadId[] = [];
    this.#states.forEach((state, thread) => state !== ThreadState.UNKNOWN && all.push(thread));
    return all;
  }

  /** As plain data. */
  save(): { threads: ThreadRecord[]; ready: ReadyRecord[] } {
    return {
      threads: this.list().map((thread) => ({
        thread,
        running: this.state(thread) === ThreadState.RUNNING,
        cpu: this.cpu(thread),
        parameters: this.parameters(thread),
      })),
      ready: this.readyList().map((thread) => [thread, this.#since[thread]!]),
    };
  }

  /** Takes over what {@linkcode HostThreads.save} returned. */
  restore(state: { threads: readonly ThreadRecord[]; ready: readonly ReadyRecord[] }): void {
    this.#waiting.restore([]);
    this.#size = 0;
    this.#states.fill(ThreadState.UNKNOWN);
    this.#parameters = [];
    for (const { thread, running, cpu, parameters } of state.threads) {
      const { affinity } = parameters;
      this.add(thread, frozen({ ...parameters, affinity: affinity && [...affinity] }));
      this.#cpus[thread] = cpu;
      if (running) this.run(thread, cpu);
    }
    for (const [thread, since] of state.ready) this.makeReady(thread, since);
  }
}

function refuse(thread: unknown, action: string, expected: string): never {
  throw new SchedError("invalid-thread", {
    message: `Cannot ${action} thread ${thread}: expected ${expected}`,
    value: thread,
  });
}
