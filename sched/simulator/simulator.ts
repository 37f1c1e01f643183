/**
 * Runs a policy over a described workload, without an engine: the same policy objects that drive
 * the real machine.
 *
 * The simulated kernel keeps to what a real one does. There are one or more CPUs, a periodic timer
 * whose interrupt charges running threads by {@linkcode Policy.tick}, and arrivals and wakeups that
 * may preempt by {@linkcode Policy.preempts}. When several things fall on the same instant, threads
 * become ready first (in the order of their ids), then running threads' steps end or their quanta
 * do, then the next threads are picked: a thread that arrives just as another's quantum ends is
 * ahead of it, as the textbooks have it.
 *
 * A policy that breaks its contract is put out, and round robin takes over.
 *
 * @module
 */
import { SchedError } from "../errors.ts";
import type { PolicyFault } from "../host/fault.ts";
import { MAX_CPUS } from "../parameters.ts";
import type { Policy, ThreadId } from "../policy.ts";
import { Simulation, type SimulationSink, type ThreadEvent } from "./simulation.ts";
import { checkWorkload, type Workload } from "./workload.ts";

/** What happened to a thread, or that no thread was ready. Times are on the simulation's clock. */
export type SimulationEvent =
  | {
    /**
     * What happened: `arrive` and `wake` make ready, `dispatch` gives the CPU, the rest take it
     * away.
     */
    readonly type: ThreadEvent;
    /** When. */
    readonly time: number;
    /** Id of the thread. */
    readonly thread: ThreadId;
    /** Where, or where it is meant to run; absent if there is one CPU only. */
    readonly cpu?: number;
  }
  | {
    /** No CPU has anything to run. */
    readonly type: "idle";
    /** When. */
    readonly time: number;
    /** When the next thread becomes ready, or the policy's timer is due. */
    readonly until: number;
  }
  | {
    /** The policy broke its contract; round robin has taken over. */
    readonly type: "policy-fault";
    /** When. */
    readonly time: number;
    /** What it did. */
    readonly fault: PolicyFault;
  };

/** How the simulated machine behaves. */
export interface SimulationOptions {
  /** Time between timer interrupts, a positive integer; 1 (a quantum ends exactly) if absent. */
  readonly tickInterval?: number;
  /** Time it costs to give a CPU to another thread than ran last; 0 if absent. */
  readonly switchCost?: number;
  /** Number of CPUs, 1 to 64; 1 if absent. */
  readonly cpus?: number;
  /** Seed of the policy's random numbers; 0 if absent. */
  readonly seed?: number;
  /** Longest time a thread may be ready, where the policy does not say; no limit if absent. */
  readonly timeout?: number;
  /** Ends the simulation at the first instant from then on; no end if absent. */
  readonly until?: number;
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
 * @param options the simulated machine
 * @throws {SchedError} `invalid-workload`, `invalid-policy` or `invalid-option` before the first
 *   event
 */
export function* simulate(
  workload: Workload,
  policy: Policy,
  options: SimulationOptions = {},
): Generator<SimulationEvent, void, void> {
  const { tickInterval = 1, switchCost = 0, cpus = 1, seed = 0 } = options;
  const { timeout = Infinity, until = Infinity } = options;
  checkOption("tickInterval", { value: tickInterval, least: 1 });
  checkOption("switchCost", { value: switchCost, least: 0 });
  checkOption("cpus", { value: cpus, least: 1, most: MAX_CPUS });
  checkOption("seed", { value: seed, least: 0 });
  if (timeout !== Infinity) checkOption("timeout", { value: timeout, least: 1 });
  if (until !== Infinity) checkOption("until", { value: until, least: 0 });
  checkWorkload(workload, cpus);
  const events: SimulationEvent[] = [];
  const sink: SimulationSink = {
    thread: (type, time, thread, cpu) =>
      events.push(cpus > 1 ? { type, time, thread, cpu } : { type, time, thread }),
    idle: (time, until) => events.push({ type: "idle", time, until }),
    fault: (fault) => events.push({ type: "policy-fault", time: fault.time, fault }),
  };
  const simulation = new Simulation(workload, {
    ...{ policy, tickInterval, switchCost, cpus, seed, timeout },
    sink,
  });
  for (let more = true; more && simulation.now < until;) {
    more = simulation.step();
    yield* events;
    events.length = 0;
  }
}

function checkOption(
  name: string,
  options: { value: number; least: number; most?: number },
): void {
  const { value, least, most } = options;
  if (Number.isSafeInteger(value) && value >= least && value <= (most ?? value)) return;
  const expected = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new SchedError("invalid-option", {
    message: `Cannot use ${name} ${value}: it must be an integer ${expected}`,
    value,
  });
}
