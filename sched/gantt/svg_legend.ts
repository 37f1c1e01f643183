/**
 * What the shapes of a drawing mean.
 *
 * @module
 */
import { BAR_COLORS } from "../../util/svg.ts";
import {
  type GanttRow,
  type GanttRows,
  hasSeveral,
  type MarkKind,
  type PieceKind,
} from "./chart.ts";

/** A chart as it has been drawn. */
export interface DrawnChart {
  /** What its rows are. */
  readonly by: GanttRows;
  /** Its rows. */
  readonly rows: readonly GanttRow[];
  /** Whether they are tall enough for arrows and crosses. */
  readonly roomy: boolean;
}

/** A line of a legend. */
export interface LegendEntry {
  /** What it is about. */
  readonly text: string;
  /** The shape, in a box of 36 by 20 pixels. */
  markup(x: number, y: number): string;
}

const COLOR = BAR_COLORS[0];

const PIECES: Readonly<Record<PieceKind, LegendEntry>> = {
  run: {
    text: "runs",
    markup: (x, y) => `<path stroke="${COLOR}" stroke-width="12" d="M${x} ${y + 10}h36"/>`,
  },
  ready: {
    text: "is ready and waits for a CPU",
    markup: (x, y) => `<path stroke="${COLOR}" class="ready" d="M${x} ${y + 10}h36"/>`,
  },
  lock: {
    text: "waits for a mutex, semaphore or condition",
    markup: (x, y) => `<path class="lock" d="M${x} ${y + 10}h36"/>`,
  },
  switch: {
    text: "is switched to",
    markup: (x, y) => `<path class="switch" stroke-width="12" d="M${x} ${y + 10}h36"/>`,
  },
  io: {
    text: "waits for I/O",
    markup: (x, y) => `<path class="io" d="M${x} ${y + 10}h36"/>`,
  },
  hold: {
    text: "holds a mutex",
    markup: (x, y) => `<path class="hold" d="M${x} ${y + 10}h36"/>`,
  },
};

const MARKS: Readonly<Record<MarkKind, LegendEntry>> = {
  release: {
    text: "a job is released",
    markup: (x, y) => `<path class="mark" d="M${x + 18} ${y + 18}v-16m-2.5 4l2.5 -4l2.5 4"/>`,
  },
  deadline: {
    text: "a deadline",
    markup: (x, y) => `<path class="mark" d="M${x + 18} ${y + 2}v16m-2.5 -4l2.5 4l2.5 -4"/>`,
  },
  miss: {
    text: "a deadline is missed",
    markup: (x, y) => `<path class="miss" d="M${x + 14} ${y + 6}l8 8m0 -8l-8 8"/>`,
  },
  preempt: {
    text: "is preempted",
    markup: (x, y) =>
      `<path stroke="${COLOR}" stroke-width="12" d="M${x} ${y + 10}h18"/>` +
      `<path class="notch" stroke="none" d="M${x + 15} ${y + 10}l3 -6v12Z"/>`,
  },
  migrate: {
    text: "goes on on another CPU",
    markup: (x, y) => `<path class="moved" stroke="none" d="M${x + 18} ${y + 6}l4 4l-4 4l-4 -4Z"/>`,
  },
};

/** A missed deadline where rows are too small for a cross. */
const SMALL_MISS: LegendEntry = {
  text: MARKS.miss.text,
  markup: (x, y) => `<path class="miss" d="M${x + 18} ${y + 5}v10"/>`,
};

/** The lines that drawings of these kinds need, in the order of this file. */
export function legendEntries(
  kinds: ReadonlySet<PieceKind | MarkKind>,
  charts: readonly DrawnChart[],
): readonly LegendEntry[] {
  const all: readonly (readonly [string, LegendEntry])[] = Object.entries({ ...PIECES, ...MARKS });
  const used = all.filter(([kind]) => (kinds as ReadonlySet<string>).has(kind));
  const entries = used.map(([kind, entry]) =>
    kind === "miss" && !charts.some(({ roomy }) => roomy) ? SMALL_MISS : entry
  );
  if (charts.some(({ by, rows }) => by === "cpu" && rows.some(hasSeveral))) {
    entries.push({
      text: "several threads, too short to be shown",
      markup: (x, y) => `<path class="several" stroke-width="12" d="M${x} ${y + 10}h36"/>`,
    });
  }
  if (charts.some(({ rows }) => rows.some(isPale))) {
    entries.push({
      text: "runs for a part of it, several times: the paler, the less",
      markup: (x, y) =>
        [1, 2, 3].map((level, i) =>
          `<path stroke="${COLOR}" stroke-width="12" class="l${level}" ` +
          `d="M${x + 12 * i} ${y + 10}h12"/>`
        ).join(""),
    });
  }
  return entries;
}

function isPale({ pieces }: GanttRow): boolean {
  return pieces.run.some(({ start, end, time }) => 4 * time <= 3 * (end - start));
}
