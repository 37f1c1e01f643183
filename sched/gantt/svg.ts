/**
 * Schedules as drawings.
 *
 * @module
 */
import { CHARACTER_WIDTH, Drawing, escapeXml, LINE_HEIGHT, MARGIN } from "../../util/svg.ts";
import { shortened } from "../../util/printable.ts";
import { CLOCK, formatTime, roundTicks, roundUp } from "./axis.ts";
import { type GanttChart, MARK_KINDS, type MarkKind, type PieceKind } from "./chart.ts";
import type { TimeUnit } from "../simulator/workload.ts";
import { threadColors } from "./palette.ts";
import { coarseRows } from "./row_recorder.ts";
import { type DrawnChart, legendEntries } from "./svg_legend.ts";
import {
  commonScale,
  GANTT_RULES,
  GANTT_SHADES,
  pixel,
  rowSize,
  type Scale,
  shown,
} from "./svg_page.ts";
import { drawRow } from "./svg_row.ts";

/** One schedule of a drawing. */
export interface GanttPanel {
  /** What stands above it, such as the policy. */
  readonly title: string;
  /** More of it, in a line of its own. */
  readonly caption?: string;
  /** The schedule. */
  readonly chart: GanttChart;
}

/** How schedules are drawn. */
export interface GanttSvgOptions {
  /** Width of the charts in pixels; 1,000 if absent. */
  readonly width?: number;
  /** The unit times are shown in; the clock's own if absent. */
  readonly unit?: TimeUnit;
}

/** Most pieces and marks of a panel of which each has a title of its own. */
const MOST_TITLED = 3_000;

/** Most pieces and marks of a drawing. */
const MOST_PIECES = 120_000;

/** Longest name beside a row, in characters. */
const LONGEST_LABEL = 24;

/** Several marks of a kind, in words. */
const MARK_NAMES: Readonly<Record<MarkKind, string>> = {
  release: "releases",
  deadline: "deadlines",
  miss: "misses",
  preempt: "preemptions",
  migrate: "migrations",
};

/** Least height of a row's name, in pixels. */
const LABEL_HEIGHT = 13;

/** What the panels of a drawing share, and what was drawn in them. */
interface Page {
  readonly scale: Scale;
  readonly colors: readonly string[];
  readonly kinds: Set<PieceKind | MarkKind>;
  readonly drawn: DrawnChart[];
}

/** Draws one panel below what is there. */
class PanelDrawing {
  readonly #drawing: Drawing;
  readonly #page: Page;
  #y: number;

  constructor(
    drawing: Drawing,
    y: number,
    page: Page,
  ) {
    this.#drawing = drawing;
    this.#y = y;
    this.#page = page;
  }

  /** Draws it, and returns where it ends. */
  draw({ title, caption, chart }: GanttPanel, most: number): number {
    this.#line("text strong", title);
    if (caption !== undefined) this.#line("dim", caption);
    const size = rowSize(chart.rows.length);
    const top = this.#y + LINE_HEIGHT;
    const bottom = top + size.row * chart.rows.length;
    this.#axis(top, bottom);
    const labeled = roundUp(LABEL_HEIGHT / size.row);
    const { scale, colors, kinds } = this.#page;
    const grain = (scale.to - scale.from) / scale.width;
    const coarse = coarseRows(chart.rows, Math.max(grain, chart.grain), most);
    this.#page.drawn.push({ by: chart.by, rows: coarse.rows, roomy: size.roomy });
    const titled = coarse.count <= MOST_TITLED;
    const crowded = new Set<MarkKind>();
    for (const [i, row] of coarse.rows.entries()) {
      const y = top + i * size.row;
      if (i % labeled === 0) this.#label(row.name, y, size.row, size.roomy);
      const drawn = drawRow(row, y, {
        by: chart.by,
        threads: chart.threads,
        colors,
        color: chart.by === "thread" ? colors[i] : undefined,
        cpus: chart.cpus,
        objects: chart.objects,
        size,
        scale,
        titled,
        title: row.name,
      });
      this.#drawing.shape(drawn.markup);
      for (const kind of drawn.kinds) kinds.add(kind);
      for (const kind of drawn.crowded) crowded.add(kind);
    }
    this.#y = bottom + LINE_HEIGHT;
    this.#notes(chart, crowded);
    return this.#y;
  }

