/**
 * Which figures of a simulation are shown, and how.
 *
 * @module
 */
import type { JobReport, StatisticsReport, ThreadReport, TimeUnit } from "../../sched/mod.ts";
import { formatTime } from "../../sched/gantt/axis.ts";

/** A figure of a report. */
export interface Figure<T> {
  /** What it is called. */
  readonly name: string;
  /** Whether it is a time, a part of a whole, or a number of things. */
  readonly kind: "time" | "share" | "count";
  /** Whether it stands in the caption of a picture, too. */
  readonly short?: boolean;
  /** Its value; nothing if there is none, as of deadlines where nobody has one. */
  of(report: T): number | null | undefined;
}

/** Figures of a run. */
export const POLICY_FIGURES: readonly Figure<StatisticsReport>[] = [
  { name: "jobs done", kind: "count", of: ({ total: { jobs } }) => jobs.completed },
  { name: "deadlines missed", kind: "count", short: true, of: ({ total }) => missed(total) },
  { name: "jobs aborted", kind: "count", of: ({ total: { jobs } }) => jobs.aborted || null },
  { name: "mean response", kind: "time", of: ({ total }) => total.response?.mean },
  { name: "longest response", kind: "time", of: ({ total }) => total.response?.most },
  { name: "mean turnaround", kind: "time", short: true, of: ({ total }) => total.turnaround?.mean },
  { name: "longest turnaround", kind: "time", of: ({ total }) => total.turnaround?.most },
  { name: "mean waiting", kind: "time", of: ({ total }) => total.waiting?.mean },
  { name: "most tardy", kind: "time", of: ({ total }) => total.tardiness?.most },
  { name: "largest lag", kind: "time", of: largestLag },
  { name: "switches", kind: "count", short: true, of: ({ total }) => total.switches },
  { name: "preemptions", kind: "count", short: true, of: ({ total }) => total.preemptions },
  {
    name: "migrations",
    kind: "count",
    of: ({ total, cpus }) => cpus.length > 1 ? total.migrations : null,
  },
  { name: "mean ready", kind: "count", of: ({ ready }) => ready.mean },
  { name: "most ready", kind: "count", of: ({ ready }) => ready.most },
  { name: "utilization", kind: "share", of: ({ total }) => total.utilization },
  { name: "switching", kind: "time", of: ({ total }) => total.switching || null },
  { name: "end", kind: "time", of: ({ time }) => time },
];

function missed({ jobs, lateness }: JobReport): number | null {
  return jobs.missed === 0 && lateness === null ? null : jobs.missed;
}

function largestLag({ threads }: StatisticsReport): number | null {
  const lags = threads.flatMap(({ lag }) => lag === null ? [] : [lag.most]);
  return lags.length === 0 ? null : lags.reduce((most, each) => Math.max(most, each));
}

/** Figures of a thread. */
export const THREAD_FIGURES: readonly Figure<ThreadReport>[] = [
  { name: "jobs", kind: "count", of: ({ jobs }) => jobs.completed },
  { name: "missed", kind: "count", of: missed },
  { name: "runs", kind: "time", of: ({ run }) => run },
  { name: "share", kind: "share", of: ({ share }) => share },
  { name: "response", kind: "time", of: ({ response }) => response?.most },
  { name: "turnaround", kind: "time", of: ({ turnaround }) => turnaround?.most },
  { name: "waiting", kind: "time", of: ({ waiting }) => waiting?.most },
  { name: "lag", kind: "time", of: ({ lag }) => lag?.most },
  { name: "preempted", kind: "count", of: ({ preemptions }) => preemptions },
  { name: "migrated", kind: "count", of: ({ migrations }) => migrations || null },
];

/** A figure as it is shown. */
export function shownFigure<T>(
  { kind, of }: Figure<T>,
  report: T,
  unit: TimeUnit | undefined,
): string {
  const value = of(report);
  if (value === null || value === undefined) return "-";
  if (!Number.isFinite(value)) return value > 0 ? "endless" : "-";
  if (kind === "share") return `${(100 * value).toFixed(1)} %`;
  if (kind === "count" || unit === undefined) return tenths(value);
  // As fine as a thousandth of the unit.
  const step = Math.max(1, Math.floor(unit.length / 1_000));
  return formatTime(Math.round(value / step) * step, unit);
}

/** Means are no whole numbers. */
function tenths(value: number): string {
  if (Number.isInteger(value)) return formatTime(value);
  const all = Math.round(10 * Math.abs(value));
  return `${value < 0 ? "-" : ""}${formatTime(Math.floor(all / 10))}.${all % 10}`;
}

/** The figures that some report has. */
export function figuresOf<T>(
  figures: readonly Figure<T>[],
  reports: readonly T[],
): readonly Figure<T>[] {
  return figures.filter(({ of }) => reports.some((report) => (of(report) ?? null) !== null));
}
