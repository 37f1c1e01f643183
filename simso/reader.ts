/**
 * From a file of SimSo to a workload. What SimSo reads and takes no account of (of a cache, where
 * its execution times ignore caches) is passed over; what it takes account of and cannot be
 * simulated here is refused, with its place.
 *
 * @module
 */
import type { TimeUnit, Workload } from "../sched/mod.ts";
import {
  numberOf,
  onlyChild,
  passOver,
  refuseOthers,
  refuseRest,
  takeNumber,
  takeOnly,
  takeText,
} from "./fields.ts";
import { type ExecutionTimes, readTasks } from "./tasks.ts";
import { invalid, parseXml, refuse, type XmlElement } from "./xml.ts";

/** What a file of SimSo says. Times are cycles of its processors. */
export interface SimsoFile {
  /** Its tasks. */
  readonly workload: Workload;
  /** Its processors, and when its simulation ends. */
  readonly simulation: {
    /** Number of processors. */
    readonly cpus: number;
    /** Time it costs to save the context of one job and load another's. */
    readonly switchCost: number;
    /** Time it costs besides to go on on another processor. */
    readonly migrationCost: number;
    /** When the simulation ends. */
    readonly until: number;
  };
  /** The unit of its tasks' times: a millisecond, in cycles. */
  readonly unit: TimeUnit;
  /** The scheduler it names: a class, or a file of Python; empty if it names none. */
  readonly scheduler: string;
}

/** What of a file is meant for other execution times than those that can be simulated. */
const OTHER_TIMES = "wcet, or acet: caches and penalties cannot be simulated";

/**
 * Reads a file of SimSo 0.8.
 *
 * A processor's context switch costs what its `cs_overhead` and `cl_overhead` are together, whenever
 * it goes on with another job; SimSo has it pay for each event that interrupts a job, even if the
 * same job goes on.
 *
 * @param text the file
 * @throws {SchedError} `invalid-workload`, with the line, and with the path of the element and its
 *   attribute as an XPath
 */
export function readSimso(text: string): SimsoFile {
  const root = parseXml(text);
  if (root.name !== "simulation") {
    throw refuse(root, undefined, { value: root.name, expected: "<simulation>" });
  }
  refuseOthers(root, ["sched", "caches", "processors", "tasks"]);
  const until = takeNumber(root, "duration", { default: 50_000, least: 1, whole: true });
  const cycles = takeNumber(root, "cycles_per_ms", { default: 1_000_000, least: 1, whole: true });
  const times = executionTimes(root);
  refuseRest(root);
  const scheduler = readScheduler(onlyChild(root, "sched"));
  const processors = readProcessors(onlyChild(root, "processors"));
  const threads = readTasks(onlyChild(root, "tasks"), { cycles, times });
  return {
    workload: { threads },
    simulation: { ...processors, until },
    unit: { name: "ms", length: cycles },
    scheduler,
  };
}

function executionTimes(root: XmlElement): ExecutionTimes {
  const worst = takeText(root, "use_wcet");
  const chosen = takeText(root, "etm") ??
    (worst === undefined || worst === "true" || worst === "yes" ? "wcet" : "cache");
  if (chosen === "wcet" || chosen === "acet") {
    passOver(root, ["penalty_preemption", "penalty_migration"]);
    return chosen;
  }
  if (chosen !== "fixedpenalty") {
    throw refuse(root, "etm", { value: chosen, expected: OTHER_TIMES });
  }
  for (const name of ["penalty_preemption", "penalty_migration"]) {
    const penalty = takeText(root, name) ?? "100000";
    if (numberOf(penalty) !== 0) throw refuse(root, name, { value: penalty, expected: "0" });
  }
  return "wcet";
}

function readScheduler(element: XmlElement): string {
  for (const name of ["overhead", "overhead_activate", "overhead_terminate"]) {
    takeOnly(element, name, 0, "0: what the scheduler itself takes cannot be simulated");
  }
  const [className = "", file = ""] = [takeText(element, "class"), takeText(element, "className")];
  refuseRest(element);
  refuseOthers(element, []);
  return className === "" ? file : className;
}

function readProcessors(
  element: XmlElement,
): { cpus: number; switchCost: number; migrationCost: number } {
  const migrationCost = takeNumber(element, "migration_overhead", { default: 0, whole: true });
  refuseRest(element);
  refuseOthers(element, ["processor", "field"]);
  const cpus = element.children.filter(({ name }) => name === "processor");
  const [first] = cpus;
  if (first === undefined) throw invalid(`${element.path} has no <processor>`, element.name);
  const costs = cpus.map(readProcessor);
  const other = costs.findIndex((cost) => cost !== costs[0]);
  if (other > 0) {
    throw invalid(
      `${cpus[other]!.path} (line ${cpus[other]!.line}) has overheads of ${costs[other]} cycles, ` +
        `expected ${costs[0]} as ${first.path} has`,
      costs[other],
    );
  }
  return { cpus: cpus.length, switchCost: costs[0]!, migrationCost };
}

/** Reads a processor; returns what a switch costs. */
function readProcessor(element: XmlElement): number {
  passOver(element, ["name", "id"]);
  takeOnly(element, "speed", 1, "1: processors of other speeds cannot be simulated");
  // Whole cycles, of which SimSo drops the rest.
  const save = Math.trunc(takeNumber(element, "cs_overhead", { default: 0 }));
  const load = Math.trunc(takeNumber(element, "cl_overhead", { default: 0 }));
  refuseRest(element);
  refuseOthers(element, ["cache"]);
  return save + load;
}
