/**
 * Which tests say something of which kind of scheduling.
 *
 * @module
 */
import { processorDemand } from "./demand.ts";
import { edfResponseTimes } from "./edf_response_time.ts";
import {
  anderssonBaruahJonsson,
  bertognaCirineiLipari,
  globalResponseTimes,
  goossensFunkBaruah,
} from "./global.ts";
import { type PriorityOrder, responseTimeAnalysis } from "./response_time.ts";
import { orLimit, type RecurringTask, type TaskSetOptions } from "./task.ts";
import { hyperbolic, liuLayland } from "./utilization_bounds.ts";
import { inapplicable, type Verdict } from "./verdict.ts";

/** How one CPU is scheduled. */
export interface OneCpuOptions extends TaskSetOptions {
  /** By which priorities; earliest deadline first if `undefined`. */
  readonly order: PriorityOrder | undefined;
}

/** What the tests of one CPU say. */
export function oneCpu(tasks: readonly RecurringTask[], options: OneCpuOptions): Verdict[] {
  const { order, ...settings } = options;
  if (order === undefined) {
    const test = "processor demand (QPA)";
    const verdict = verdictOf(test, "exact", () => processorDemand(tasks, settings));
    const responses = orLimit(() => edfResponseTimes(tasks, settings), () => []);
    return [responses.every((each) => each === null) ? verdict : { ...verdict, responses }];
  }
  const verdicts: Verdict[] = [];
  if (order === "rate-monotonic" && (settings.switchCost ?? 0) === 0) {
    verdicts.push(liuLayland(tasks), hyperbolic(tasks));
  }
  const test = "response-time analysis";
  return [
    ...verdicts,
    verdictOf(test, "exact", () => responseTimeAnalysis(tasks, { ...settings, order })),
  ];
}

/** What the tests of one CPU say, each on the tasks of its CPU. */
export function byCpu(
  tasks: readonly RecurringTask[],
  cpus: readonly number[],
  options: OneCpuOptions,
): Verdict[] {
  const responses: (number | null)[] = tasks.map(() => null);
  const parts = [...new Set(cpus)].sort((a, b) => a - b).map((cpu) => {
    const members = tasks.map((_, index) => index).filter((index) => cpus[index] === cpu);
    const verdict = oneCpu(members.map((index) => tasks[index]!), options).at(-1)!;
    members.forEach((index, at) => responses[index] = verdict.responses?.[at] ?? null);
    return { cpu, verdict };
  });
  const worst = parts.find(({ verdict }) => verdict.schedulable === false) ??
    parts.find(({ verdict }) => verdict.schedulable === "unknown") ?? parts[0];
  if (worst === undefined) return [];
  const { cpu, verdict } = worst;
  return [{
    test: `${verdict.test}, CPU by CPU`,
    promise: parts.every(({ verdict }) => verdict.promise === "exact") ? "exact" : "sufficient",
    schedulable: verdict.schedulable,
    why: verdict.schedulable === true ? verdict.why : `CPU ${cpu}: ${verdict.why}`,
    ...(verdict.responses === undefined ? {} : { responses }),
    cpus,
  }];
}

/** What the tests of global scheduling say. */
export function severalCpus(
  tasks: readonly RecurringTask[],
  { order, cpus }: { order: PriorityOrder | undefined; cpus: number },
): Verdict[] {
  const scheduling = order === undefined
    ? "edf" as const
    : tasks.map(({ priority = 0, period, deadline = period }) =>
      order === "given" ? priority : order === "rate-monotonic" ? -period : -deadline
    );
  const responses = verdictOf(
    "global response-time analysis",
    "sufficient",
    () => globalResponseTimes(tasks, { cpus, scheduling }),
  );
  if (order === undefined) return [goossensFunkBaruah(tasks, cpus), responses];
  const late = tasks.every(({ deadline, period }) => (deadline ?? period) >= period);
  const verdicts: Verdict[] = [];
  // By period they are by deadline, too, if deadlines are periods; later ones change nothing.
  if (order === "deadline-monotonic" || (order === "rate-monotonic" && late)) {
    verdicts.push(bertognaCirineiLipari(tasks, cpus));
  }
  if (order === "rate-monotonic") {
    verdicts.push(anderssonBaruahJonsson(tasks, cpus, "rate-monotonic"));
  }
  return [...verdicts, responses];
}

/** A test that would take too long says so in its verdict. */
function verdictOf(test: string, promise: Verdict["promise"], run: () => Verdict): Verdict {
  return orLimit(run, (why) => inapplicable(test, { promise, why }));
}
