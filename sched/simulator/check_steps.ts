/**
 * Checks what a thread does: each step by itself, the names it is about, and that mutexes are
 * locked and unlocked in pairs.
 *
 * @module
 */
import { isInteger } from "../../util/integer.ts";
import { choiceOf, fieldsOf, integerOf, isRecord, listOf, nameOf, refuse } from "./checks.ts";
import { WAKE_HINTS } from "./program.ts";
import type { Step } from "./workload.ts";

/** Repeats may lie so deep in each other. */
const MOST_DEPTH = 16;

/** A step that starts a thread, triggers a job of one, or hands the CPU to it. */
export interface Started {
  /** Where it is. */
  readonly path: string;
  /** Name of the thread. */
  readonly thread: string;
}

/** What the steps of a thread may be about. */
export interface StepScope {
  /** Names of mutexes, semaphores, conditions and devices. */
  readonly names: Readonly<Record<"mutex" | "semaphore" | "condition" | "device", Set<string>>>;
  /** Whether the steps are gone through more than once, as jobs. */
  readonly again: boolean;
  /** Checks parameters that the thread sets. */
  readonly parameters: (value: unknown, path: string) => void;
  /** Hears of a mutex that the thread locks. */
  readonly locks: (mutex: string, path: string) => void;
  /** Hears of a thread that is started. */
  readonly starts: (started: Started) => void;
  /** Hears of a thread of which a job is triggered. */
  readonly triggers: (triggered: Started) => void;
  /** Hears of a thread that is to have the CPU. */
  readonly yieldsTo: (named: Started) => void;
}

const FIELDS: Readonly<Record<Step["type"], { required: string[]; optional?: string[] }>> = {
  run: { required: ["type", "time"] },
  sleep: { required: ["type", "time"] },
  yield: { required: ["type"], optional: ["to"] },
  io: { required: ["type", "time"], optional: ["device"] },
  lock: { required: ["type", "mutex"] },
  unlock: { required: ["type", "mutex"] },
  acquire: { required: ["type", "semaphore"] },
  release: { required: ["type", "semaphore"], optional: ["acquire", "hint"] },
  wait: { required: ["type", "condition", "mutex"] },
  signal: { required: ["type", "condition"], optional: ["hint"] },
  broadcast: { required: ["type", "condition"], optional: ["hint"] },
  start: { required: ["type", "thread"], optional: ["hint"] },
  trigger: { required: ["type", "thread"], optional: ["hint"] },
  set: { required: ["type", "parameters"] },
  mark: { required: ["type", "label"] },
  repeat: { required: ["type", "steps"], optional: ["times"] },
};

/** Names of the steps there are. */
const TYPES = Object.keys(FIELDS) as Step["type"][];

/**
 * Checks the steps of a thread; returns whether they take time.
 * @throws {SchedError} `invalid-workload`
 */
export function checkSteps(value: unknown, options: { path: string; scope: StepScope }): boolean {
  const { path, scope } = options;
  const takesTime = checkList(value, { path, scope, depth: 0, again: scope.again });
  const held = new Map<string, string>();
  checkHeld(value as readonly Step[], { path, held });
  for (const [mutex, where] of held) {
    refuse(
      where,
      mutex,
      `an unlock of it before the thread's ${scope.again ? "job" : "steps"} end`,
    );
  }
  return takesTime;
}

/** Checks each step of a list; returns whether going through it takes time. */
function checkList(
  value: unknown,
  options: { path: string; scope: StepScope; depth: number; again: boolean },
): boolean {
  const { path, ...rest } = options;
  let takesTime = false;
  for (const [index, step] of listOf(value, path).entries()) {
    if (checkStep(step, { path: `${path}[${index}]`, ...rest })) takesTime = true;
  }
  return takesTime;
}

