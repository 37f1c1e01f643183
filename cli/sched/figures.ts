/**
 * Which figures of a simulation are shown, and how.
 *
 * @module
 */
import type { SimulationSummary, ThreadStatistics, TimeUnit } from "../../sched/mod.ts";
import { formatTime } from "../../sched/gantt/axis.ts";

/** A figure of a summary. */
export interface Figure<T> {
  /** What it is called. */
  readonly name: string;
  /** Whether it is a time, a part of one, or a number of things. */
  readonly kind: "time" | "share" | "count";
  /** Whether it stands in the caption of a picture, too. */
  readonly short?: boolean;
  /** Its value; nothing if there is none. */
  of(summary: T): number | null | undefined;
}

/** Figures of a run. */
export const POLICY_FIGURES: readonly Figure<SimulationSummary>[] = [
  { name: "mean response", kind: "time", of: ({ meanResponse }) => meanResponse },
  { name: "mean turnaround", kind: "time", of: ({ meanTurnaround }) => meanTurnaround },
  { name: "mean waiting", kind: "time", of: ({ meanWaiting }) => meanWaiting },
  { name: "dispatches", kind: "count", short: true, of: ({ dispatches }) => dispatches },
  { name: "idle", kind: "time", of: ({ idle }) => idle },
  { name: "end", kind: "time", short: true, of: ({ makespan }) => makespan },
];

/** Figures of a thread. */
export const THREAD_FIGURES: readonly Figure<ThreadStatistics>[] = [
  { name: "arrival", kind: "time", of: ({ arrival }) => arrival },
  { name: "finish", kind: "time", of: ({ finish }) => finish },
  { name: "runs", kind: "time", of: ({ run }) => run },
  { name: "turnaround", kind: "time", of: ({ turnaround }) => turnaround },
  { name: "waiting", kind: "time", of: ({ waiting }) => waiting },
  { name: "response", kind: "time", of: ({ response }) => response },
  { name: "longest wait", kind: "time", of: ({ longestWait }) => longestWait },
  { name: "preempted", kind: "count", of: ({ preemptions }) => preemptions },
];

/** A figure as it is shown. */
export function shownFigure<T>(
  { kind, of }: Figure<T>,
  summary: T,
  unit: TimeUnit | undefined,
): string {
  const value = of(summary);
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
  const all = Math.round(10 * value);
  return `${formatTime(Math.floor(all / 10))}.${all % 10}`;
}
