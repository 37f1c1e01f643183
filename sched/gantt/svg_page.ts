/**
 * What drawings of schedules have in common: sizes, classes, and how times become pixels.
 *
 * @module
 */
import type { Shade } from "../../util/svg.ts";
import type { TimeUnit } from "../simulator/workload.ts";
import type { GanttChart } from "./chart.ts";

/** Classes beside those of every drawing. */
export const GANTT_SHADES: Readonly<Record<string, Shade>> = {
  grid: { property: "stroke", light: "#d0d7de", dark: "#30363d" },
  mark: { property: "stroke", light: "#1f2328", dark: "#e6edf3" },
  miss: { property: "stroke", light: "#cf222e", dark: "#ff7b72" },
  lock: { property: "stroke", light: "#cf222e", dark: "#ff7b72" },
  hold: { property: "stroke", light: "#1f2328", dark: "#e6edf3" },
  switch: { property: "stroke", light: "#6e7781", dark: "#8b949e" },
  io: { property: "stroke", light: "#57606a", dark: "#9aa4af" },
  several: { property: "stroke", light: "#6e7781", dark: "#8b949e" },
  notch: { property: "fill", light: "#ffffff", dark: "#0d1117" },
  moved: { property: "fill", light: "#1f2328", dark: "#e6edf3" },
};

/** Rules beside them. */
export const GANTT_RULES: readonly string[] = [
  ".small{font-size:11px}.inner{font-size:11px;fill:#fff;stroke:none;pointer-events:none}",
  ".grid{stroke-width:1}.mark{stroke-width:1.2}.miss{stroke-width:2.2}",
  "path{fill:none}.lock{stroke-width:3;stroke-dasharray:3 2}.io{stroke-width:2;stroke-dasharray:1 3}",
  ".switch{stroke-opacity:.6}.hold{stroke-width:2}",
  ".ready{stroke-width:2;stroke-opacity:.5}.l1{stroke-opacity:.25}.l2{stroke-opacity:.45}",
  ".l3{stroke-opacity:.7}",
];

/** How tall the parts of a row are, in pixels. */
export interface RowSize {
  /** All of it. */
  readonly row: number;
  /** The bar at its lower end. */
  readonly bar: number;
  /** What is free below the bar. */
  readonly below: number;
  /** Whether there is room for text in bars, and for arrows. */
  readonly roomy: boolean;
}

/** Rows of at most so many threads are so tall. */
const ROW_SIZES: readonly (readonly [most: number, size: RowSize])[] = [
  [16, { row: 34, bar: 16, below: 4, roomy: true }],
  [40, { row: 22, bar: 12, below: 2, roomy: true }],
  [120, { row: 10, bar: 7, below: 1, roomy: false }],
];

const SMALLEST: RowSize = { row: 6, bar: 5, below: 0, roomy: false };

/** How tall the rows of a chart of so many are. */
export function rowSize(rows: number): RowSize {
  return ROW_SIZES.find(([most]) => rows <= most)?.[1] ?? SMALLEST;
}

/** From times to pixels. */
export interface Scale {
  /** Where the chart begins, in pixels. */
  readonly left: number;
  /** How wide it is, in pixels. */
  readonly width: number;
  /** Where it begins. */
  readonly from: number;
  /** Where it ends. */
  readonly to: number;
  /** The unit times are shown in. */
  readonly unit: TimeUnit;
}

/** Where a time is, to a tenth of a pixel. */
export function pixel({ left, width, from, to }: Scale, time: number): number {
  const share = to > from ? (time - from) / (to - from) : 0;
  return Math.round((left + share * width) * 10) / 10;
}

/** A number of pixels as it stands in a path. */
export function shown(pixels: number): string {
  return String(Math.round(pixels * 10) / 10);
}

/** The scale of charts that are drawn above each other: from the first beginning to the last end. */
export function commonScale(
  charts: readonly GanttChart[],
  page: { readonly left: number; readonly width: number; readonly unit: TimeUnit },
): Scale {
  const from = Math.min(...charts.map((chart) => chart.from));
  const to = Math.max(...charts.map((chart) => chart.to));
  return { ...page, from, to };
}
