/**
 * Workloads for the simulator: threads described by what they do, in guest instructions, without
 * any code.
 *
 * @module
 */
import { SchedError } from "../errors.ts";
import { Random } from "../../util/random.ts";
import { checkParameters, type ParameterOptions, PRIORITIES } from "../parameters.ts";

/** One thing a simulated thread does. Times are guest instructions. */
export type Step =
  /** Needs the CPU for that long; a positive integer. */
  | { readonly type: "run"; readonly time: number }
  /** Blocks and wakes up that much later; a non-negative integer. */
  | { readonly type: "sleep"; readonly time: number }
  /** Gives the CPU up but stays ready. */
  | { readonly type: "yield" };

/** A simulated thread; its id is its place in the workload. */
export interface ThreadSpec extends ParameterOptions {
  /** Name in charts. */
  readonly name: string;
  /** When it becomes ready first; 0 if absent. */
  readonly arrival?: number;
  /** What it does, in order; it exits after the last step. */
  readonly steps: readonly Step[];
}

/** The threads of a simulation, by id. */
export type Workload = readonly ThreadSpec[];

/**
 * Checks a workload before it is simulated.
 * @param workload threads to check
 * @param cpus number of CPUs
 * @throws {SchedError} `invalid-workload`, naming the thread and the step
 */
export function checkWorkload(workload: Workload, cpus = 1): void {
  for (const spec of workload) {
    const { name, arrival = 0, steps } = spec;
    checkThread(spec, cpus);
    checkTime(arrival, { what: `arrival of thread "${name}"`, least: 0 });
    for (const [index, step] of steps.entries()) {
      if (step.type === "yield") continue;
      checkTime(step.time, {
        what: `step ${index} (${step.type}) of thread "${name}"`,
        least: step.type === "run" ? 1 : 0,
      });
    }
  }
}

function checkThread(spec: ThreadSpec, cpus: number): void {
  try {
    checkParameters(spec, { cpus, thread: `thread "${spec.name}"` });
  } catch (error) {
    if (!(error instanceof SchedError)) throw error;
    throw new SchedError("invalid-workload", { message: error.message, value: error.value });
  }
}

function checkTime(time: number, options: { what: string; least: number }): void {
  if (Number.isSafeInteger(time) && time >= options.least) return;
  throw new SchedError("invalid-workload", {
    message:
      `Cannot simulate ${options.what} with time ${time}: it must be an integer of at least ${options.least}`,
    value: time,
  });
}

/** Bounds of a random workload; every bound is inclusive. */
export interface RandomWorkloadOptions {
  /** Number of threads. */
  readonly threads: number;
  /** Most run steps of a thread; each thread has at least 1. Default 5. */
  readonly bursts?: number;
  /** Longest run step. Default 50. */
  readonly burst?: number;
  /** Longest sleep between run steps. Default 50. */
  readonly sleep?: number;
  /** Latest arrival. Default 100. */
  readonly arrival?: number;
  /** Highest priority. Default 255. */
  readonly priority?: number;
}

/**
 * Makes a workload of threads that run, sleep and yield at random; the same seed makes the same
 * workload.
 * @param seed seed of the random numbers
 * @param options how many threads and how long their steps may be
 */
export function randomWorkload(seed: number, options: RandomWorkloadOptions): Workload {
  const random = new Random(seed);
  const { threads, bursts = 5, burst = 50, sleep = 50, arrival = 100 } = options;
  const { priority = PRIORITIES - 1 } = options;
  return Array.from({ length: threads }, (_, id): ThreadSpec => {
    const steps: Step[] = [];
    const count = random.between(1, bursts);
    for (let index = 0; index < count; index++) {
      steps.push({ type: "run", time: random.between(1, burst) });
      if (index === count - 1) break;
      if (random.below(3) === 0) steps.push({ type: "yield" });
      else steps.push({ type: "sleep", time: random.between(0, sleep) });
    }
    return {
      name: `t${id}`,
      arrival: random.between(0, arrival),
      priority: random.between(0, priority),
      steps,
    };
  });
}