  #line(classes: string, text: string): void {
    this.#drawing.text(MARGIN, this.#y + 15, classes, text);
    this.#y += LINE_HEIGHT;
  }

  /** The grid, and times above and below it. */
  #axis(top: number, bottom: number): void {
    const { scale } = this.#page;
    const longest = Math.max(
      formatTime(scale.from, scale.unit).length,
      formatTime(scale.to, scale.unit).length,
    );
    const space = Math.max(60, (longest + 3) * CHARACTER_WIDTH);
    const { times } = roundTicks(scale, scale.width / space, scale.unit);
    const grid = times.map((time) => `M${shown(pixel(scale, time))} ${top - 4}V${bottom + 4}`);
    this.#drawing.shape(`<path class="grid" d="${grid.join("")}"/>`, scale.left + scale.width);
    for (const [i, time] of times.entries()) {
      const unit = i === times.length - 1 && scale.unit.name !== "" ? ` ${scale.unit.name}` : "";
      const text = `${formatTime(time, scale.unit)}${unit}`;
      for (const y of [top - 7, bottom + 15]) {
        this.#text(pixel(scale, time), y, "middle", text);
      }
    }
  }

  #text(x: number, y: number, anchor: "middle" | "end", text: string): void {
    this.#drawing.shape(
      `<text x="${shown(x)}" y="${shown(y)}" text-anchor="${anchor}" class="dim small">` +
        `${escapeXml(text)}</text>`,
    );
  }

  #label(name: string, top: number, height: number, roomy: boolean): void {
    const { scale } = this.#page;
    const y = roomy ? top + height - 7 : top + height / 2 + 4;
    this.#text(scale.left - 8, y, "end", shortened(name, LONGEST_LABEL));
    const line = roomy ? top + height : top + height / 2;
    this.#drawing.shape(
      `<path class="grid" d="M${scale.left - 5} ${shown(line)}h${scale.width + 5}"/>`,
    );
  }

  /** What is not in the picture, in words. */
  #notes(chart: GanttChart, crowded: ReadonlySet<MarkKind>): void {
    const kinds = MARK_KINDS.filter((kind) => crowded.has(kind)).map((kind) => MARK_NAMES[kind]);
    if (kinds.length > 0) {
      this.#line("dim", `not shown in some rows for want of room: ${kinds.join(", ")}`);
    }
    if (chart.omitted > 0) this.#line("dim", `${chart.omitted} more rows are left out`);
  }
}

/**
 * Schedules as an SVG document, one below the other on one axis of time. The same charts give the
 * same bytes, at most some megabytes, however long the run was.
 * @param panels the schedules, of the same threads
 */
export function ganttSvg(panels: readonly GanttPanel[], options: GanttSvgOptions = {}): string {
  const { width = 1_000, unit = CLOCK } = options;
  const charts = panels.map(({ chart }) => chart);
  const names = charts.flatMap(({ rows }) =>
    rows.map(({ name }) => [...shortened(name, LONGEST_LABEL)].length)
  );
  const left = MARGIN + 12 + CHARACTER_WIDTH * Math.max(0, ...names);
  const drawing = new Drawing({ shades: GANTT_SHADES, rules: GANTT_RULES });
  const threads = charts.flatMap((chart) => chart.threads.length);
  const page: Page = {
    scale: commonScale(charts, { left, width, unit }),
    colors: threadColors(Math.max(0, ...threads)),
    kinds: new Set(),
    drawn: [],
  };
  let y = MARGIN;
  for (const panel of panels) {
    const most = Math.floor(MOST_PIECES / panels.length);
    y = new PanelDrawing(drawing, y, page).draw(panel, most) + LINE_HEIGHT;
  }
  for (const entry of legendEntries(page.kinds, page.drawn)) {
    drawing.shape(entry.markup(MARGIN, y));
    drawing.text(MARGIN + 44, y + 14, "dim small", entry.text);
    y += LINE_HEIGHT;
  }
  return drawing.document(y + MARGIN, panels.map(({ title }) => title).join("; "));
}
