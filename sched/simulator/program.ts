/**
 * A workload as the simulation runs it: the steps of all threads in flat arrays, names resolved to
 * numbers. Loops are jumps backwards.
 *
 * @module
 */
import type { ParameterOptions } from "../parameters.ts";
import type { WakeHint } from "../policy.ts";
import {
  type Duration,
  type GivenWorkload,
  type Jobs,
  type NamedSpec,
  type Step,
  type Workload,
  workloadOf,
} from "./workload.ts";

/** What an operation does. */
export const enum Op {
  /** The steps are over. */
  END = 0,
  RUN = 1,
  SLEEP = 2,
  YIELD = 3,
  IO = 4,
  START = 5,
  SET = 6,
  /** Back to `target`, so many times in all. */
  LOOP = 7,
  LOCK = 8,
  UNLOCK = 9,
  ACQUIRE = 10,
  RELEASE = 11,
  WAIT = 12,
  SIGNAL = 13,
  BROADCAST = 14,
  MARK = 15,
  TRIGGER = 16,
  /** RELEASE, and ACQUIRE of the other. */
  EXCHANGE = 17,
}

/** What threads share. */
export type ObjectKind = "mutex" | "semaphore" | "condition" | "device";

/** Something threads share. */
export interface SharedObject {
  /** What it is. */
  readonly kind: ObjectKind;
  /** Its name in the workload. */
  readonly name: string;
}

/** The jobs of a thread, checked. */
export interface JobPlan {
  /** How they are released. */
  readonly jobs: Jobs;
  /** Time between two of them. */
  readonly period: number;
  /** Time from release to deadline, 0 if there is none. */
  readonly deadline: number;
}

/** Steps of all threads, one after the other. */
export interface Program {
  /** What each operation does. */
  readonly ops: Uint8Array;
  /**
   * How long it takes at least, how often it jumps, or the place in {@linkcode WAKE_HINTS} of what
   * policies are told of who becomes ready by it.
   */
  readonly least: Float64Array;
  /** How long it takes at most. */
  readonly most: Float64Array;
  /** Mean and deviation of a normal distribution; no numbers if it is none. */
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
  /** The object, thread, set of parameters or operation it is about; -1 if none. */
  readonly target: Int32Array;
  /** A second object: the mutex of a wait, the semaphore a release is followed by an acquire of. */
  readonly other: Int32Array;
  /** First operation of each thread, and the number of all. */
  readonly first: Int32Array;
  /** Whether there is a loop. */
  readonly loops: boolean;
  /** When each thread arrives; `Infinity` if another starts it. */
  readonly arrivals: Float64Array;
  /** Jobs of each thread, `null` if it has none. */
  readonly jobs: readonly (JobPlan | null)[];
  /** What `set` steps set. */
  readonly sets: readonly ParameterOptions[];
  /** What `mark` steps tell. */
  readonly labels: readonly string[];
  /** What threads share: mutexes, semaphores, conditions, devices. */
  readonly objects: readonly SharedObject[];
}

const CODES: Readonly<Record<Step["type"], Op>> = {
  run: Op.RUN,
  sleep: Op.SLEEP,
  yield: Op.YIELD,
  io: Op.IO,
  lock: Op.LOCK,
  unlock: Op.UNLOCK,
  acquire: Op.ACQUIRE,
  release: Op.RELEASE,
  wait: Op.WAIT,
  signal: Op.SIGNAL,
  broadcast: Op.BROADCAST,
  start: Op.START,
  trigger: Op.TRIGGER,
  set: Op.SET,
  repeat: Op.LOOP,
  mark: Op.MARK,
};

/** What the threads of a workload share: mutexes, semaphores, conditions, devices, in this order. */
export function sharedObjects(given: GivenWorkload): SharedObject[] {
  const { mutexes = [], semaphores = [], conditions = [], devices = [] } = workloadOf(given);
  const all = (kind: ObjectKind, specs: readonly NamedSpec[]): SharedObject[] =>
    specs.map(({ name }) => ({ kind, name }));
  return [
    ...all("mutex", mutexes),
    ...all("semaphore", semaphores),
    ...all("condition", conditions),
    ...all("device", devices),
  ];
}

/** What wakers may say. */
export const WAKE_HINTS: readonly WakeHint[] = ["none", "handoff", "sync"];

