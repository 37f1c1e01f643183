/**
 * Runs a policy over a described workload, without an engine: the same policy objects that drive
 * the real machine.
 *
 * The loop keeps to what a kernel does. One CPU; a periodic timer whose interrupt charges the
 * running thread by {@linkcode Policy.tick}; arrivals and wakeups that may preempt by
 * {@linkcode Policy.preempts}. When several things fall on the same instant, threads become ready
 * first (in the order of their ids), then the running thread's step ends or its quantum does, then
 * the next thread is picked: a thread that arrives just as another's quantum ends is ahead of it,
 * as the textbooks have it.
 *
 * The simulator also watches the policy: one that loses a thread, or picks one that is not ready,
 * is reported.
 *
 * @module
 */
import { SchedError } from "../errors.ts";
import type { Policy, ReadyReason, StopReason, ThreadId, ThreadParameters } from "../policy.ts";
import { checkWorkload, type Workload } from "./workload.ts";

/** What happened to a thread, or that no thread was ready. Times are on the simulation's clock. */
export type SimulationEvent =
  | {
    /**
     * What happened: `arrive` and `wake` make ready, `dispatch` gives the CPU, the rest take it
     * away.
     */
    readonly type: "arrive" | "wake" | "dispatch" | "preempt" | "yield" | "sleep" | "exit";
    /** When. */
    readonly time: number;
    /** Id of the thread. */
    readonly thread: ThreadId;
  }
  | {
    /** Nothing is ready. */
    readonly type: "idle";
    /** When. */
    readonly time: number;
    /** When the next thread becomes ready. */
    readonly until: number;
  };

/** How the simulated machine behaves. */
export interface SimulationOptions {
  /**
   * Instructions between timer interrupts, a positive integer; 1 (a quantum ends exactly) if
   * absent.
   */
  readonly tickInterval?: number;
  /** Instructions it costs to give the CPU to another thread than ran last; 0 if absent. */
  readonly switchCost?: number;
}

/** A thread during the simulation. */
interface Simulated {
  readonly id: ThreadId;
  readonly parameters: ThreadParameters;
  /** Next step to begin. */
  step: number;
  /** Instructions left of the run step it is in. */
  left: number;
  state: "asleep" | "ready" | "running" | "done";
}

/** A thread that will become ready. */
interface Alarm {
  readonly time: number;
  readonly thread: Simulated;
  readonly type: "arrive" | "wake";
}

/**
 * Simulates a workload under a policy, event by event.
 *
 * @example Every decision of a policy
 * ```ts
 * import { createPolicy, randomWorkload, simulate } from "@trapline/trapline/sched";
 *
 * const workload = randomWorkload(7, { threads: 3 }); // the seed makes it
 * for (const event of simulate(workload, createPolicy("rr", { quantum: 10 }))) console.log(event);
 * ```
 *
 * @param workload the threads; the id of a thread is its index
 * @param policy a fresh policy; it is used up
 * @param options timer interval and cost of a switch
 * @throws {SchedError} `invalid-workload` or `invalid-option` before the first event;
 *   `policy-contract` when the policy loses a
 * thread or picks one that is not ready
 */
export function* simulate(
  workload: Workload,
  policy: Policy,
  options: SimulationOptions = {},
): Generator<SimulationEvent, void, void> {
  checkWorkload(workload);
  const { tickInterval = 1, switchCost = 0 } = options;
  checkOption("tickInterval", { value: tickInterval, least: 1 });
  checkOption("switchCost", { value: switchCost, least: 0 });
  yield* new Simulation(workload, { policy, tickInterval, switchCost }).run();
}

function checkOption(name: string, options: { value: number; least: number }): void {
  const { value, least } = options;
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new SchedError("invalid-option", {
    message: `Cannot use ${name} ${value}: it must be an integer of at least ${least}`,
    value,
  });
}

class Simulation {
  readonly #workload: Workload;
  readonly #policy: Policy;
  readonly #tickInterval: number;
  readonly #switchCost: number;
  readonly #threads: readonly Simulated[];
  #alarms: Alarm[];
  #now = 0;
  #running: Simulated | null = null;
  #last: Simulated | null = null;
  /** When the running thread was charged last. */
  #charged = 0;
  #mustYield = false;

