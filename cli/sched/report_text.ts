/**
 * What became of a workload under several policies, as tables.
 *
 * @module
 */
import { describeFault, type SimulationOptions, type TimeUnit } from "../../sched/mod.ts";
import { formatTime } from "../../sched/gantt/axis.ts";
import { textTable } from "../text_table.ts";
import { POLICY_FIGURES, shownFigure, THREAD_FIGURES } from "./figures.ts";
import type { PolicyRun } from "./policy_run.ts";
import type { WorkloadFile } from "./workload_file.ts";

/** What a report is about, and how it is written. */
export interface ReportOptions {
  /** Name of the workload's file. */
  readonly file: string;
  /** The workload. */
  readonly input: WorkloadFile;
  /** The machine. */
  readonly simulation: SimulationOptions;
  /** Longest line. */
  readonly width: number;
  /** Whether each thread is told of, however many there are. */
  readonly threads: boolean;
}

/** Workloads of at most so many threads have a table of each. */
const FEW_THREADS = 12;

/** Writes the report: lines that end with a newline. */
export function reportText(runs: readonly PolicyRun[], options: ReportOptions): string {
  const { input: { workload, unit }, width } = options;
  const lines = [heading(options), "", ...policyTable(runs, unit, width)];
  const notes = runs.flatMap((run) => notesOf(run, unit));
  if (notes.length > 0) lines.push("", ...notes);
  const verdicts = runs.flatMap(verdictsOf);
  if (verdicts.length > 0) lines.push("", "deadlines met?", ...verdicts);
  if (options.threads || workload.threads.length <= FEW_THREADS) {
    for (const run of runs) lines.push("", ...threadTable(run, unit, width));
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** A run in one line, for its picture. */
export function captionOf({ summary }: PolicyRun, unit: TimeUnit | undefined): string {
  return POLICY_FIGURES.filter(({ short }) => short).map((figure) =>
    `${figure.name} ${shownFigure(figure, summary, unit)}`
  ).join(", ");
}

function heading({ file, input, simulation }: ReportOptions): string {
  const { workload, unit } = input;
  const { cpus = 1, until, seed = 0 } = simulation;
  const end = until === undefined || until === Infinity ? "" : `, until ${formatTime(until, unit)}`;
  const clock = unit === undefined ? "" : `; times in ${unit.name}`;
  const name = file === "-" ? "standard input" : file;
  return `${name}: ${counted(workload.threads.length, "thread")}, ${
    counted(cpus, "CPU")
  }${end}, seed ${seed}${clock}`;
}

function policyTable(
  runs: readonly PolicyRun[],
  unit: TimeUnit | undefined,
  width: number,
): string[] {
  const figures = POLICY_FIGURES.map((figure) => [
    figure.name,
    ...runs.map(({ summary }) => shownFigure(figure, summary, unit)),
  ]);
  return textTable([["", ...runs.map(({ spec }) => spec.text)], ...figures], width);
}

/** What went wrong in a run. */
function notesOf({ spec, faults, error }: PolicyRun, unit: TimeUnit | undefined): string[] {
  return [
    ...faults.map((fault) =>
      `${spec.text}: put out at ${formatTime(fault.time, unit)}: ${describeFault(fault)}`
    ),
    ...(error === undefined ? [] : [`${spec.text}: ${error.message}`]),
  ];
}

/** What schedulability tests say, a line each; those that cannot tell only if none can. */
function verdictsOf({ spec, analysis: { verdicts, notes } }: PolicyRun): string[] {
  if (verdicts.length === 0) return [];
  const sure = verdicts.filter(({ schedulable }) => schedulable !== "unknown");
  return [
    ...(sure.length > 0 ? sure : verdicts).map(({ test, promise, schedulable, why }) => {
      const met = schedulable === "unknown" ? "unknown" : schedulable ? "yes" : "no";
      return `${spec.text}: ${met}, by ${test} (${promise}): ${why}`;
    }),
    ...notes.map((note) => `${spec.text}: ${note}`),
  ];
}

function threadTable(
  { spec, summary }: PolicyRun,
  unit: TimeUnit | undefined,
  width: number,
): string[] {
  const rows = summary.threads.map((thread) => [
    thread.name,
    ...THREAD_FIGURES.map((figure) => shownFigure(figure, thread, unit)),
  ]);
  return textTable([[spec.text, ...THREAD_FIGURES.map(({ name }) => name)], ...rows], width);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
