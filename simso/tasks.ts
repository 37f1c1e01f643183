/**
 * Tasks of a file of SimSo as threads.
 *
 * @module
 */
import type { Duration, Jobs, Step, ThreadSpec } from "../sched/mod.ts";
import { numberOf, passOver, refuseOthers, refuseRest, takeNumber, takeText } from "./fields.ts";
import { invalid, refuse, type XmlElement } from "./xml.ts";

/** How SimSo finds execution times: always the worst, or around an average. */
export type ExecutionTimes = "wcet" | "acet";

/** How the times of a file are meant. */
export interface TaskTimes {
  /** Cycles of a millisecond. */
  readonly cycles: number;
  /** How long a job runs. */
  readonly times: ExecutionTimes;
}

/** Attributes that only the model of caches reads. */
const OF_CACHES = ["instructions", "mix", "stack", "base_cpi", "preemption_cost"];

/** Reads `<tasks>`. */
export function readTasks(element: XmlElement, how: TaskTimes): readonly ThreadSpec[] {
  refuseRest(element);
  refuseOthers(element, ["task", "field"]);
  const names = new Set<string>();
  const tasks = element.children.filter(({ name }) => name === "task");
  if (tasks.length === 0) throw invalid(`${element.path} has no <task>`, element.name);
  const triggered = triggeredTasks(tasks);
  return tasks.map((task) => {
    const thread = readTask(task, how, triggered);
    if (names.has(thread.name)) {
      throw refuse(task, "name", {
        value: thread.name,
        expected: "another name than tasks before",
      });
    }
    names.add(thread.name);
    return thread;
  });
}

/** Names of the tasks whose jobs others release, by their ids. */
function triggeredTasks(tasks: readonly XmlElement[]): ReadonlyMap<string, string> {
  const triggered = tasks.filter((task) => givenType(task) === "APeriodic");
  return new Map(
    triggered.map(({ attributes }) => [attributes.get("id") ?? "", attributes.get("name") ?? ""]),
  );
}

function readTask(
  task: XmlElement,
  how: TaskTimes,
  triggered: ReadonlyMap<string, string>,
): ThreadSpec {
  refuseOthers(task, []);
  passOver(task, ["id", ...OF_CACHES]);
  const name = takeText(task, "name") ?? "";
  if (name === "") throw refuse(task, "name", { value: undefined, expected: "a name" });
  const type = taskType(task);
  const arrival = takeCycles(task, "activationDate", how, { default: 0 });
  const listed = takeText(task, "list_activation_dates") ?? "";
  // Of other tasks the period is one that schedulers go by, and no job is released by it.
  const period = takeCycles(task, "period", how, { least: type === "Periodic" ? 1 : 0 });
  const deadline = takeCycles(task, "deadline", how, { least: 1 });
  const abort = (takeText(task, "abort_on_miss") ?? "yes") === "yes";
  const time = runTime(task, how);
  const priority = task.attributes.has("priority")
    ? { priority: takeNumber(task, "priority", { most: 255, whole: true }) }
    : {};
  const follower = takeText(task, "followed_by");
  const next = follower === undefined ? undefined : triggered.get(follower);
  if (follower !== undefined && next === undefined) {
    throw refuse(task, "followed_by", { value: follower, expected: "the id of an APeriodic task" });
  }
  refuseRest(task);
  const run = { type: "run", time } as const;
  const steps: readonly Step[] = next === undefined
    ? [run]
    : [run, { type: "trigger", thread: next }];
  const onMiss = abort ? { onMiss: "abort" } as const : {};
  if (type === "Periodic") {
    const jobs: Jobs = { pattern: "periodic", ...onMiss };
    return { name, arrival, period, deadline, ...priority, steps, jobs };
  }
  if (type === "APeriodic") {
    const jobs: Jobs = { pattern: "triggered", ...onMiss };
    return { name, period, deadline, ...priority, steps, jobs };
  }
  const times = activations(task, listed, how);
  const jobs: Jobs = { pattern: "listed", times, ...onMiss };
  return { name, period, deadline, ...priority, steps, jobs };
}

function taskType(task: XmlElement): "Periodic" | "Sporadic" | "APeriodic" {
  const type = givenType(task);
  passOver(task, ["task_type", "periodic"]);
  if (type === "Periodic" || type === "Sporadic" || type === "APeriodic") return type;
  throw refuse(task, "task_type", { value: type, expected: "Periodic, Sporadic or APeriodic" });
}

/** The type a task says it has; where it says none, whether it is `periodic` decides. */
function givenType({ attributes }: XmlElement): string {
  return attributes.get("task_type") ??
    (attributes.get("periodic") === "no" ? "APeriodic" : "Periodic");
}

/** Takes a time in milliseconds, as whole cycles, of which SimSo drops the rest. */
function takeCycles(
  task: XmlElement,
  name: string,
  { cycles }: TaskTimes,
  { least = 0, ...field }: { readonly default?: number; readonly least?: number },
): number {
  const text = task.attributes.get(name);
  const time = Math.trunc(takeNumber(task, name, field) * cycles);
  if (time >= least && Number.isSafeInteger(time)) return time;
  throw refuse(task, name, { value: text, expected: "milliseconds of at least one cycle" });
}

/** How long a job runs, in cycles. */
function runTime(task: XmlElement, how: TaskTimes): Duration {
  if (how.times === "wcet") {
    passOver(task, ["ACET", "et_stddev"]);
    return takeCycles(task, "WCET", how, { least: 1 });
  }
  const deviation = takeNumber(task, "et_stddev", { default: 0 }) * how.cycles;
  const most = takeCycles(task, "WCET", how, { least: 1 });
  const mean = takeCycles(task, "ACET", how, { least: 1 });
  return deviation === 0 ? Math.min(most, mean) : { least: 1, most, mean, deviation };
}

/** When jobs of a sporadic task are released, in cycles. */
function activations(task: XmlElement, list: string, { cycles }: TaskTimes): readonly number[] {
  const times = list === "" ? [] : list.split(",").map(numberOf);
  const expected = "milliseconds of at least 0 between commas";
  if (times.length === 0 || times.some((time) => !(time >= 0))) {
    throw refuse(task, "list_activation_dates", { value: list, expected });
  }
  return times.sort((a, b) => a - b).map((time) => Math.trunc(time * cycles));
}