function checkStep(
  value: unknown,
  options: { path: string; scope: StepScope; depth: number; again: boolean },
): boolean {
  const { path, scope, depth, again } = options;
  if (!isRecord(value)) return refuse(path, value, "a step: a record with a type");
  const type = choiceOf(value.type, { path: `${path}.type`, of: TYPES });
  const step = fieldsOf(value, { path, ...FIELDS[type] });
  if (type === "repeat") {
    const times = step.times === undefined
      ? Infinity
      : integerOf(step.times, { path: `${path}.times`, least: 1 });
    const inside = `${path}.steps`;
    if (depth >= MOST_DEPTH) refuse(path, type, `at most ${MOST_DEPTH} repeats in each other`);
    const within = { path: inside, scope, depth: depth + 1, again: again || times > 1 };
    if (checkList(step.steps, within)) return true;
    return refuse(
      inside,
      step.steps,
      "something that takes time: a run, or a sleep or io of at least 1",
    );
  }
  if (type === "run" || type === "sleep" || type === "io") {
    const least = durationOf(step.time, { path: `${path}.time`, least: type === "run" ? 1 : 0 });
    if (step.device !== undefined) {
      known(step.device, { path: `${path}.device`, kind: "device", scope });
    }
    return least > 0;
  }
  for (const kind of ["mutex", "semaphore", "condition"] as const) {
    if (step[kind] !== undefined) known(step[kind], { path: `${path}.${kind}`, kind, scope });
  }
  if (step.acquire !== undefined) {
    known(step.acquire, { path: `${path}.acquire`, kind: "semaphore", scope });
  }
  if (step.hint !== undefined) choiceOf(step.hint, { path: `${path}.hint`, of: WAKE_HINTS });
  if (type === "mark") nameOf(step.label, `${path}.label`);
  if (type === "lock") scope.locks(step.mutex as string, `${path}.mutex`);
  if (type === "set") scope.parameters(step.parameters, `${path}.parameters`);
  if (type === "trigger") {
    scope.triggers({ path: `${path}.thread`, thread: nameOf(step.thread, `${path}.thread`) });
  }
  if (type === "yield" && step.to !== undefined) {
    scope.yieldsTo({ path: `${path}.to`, thread: nameOf(step.to, `${path}.to`) });
  }
  if (type === "start") {
    const thread = nameOf(step.thread, `${path}.thread`);
    if (again) refuse(path, type, "no start in a repeat or job, as a thread starts once");
    scope.starts({ path: `${path}.thread`, thread });
  }
  return false;
}

/** Checks how long something takes; returns the least. */
function durationOf(value: unknown, options: { path: string; least: number }): number {
  const { path, least } = options;
  if (isInteger(value, least)) return value;
  if (!isRecord(value)) {
    const integer = `an integer from ${least} to ${Number.MAX_SAFE_INTEGER}`;
    return refuse(path, value, `${integer}, or a record of least and most`);
  }
  const normal = ["mean", "deviation"];
  const range = fieldsOf(value, { path, required: ["least", "most"], optional: normal });
  const low = integerOf(range.least, { path: `${path}.least`, least });
  // Where all are as likely, they are numbers of 32 bits beyond the least.
  const farthest = range.mean === undefined ? low + 2 ** 32 - 1 : Infinity;
  const longest = Math.min(Number.MAX_SAFE_INTEGER, farthest);
  integerOf(range.most, { path: `${path}.most`, least: low, most: longest });
  if (normal.some((name) => range[name] !== undefined)) {
    for (const name of normal) {
      const number = range[name];
      if (typeof number === "number" && number >= 0 && number <= Number.MAX_SAFE_INTEGER) continue;
      refuse(`${path}.${name}`, number, `a number from 0 to ${Number.MAX_SAFE_INTEGER}`);
    }
  }
  return low;
}

function known(
  value: unknown,
  options: { path: string; kind: keyof StepScope["names"]; scope: StepScope },
): void {
  const { path, kind, scope } = options;
  const name = nameOf(value, path);
  if (scope.names[kind].has(name)) return;
  const names = [...scope.names[kind]].slice(0, 20);
  const there = names.length === 0 ? "there is none" : `there are ${names.join(", ")}`;
  refuse(path, name, `the name of a ${kind}: ${there}`);
}

/**
 * Checks that mutexes are locked that a step is about, or are not.
 * @param options the mutexes locked, with the paths where they were
 */
function checkHeld(
  steps: readonly Step[],
  options: { path: string; held: Map<string, string> },
): void {
  const { path, held } = options;
  for (const [index, step] of steps.entries()) {
    const here = `${path}[${index}]`;
    if (step.type === "lock") {
      if (held.has(step.mutex)) {
        refuse(`${here}.mutex`, step.mutex, "a mutex that the thread has not locked already");
      }
      held.set(step.mutex, `${here}.mutex`);
    } else if (step.type === "unlock" || step.type === "wait") {
      if (!held.has(step.mutex)) {
        refuse(`${here}.mutex`, step.mutex, "a mutex that the thread has locked");
      }
      if (step.type === "unlock") held.delete(step.mutex);
    } else if (step.type === "repeat") {
      const inside = { path: `${here}.steps`, held };
      const before = [...held.keys()].sort().join("\0");
      checkHeld(step.steps, inside);
      // A pass that does not leave what it found fails in the second.
      const same = before === [...held.keys()].sort().join("\0");
      if (!same && step.times !== 1) checkHeld(step.steps, inside);
    }
  }
}
