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
import type { Policy } from "../policy.ts";
import { checkWorkload } from "./check_workload.ts";
import { checkConditions, type SimulationOptions } from "./conditions.ts";
import { endlessThread } from "./endless.ts";
import { recordingSink, type SimulationEvent, type SimulationSink } from "./events.ts";
import { sharedObjects } from "./program.ts";
import { Simulation } from "./simulation.ts";
import type { GivenWorkload } from "./workload.ts";

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
  workload: GivenWorkload,
  policy: Policy,
  options: SimulationOptions = {},
): Generator<SimulationEvent, void, void> {
  const events: SimulationEvent[] = [];
  const { cpus = 1 } = options;
  const sink = recordingSink(events, { cpus, objects: sharedObjects(workload) });
  const simulation = prepareSimulation(workload, { ...options, policy, sink });
  for (let more = true; more;) {
    try {
      more = simulation.step();
    } finally {
      // What has happened is told even if it ends in an error.
      yield* events;
    }
    events.length = 0;
  }
}

/**
 * Checks a workload and prepares its simulation for a sink, to which nothing is told yet: millions
 * of events then cost no memory.
 *
 * @example How often threads are switched
 * ```ts
 * import { createPolicy, prepareSimulation, randomWorkload } from "@trapline/trapline/sched";
 *
 * let dispatches = 0;
 * const simulation = prepareSimulation(randomWorkload(7, { threads: 300 }), {
 *   policy: createPolicy("rr", { quantum: 10 }),
 *   sink: { thread: (type) => dispatches += type === "dispatch" ? 1 : 0 },
 *   cpus: 4,
 * });
 * simulation.run();
 * console.log(`${dispatches} until time ${simulation.now}`);
 * ```
 *
 * @param workload the threads; the id of a thread is its index
 * @param options the simulated machine, a fresh policy, and who hears what happens
 * @throws {SchedError} `invalid-workload`, `invalid-policy` or `invalid-option`
 */
export function prepareSimulation(
  workload: GivenWorkload,
  options: SimulationOptions & { readonly policy: Policy; readonly sink: SimulationSink },
): Simulation {
  const { cpus } = checkConditions(options);
  const checked = checkWorkload(workload, cpus);
  if (options.until === undefined) {
    const endless = endlessThread(checked.threads);
    if (endless !== undefined) {
      throw new SchedError("invalid-option", {
        message: `Cannot simulate without until: thread "${endless.name}" never ends; give a ` +
          "time, or Infinity",
        value: undefined,
      });
    }
  }
  return new Simulation(checked, options);
}
