/**
 * What became of a workload under several policies, as tables.
 *
 * @module
 */
import type { Analysis } from "../../sched/analysis/mod.ts";
import {
  describeFault,
  type SimulationOptions,
  type ThreadReport,
  type TimeUnit,
} from "../../sched/mod.ts";
import { formatTime } from "../../sched/gantt/axis.ts";
import { printable } from "../../util/printable.ts";
import { textTable } from "../text_table.ts";
import { type Figure, figuresOf, POLICY_FIGURES, shownFigure, THREAD_FIGURES } from "./figures.ts";
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

/** Reports of so many policies have tables of threads only if that is asked for. */
const MANY_POLICIES = 5;

/** Most threads that are told one by one to wait for ever. */
const TOLD = 5;

/** Writes the report: lines that end with a newline. */
export function reportText(runs: readonly PolicyRun[], options: ReportOptions): string {
  const { input: { workload, unit }, width } = options;
  const lines = [heading(options), "", ...policyTable(runs, unit, width)];
  const notes = runs.flatMap((run) => notesOf(run, unit));
  if (notes.length > 0) lines.push("", ...notes);
  lines.push(...verdictLines(runs));
  const few = workload.threads.length <= FEW_THREADS && runs.length < MANY_POLICIES;
  if (options.threads || few) {
    for (const run of runs) lines.push("", ...threadTable(run, unit, width));
  }
  return lines.map((line) => `${printable(line)}\n`).join("");
}

/** A run in one line, for its picture. */
export function captionOf({ statistics }: PolicyRun, unit: TimeUnit | undefined): string {
  const figures = figuresOf(POLICY_FIGURES, [statistics]).filter(({ short }) => short);
  return figures.map((figure) => `${figure.name} ${shownFigure(figure, statistics, unit)}`)
    .join(", ");
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
  const figures = figuresOf(POLICY_FIGURES, runs.map(({ statistics }) => statistics));
  const rows = figures.map((figure) => [
    figure.name,
    ...runs.map(({ statistics }) => shownFigure(figure, statistics, unit)),
  ]);
  return textTable([["", ...runs.map(({ spec }) => spec.text)], ...rows], width);
}

/** What went wrong in a run. */
function notesOf(run: PolicyRun, unit: TimeUnit | undefined): string[] {
  const { spec, statistics: { fault }, stranded, error } = run;
  const notes: string[] = [];
  if (fault !== null) {
    notes.push(`put out at ${formatTime(fault.time, unit)}: ${describeFault(fault)}`);
  }
  if (stranded.length > 0) notes.push(`for ever waits ${stranded.slice(0, TOLD).join(", ")}`);
  if (stranded.length > TOLD) notes.push(`and ${stranded.length - TOLD} more`);
  if (error !== undefined) notes.push(error.message);
  return notes.map((note) => `${spec.text}: ${note}`);
}

/**
 * What schedulability tests say, a line for each policy that there is one for: of the first that is
 * sure, or of the last if none is.
 */
function verdictLines(runs: readonly PolicyRun[]): string[] {
  const lines: string[] = [];
  const notes = new Set<string>();
  for (const { spec, analysis } of runs) {
    const sure = analysis.verdicts.find(({ schedulable }) => schedulable !== "unknown");
    const verdict = sure ?? analysis.verdicts.slice(1).at(-1);
    if (verdict === undefined) continue;
    const { test, promise, schedulable, why } = verdict;
    const met = schedulable === "unknown" ? "unknown" : schedulable ? "yes" : "no";
    lines.push(`${spec.text}: ${met}, by ${test} (${promise}): ${why}`);
    for (const note of analysis.notes) notes.add(note);
  }
  return lines.length === 0 ? [] : ["", "deadlines met?", ...lines, ...notes];
}

function threadTable(
  { spec, statistics, analysis }: PolicyRun,
  unit: TimeUnit | undefined,
  width: number,
): string[] {
  const bounds = boundsOf(analysis);
  const bound: Figure<ThreadReport> = {
    name: "bound",
    kind: "time",
    of: ({ name }) => bounds?.get(name),
  };
  const all = THREAD_FIGURES.flatMap((figure) =>
    figure.name === "turnaround" && bounds !== undefined ? [figure, bound] : [figure]
  );
  const figures = figuresOf(all, statistics.threads);
  const rows = statistics.threads.map((thread) => [
    thread.name,
    ...figures.map((figure) => shownFigure(figure, thread, unit)),
  ]);
  return textTable([[spec.text, ...figures.map(({ name }) => name)], ...rows], width);
}

/** Longest turnaround by thread, of the first test that promises one; `Infinity` if there is none. */
function boundsOf({ tasks, verdicts }: Analysis): ReadonlyMap<string, number> | undefined {
  const found = verdicts.find(({ responses }) => responses !== undefined)?.responses;
  if (found === undefined) return undefined;
  return new Map(tasks.map(({ name = "" }, at) => [name, found[at] ?? Infinity]));
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