  constructor(
    workload: Workload,
    options: { policy: Policy; tickInterval: number; switchCost: number },
  ) {
    this.#workload = workload;
    this.#policy = options.policy;
    this.#tickInterval = options.tickInterval;
    this.#switchCost = options.switchCost;
    this.#threads = workload.map(({ priority = 0 }, id) => ({
      id,
      parameters: { priority },
      step: 0,
      left: 0,
      state: "asleep",
    }));
    this.#alarms = this.#threads.map((thread) => ({
      time: workload[thread.id]?.arrival ?? 0,
      thread,
      type: "arrive",
    }));
  }

  *run(): Generator<SimulationEvent, void, void> {
    for (;;) {
      yield* this.#wakeDue();
      if (this.#running !== null) yield* this.#endOfInterval(this.#running);
      if (this.#running === null) yield* this.#dispatch();
      if (this.#running !== null) this.#advance(this.#running);
      else if (this.#alarms.length > 0) yield* this.#idle();
      else return this.#checkAllDone();
    }
  }

  /** Makes every thread ready whose time has come. */
  *#wakeDue(): Generator<SimulationEvent, void, void> {
    const due = this.#alarms.filter(({ time }) => time <= this.#now);
    if (due.length === 0) return;
    this.#alarms = this.#alarms.filter(({ time }) => time > this.#now);
    due.sort((a, b) => a.time - b.time || a.thread.id - b.thread.id);
    for (const { time, thread, type } of due) {
      this.#makeReady(thread, type === "arrive" ? "start" : "wakeup");
      yield { type, time, thread: thread.id };
      const running = this.#running;
      if (running !== null && this.#policy.preempts(thread.parameters, running.parameters)) {
        this.#mustYield = true;
      }
    }
  }

  #makeReady(thread: Simulated, reason: ReadyReason): void {
    thread.state = "ready";
    this.#policy.enqueue(thread.id, { parameters: thread.parameters, reason });
  }

  /** Ends the running thread's step, or takes the CPU from it if it must give way. */
  *#endOfInterval(running: Simulated): Generator<SimulationEvent, void, void> {
    if (running.left === 0) yield* this.#nextSteps(running);
    if (this.#running === null) return;
    if (!this.#mustYield && this.#now % this.#tickInterval !== 0) return;
    // A preempted thread is charged for the part of a tick it ran, so its quantum is exact.
    const expired = this.#policy.tick(running.id, this.#charge());
    if (expired || this.#mustYield) {
      yield { type: "preempt", time: this.#now, thread: running.id };
      this.#release("ready", expired ? "quantum" : "preempted");
      this.#makeReady(running, "preempt");
    }
  }

  /** Begins the steps of a thread that has the CPU, until one takes time or gives the CPU up. */
  *#nextSteps(running: Simulated): Generator<SimulationEvent, void, void> {
    const step = this.#workload[running.id]?.steps[running.step++];
    const now = this.#now;
    if (step?.type === "run") {
      running.left = step.time;
      return;
    }
    yield { type: step?.type ?? "exit", time: now, thread: running.id };
    if (step === undefined) {
      this.#release("done", "ended");
      this.#policy.forget(running.id);
    } else if (step.type === "yield") {
      this.#release("ready", "yielded");
      this.#makeReady(running, "yield");
    } else {
      this.#release("asleep", "blocked");
      this.#alarms.push({ time: now + step.time, thread: running, type: "wake" });
      yield* this.#wakeDue();
    }
  }

  /** What the running thread has run since it was charged last. */
  #charge(): number {
    const elapsed = this.#now - this.#charged;
    this.#charged = this.#now;
    return elapsed;
  }

  #release(state: Simulated["state"], reason: StopReason): void {
    if (this.#running !== null) {
      this.#policy.stopped(this.#running.id, { elapsed: this.#charge(), reason });
      this.#running.state = state;
    }
    this.#running = null;
    this.#mustYield = false;
  }

  /**
   * Gives the free CPU to the thread the policy picks; a thread whose steps take no time leaves it
   * at once.
   */
  *#dispatch(): Generator<SimulationEvent, void, void> {
    while (this.#running === null) {
      const id = this.#policy.pick();
      if (id === null) return;
      const thread = this.#threads[id];
      if (thread?.state !== "ready") {
        throw new SchedError("policy-contract", {
          message: `Policy "${this.#policy.name}" picked thread ${id}, which is not ready`,
          value: id,
        });
      }
      thread.state = "running";
      this.#running = thread;
      if (this.#last !== null && this.#last !== thread) this.#now += this.#switchCost;
      this.#last = thread;
      this.#charged = this.#now;
      yield* this.#wakeDue();
      yield { type: "dispatch", time: this.#now, thread: id };
      if (thread.left === 0) yield* this.#nextSteps(thread);
    }
  }

  /**
   * Runs the thread until something may happen: its step ends, the timer interrupts, or a thread
   * becomes ready.
   */
  #advance(running: Simulated): void {
    const timer = (Math.floor(this.#now / this.#tickInterval) + 1) * this.#tickInterval;
    let until = Math.min(this.#now + running.left, timer);
    for (const { time } of this.#alarms) until = Math.min(until, time);
    // A preemption that became due during the switch happens before the first instruction.
    if (this.#mustYield) until = this.#now;
    running.left -= until - this.#now;
    this.#now = until;
  }

  *#idle(): Generator<SimulationEvent, void, void> {
    const until = Math.min(...this.#alarms.map(({ time }) => time));
    yield { type: "idle", time: this.#now, until };
    this.#now = until;
  }

  #checkAllDone(): void {
    const lost = this.#threads.find(({ state }) => state !== "done");
    if (lost === undefined) return;
    throw new SchedError("policy-contract", {
      message: `Policy "${this.#policy.name}" lost thread ${lost.id}, which is ${lost.state}`,
      value: lost.id,
    });
  }
}
