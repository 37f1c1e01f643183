/**
 * Checks a workload before it is simulated, wherever it comes from.
 *
 * @module
 */
import { isInteger } from "../../util/integer.ts";
import { SchedError } from "../errors.ts";
import { hasCeiling, MUTEX_PROTOCOLS } from "../locks/mod.ts";
import { checkParameters, MAX_CPUS, type ParameterOptions, PRIORITIES } from "../parameters.ts";
import { MAX_THREADS } from "../policy.ts";
import {
  choiceOf,
  type Fields,
  fieldsOf,
  integerOf,
  isRecord,
  listOf,
  nameOf,
  refuse,
} from "./checks.ts";
import { checkSteps, type Started, type StepScope } from "./check_steps.ts";
import { type GivenWorkload, type Workload, workloadOf } from "./workload.ts";

/** Most jobs that come at once. */
const MOST_BURST = 1_000_000;

const PARAMETERS = ["priority", "nice", "weight", "period", "deadline", "budget", "affinity"];

/** The lists of a workload besides its threads, and the fields of what is in them. */
const SHARED = {
  mutexes: { kind: "mutex", optional: ["protocol", "ceiling"] },
  semaphores: { kind: "semaphore", optional: ["count"] },
  conditions: { kind: "condition", optional: [] },
  devices: { kind: "device", optional: [] },
} as const;

/** Their names. */
export const SHARED_LISTS = Object.keys(SHARED) as readonly (keyof typeof SHARED)[];

/**
 * Checks a workload.
 * @param given the workload; a list stands for its threads
 * @param cpus number of CPUs there are for affinities
 * @returns it, as a record
 * @throws {SchedError} `invalid-workload`, with the JSON path, what was found and what was expected
 */
export function checkWorkload(given: GivenWorkload, cpus: number = MAX_CPUS): Workload {
  const workload = workloadOf(given);
  const fields = fieldsOf(workload, {
    path: "$",
    required: ["threads"],
    optional: SHARED_LISTS,
  });
  const threads = listOf(fields.threads, "$.threads");
  if (threads.length > MAX_THREADS) {
    refuse("$.threads", threads, `a list of at most ${MAX_THREADS} threads`);
  }
  const names = {
    ...{ mutex: new Set<string>(), semaphore: new Set<string>() },
    ...{ condition: new Set<string>(), device: new Set<string>() },
  };
  const ceilings = new Map<string, number>();
  for (const list of SHARED_LISTS) {
    const { kind, optional } = SHARED[list];
    for (const [index, value] of listOf(fields[list], `$.${list}`).entries()) {
      const path = `$.${list}[${index}]`;
      const object = fieldsOf(value, { path, required: ["name"], optional });
      const name = newName(object.name, { path: `${path}.name`, kind, names: names[kind] });
      checkObject(object, { path, name, ceilings });
    }
  }
  new ThreadChecker({ cpus, names, ceilings }).check(threads);
  return workload;
}

function newName(
  value: unknown,
  options: { path: string; kind: string; names: Set<string> },
): string {
  const { path, kind, names } = options;
  const name = nameOf(value, path);
  if (names.has(name)) refuse(path, name, `a name that no other ${kind} has`);
  names.add(name);
  return name;
}

function checkObject(
  object: Fields,
  options: { path: string; name: string; ceilings: Map<string, number> },
): void {
  const { path, name, ceilings } = options;
  const { count, ceiling, protocol: given = "none" } = object;
  if (count !== undefined) integerOf(count, { path: `${path}.count`, least: 0 });
  const protocol = choiceOf(given, { path: `${path}.protocol`, of: MUTEX_PROTOCOLS });
  if (ceiling === undefined) return;
  if (!hasCeiling(protocol)) {
    refuse(`${path}.ceiling`, ceiling, `none with protocol "${protocol}"`);
  }
  const most = PRIORITIES - 1;
  ceilings.set(name, integerOf(ceiling, { path: `${path}.ceiling`, least: 0, most }));
}