/** Prepares a workload that was checked. */
export function compile(workload: Workload): Program {
  const { threads } = workload;
  const objects = sharedObjects(workload);
  const numbers = new Map(objects.map(({ kind, name }, index) => [`${kind} ${name}`, index]));
  const numberOf = (kind: ObjectKind, name: string): number => numbers.get(`${kind} ${name}`)!;
  const ids = new Map(threads.map(({ name }, id) => [name, id]));
  const sets: ParameterOptions[] = [];
  const labels: string[] = [];
  let size = threads.length;
  for (const { steps } of threads) size += countSteps(steps);
  const ops = new Uint8Array(size);
  const least = new Float64Array(size);
  const most = new Float64Array(size);
  const mean = new Float64Array(size).fill(NaN);
  const deviation = new Float64Array(size).fill(NaN);
  const target = new Int32Array(size).fill(-1);
  const other = new Int32Array(size).fill(-1);
  const first = new Int32Array(threads.length + 1);
  let at = 0;
  let loops = false;

  const takes = (time: Duration): void => {
    least[at] = typeof time === "number" ? time : time.least;
    most[at] = typeof time === "number" ? time : time.most;
    if (typeof time === "number" || time.mean === undefined) return;
    mean[at] = time.mean;
    deviation[at] = time.deviation!;
  };
  const emit = (step: Step): void => {
    const start = at;
    if (step.type === "repeat") {
      for (const inner of step.steps) emit(inner);
      loops = true;
      least[at] = step.times ?? Infinity;
      target[at] = start;
    }
    ops[at] = CODES[step.type];
    if ("time" in step) takes(step.time);
    if ("hint" in step) takes(WAKE_HINTS.indexOf(step.hint ?? "none"));
    if ("mutex" in step) target[at] = numberOf("mutex", step.mutex);
    if ("semaphore" in step) target[at] = numberOf("semaphore", step.semaphore);
    if ("condition" in step) {
      if (step.type === "wait") other[at] = target[at]!;
      target[at] = numberOf("condition", step.condition);
    }
    if (step.type === "io" && step.device !== undefined) {
      target[at] = numberOf("device", step.device);
    }
    if (step.type === "release" && step.acquire !== undefined) {
      ops[at] = Op.EXCHANGE;
      other[at] = numberOf("semaphore", step.acquire);
    }
    if (step.type === "yield" && step.to !== undefined) target[at] = ids.get(step.to)!;
    if (step.type === "start" || step.type === "trigger") target[at] = ids.get(step.thread)!;
    if (step.type === "set") {
      target[at] = sets.length;
      sets.push(step.parameters);
    }
    if (step.type === "mark") {
      target[at] = labels.length;
      labels.push(step.label);
    }
    at++;
  };
  threads.forEach((spec, id) => {
    first[id] = at;
    for (const step of spec.steps) emit(step);
    at++;
  });
  first[threads.length] = at;
  return {
    ...{ ops, least, most, mean, deviation, target, other, first, loops, sets, labels, objects },
    arrivals: Float64Array.from(
      threads,
      ({ arrival = 0 }) => arrival === "started" ? Infinity : arrival,
    ),
    jobs: threads.map(({ jobs, period = 0, deadline = period }) =>
      jobs === undefined ? null : { jobs, period, deadline }
    ),
  };
}

function countSteps(steps: readonly Step[]): number {
  let count = steps.length;
  for (const step of steps) if (step.type === "repeat") count += countSteps(step.steps);
  return count;
}

/** Where in the workload an operation of a thread is: `.threads[3].steps[1].steps[0]`. */
export function placeOf(workload: Workload, program: Program, at: number): string {
  let thread = 0;
  while (program.first[thread + 1]! <= at) thread++;
  let passed = program.first[thread]!;
  const search = (steps: readonly Step[], path: string): string | null => {
    for (const [index, step] of steps.entries()) {
      const here = `${path}.steps[${index}]`;
      if (step.type === "repeat") {
        const inside = search(step.steps, here);
        if (inside !== null) return inside;
      }
      if (passed++ === at) return here;
    }
    return null;
  };
  const path = `.threads[${thread}]`;
  return search(workload.threads[thread]!.steps, path) ?? path;
}