/** Checks threads, one after the other. */
class ThreadChecker {
  readonly #options: {
    readonly cpus: number;
    readonly names: StepScope["names"];
    readonly ceilings: ReadonlyMap<string, number>;
  };
  readonly #names = new Set<string>();
  readonly #starts: Started[] = [];
  readonly #triggers: Started[] = [];
  readonly #yieldsTo: Started[] = [];
  /** Threads whose jobs others trigger. */
  readonly #triggered = new Set<string>();
  /** Threads that others are to start, with their paths. */
  readonly #started = new Map<string, string>();

  constructor(options: {
    readonly cpus: number;
    readonly names: StepScope["names"];
    readonly ceilings: ReadonlyMap<string, number>;
  }) {
    this.#options = options;
  }

  check(threads: readonly unknown[]): void {
    for (const [index, thread] of threads.entries()) this.#thread(thread, `$.threads[${index}]`);
    for (const { path, thread } of this.#starts) {
      if (!this.#started.delete(thread)) {
        const expected = this.#names.has(thread)
          ? `a thread of arrival "started" that no other step starts`
          : "the name of a thread";
        refuse(path, thread, expected);
      }
    }
    for (const { path, thread } of this.#triggers) {
      if (this.#triggered.has(thread)) continue;
      refuse(path, thread, 'the name of a thread whose jobs are "triggered"');
    }
    for (const { path, thread } of this.#yieldsTo) {
      if (!this.#names.has(thread)) refuse(path, thread, "the name of a thread");
    }
    for (const path of this.#started.values()) {
      refuse(path, "started", "a time, as no step starts the thread");
    }
  }

  #thread(value: unknown, path: string): void {
    const spec = fieldsOf(value, {
      path,
      required: ["name", "steps"],
      optional: ["arrival", "jobs", ...PARAMETERS],
    });
    const name = newName(spec.name, { path: `${path}.name`, kind: "thread", names: this.#names });
    const { priority, period, deadline } = this.#parameters(spec, { path, spec });
    if (spec.arrival === "started") this.#started.set(name, `${path}.arrival`);
    else if (spec.arrival !== undefined && !isInteger(spec.arrival, 0)) {
      const most = Number.MAX_SAFE_INTEGER;
      refuse(`${path}.arrival`, spec.arrival, `an integer from 0 to ${most}, or "started"`);
    }
    if (spec.jobs !== undefined) checkJobs(spec.jobs, { path, period });
    if ((spec.jobs as Fields | undefined)?.pattern === "triggered") {
      this.#triggered.add(name);
      if (spec.arrival !== undefined) {
        refuse(`${path}.arrival`, spec.arrival, "none, as its first job has it arrive");
      }
    }
    let highest = priority;
    const locked: [mutex: string, path: string][] = [];
    const takesTime = checkSteps(spec.steps, {
      path: `${path}.steps`,
      scope: {
        names: this.#options.names,
        again: spec.jobs !== undefined,
        parameters: (given, at) => {
          const fields = fieldsOf(given, { path: at, required: [], optional: PARAMETERS });
          const set = this.#parameters(fields, { path: at, spec });
          highest = Math.max(highest, set.priority);
        },
        locks: (mutex, at) => locked.push([mutex, at]),
        starts: (started) => this.#starts.push(started),
        triggers: (triggered) => this.#triggers.push(triggered),
        yieldsTo: (named) => this.#yieldsTo.push(named),
      },
    });
    if (this.#triggered.has(name) && !takesTime) {
      const expected =
        "something that takes time, as jobs that trigger others might do so for ever";
      refuse(`${path}.steps`, spec.steps, expected);
    }
    if ((spec.jobs as Fields | undefined)?.onMiss === "abort") {
      checkAbandoned(spec, { path, deadline });
    }
    for (const [mutex, at] of locked) {
      const ceiling = this.#options.ceilings.get(mutex) ?? Infinity;
      if (ceiling < highest) {
        refuse(at, mutex, `a mutex whose ceiling is at least the thread's priority, ${highest}`);
      }
    }
  }

  /** Checks parameters, those of a thread or those that it sets. */
  #parameters(
    given: Fields,
    options: { path: string; spec: Fields },
  ): { priority: number; period: number; deadline: number } {
    const { path, spec } = options;
    const asked = given === spec ? spec : { ...spec, ...given };
    try {
      return checkParameters(asked as ParameterOptions, { cpus: this.#options.cpus, thread: path });
    } catch (error) {
      if (!(error instanceof SchedError) || error.path === undefined) throw error;
      return refuse(`${path}.${error.path}`, error.value, error.expected ?? "another value");
    }
  }
}

const JOB_FIELDS = {
  periodic: { required: ["pattern"], optional: ["count", "jitter", "onMiss"] },
  sporadic: { required: ["pattern", "most"], optional: ["count", "onMiss"] },
  bursty: { required: ["pattern", "burst"], optional: ["count", "onMiss"] },
  listed: { required: ["pattern", "times"], optional: ["onMiss"] },
  triggered: { required: ["pattern"], optional: ["onMiss"] },
} as const;

function checkJobs(value: unknown, options: { path: string; period: number }): void {
  const { period } = options;
  const path = `${options.path}.jobs`;
  if (!isRecord(value)) return refuse(path, value, "a record with a pattern");
  const pattern = choiceOf(value.pattern, {
    path: `${path}.pattern`,
    of: ["periodic", "sporadic", "bursty", "listed", "triggered"],
  });
  const fields = fieldsOf(value, { path, ...JOB_FIELDS[pattern] });
  const { count, jitter, most, burst, times, onMiss } = fields;
  if (onMiss !== undefined) choiceOf(onMiss, { path: `${path}.onMiss`, of: ["continue", "abort"] });
  if (pattern === "listed") return checkTimes(times, `${path}.times`);
  if (pattern === "triggered") return;
  if (period === 0) refuse(`${options.path}.period`, period, "at least 1, as the thread has jobs");
  if (count !== undefined) integerOf(count, { path: `${path}.count`, least: 1 });
  if (jitter !== undefined) {
    const longest = Math.min(period, 2 ** 32 - 1);
    integerOf(jitter, { path: `${path}.jitter`, least: 0, most: longest });
  }
  if (pattern === "sporadic") {
    const longest = Math.min(Number.MAX_SAFE_INTEGER, period + 2 ** 32 - 1);
    integerOf(most, { path: `${path}.most`, least: period, most: longest });
  }
  if (pattern === "bursty") {
    integerOf(burst, { path: `${path}.burst`, least: 1, most: MOST_BURST });
  }
}

/** Jobs that are to be abandoned have a deadline, and run before they trigger, and nothing else. */
function checkAbandoned(spec: Fields, options: { path: string; deadline: number }): void {
  const { path, deadline } = options;
  if (deadline === 0) refuse(`${path}.deadline`, deadline, "at least 1, as jobs are abandoned");
  let before: unknown = "run";
  for (const [index, step] of listOf(spec.steps, `${path}.steps`).entries()) {
    const { type } = step as Fields;
    const fits = type === "trigger" || (type === "run" && before === "run");
    if (!fits) {
      const expected = '"run", or "trigger" at the end, as jobs are abandoned at their deadlines';
      refuse(`${path}.steps[${index}].type`, type, expected);
    }
    before = type;
  }
}

function checkTimes(value: unknown, path: string): void {
  const times = listOf(value, path);
  if (times.length === 0) refuse(path, times, "at least one time");
  let least = 0;
  for (const [index, time] of times.entries()) {
    least = integerOf(time, { path: `${path}[${index}]`, least });
  }
}
