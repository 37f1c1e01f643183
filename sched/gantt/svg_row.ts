/**
 * One row of a schedule as SVG.
 *
 * @module
 */
import { escapeXml } from "../../util/svg.ts";
import { formatTime } from "./axis.ts";
import {
  type GanttMark,
  type GanttPiece,
  type GanttRow,
  type GanttRows,
  MARK_KINDS,
  type MarkKind,
  PIECE_KINDS,
  type PieceKind,
  SEVERAL,
} from "./chart.ts";
import { pixel, type RowSize, type Scale, shown } from "./svg_page.ts";

/** What a row is drawn with. */
export interface RowStyle {
  /** What the rows are. */
  readonly by: GanttRows;
  /** Names of the threads, by id. */
  readonly threads: readonly string[];
  /** Colors of the threads, by id. */
  readonly colors: readonly string[];
  /** The color of the row, if it is a thread's. */
  readonly color: string | undefined;
  /** Number of CPUs. */
  readonly cpus: number;
  /** What threads waited for or held. */
  readonly objects: readonly string[];
  /** Sizes. */
  readonly size: RowSize;
  /** Times to pixels. */
  readonly scale: Scale;
  /** Whether each piece and mark has a title of its own. */
  readonly titled: boolean;
  /** What the whole row says of itself. */
  readonly title: string;
}

/** Least space that a mark takes, in pixels; where there is less, a row's marks are left out. */
const MARK_SPACE = 7;

/** Least width of a bar that is cut where its thread was preempted, or has a diamond. */
const CUT_SPACE = 6;

/** Width of a character of text in a bar, in pixels. */
const INNER_WIDTH = 7;

const STATES: Readonly<Record<PieceKind, string>> = {
  run: "runs",
  switch: "is switched to",
  ready: "is ready",
  lock: "waits for",
  io: "waits for",
  hold: "holds",
};

const HAPPENINGS: Readonly<Record<MarkKind, string>> = {
  release: "a job is released",
  deadline: "a deadline",
  miss: "a deadline is missed",
  preempt: "is preempted",
  migrate: "migrates",
};

/** What was drawn of a row. */
export interface DrawnRow {
  /** Its elements. */
  readonly markup: string;
  /** Kinds of pieces and marks in it. */
  readonly kinds: ReadonlySet<PieceKind | MarkKind>;
  /** Kinds of marks that there is no room for. */
  readonly crowded: ReadonlySet<MarkKind>;
}

/** Draws a row whose upper edge is at `top`. */
export function drawRow(row: GanttRow, top: number, style: RowStyle): DrawnRow {
  const kinds = new Set<PieceKind | MarkKind>();
  const crowded = new Set<MarkKind>();
  const shapes: string[] = [];
  for (const kind of PIECE_KINDS) {
    if (row.pieces[kind].length > 0) kinds.add(kind);
    shapes.push(...drawPieces(kind, row.pieces[kind], top, style));
  }
  for (const kind of MARK_KINDS) {
    const marks = row.marks[kind];
    if (marks.length === 0) continue;
    const happened = marks.reduce((sum, { count }) => sum + count, 0);
    const room = style.size.roomy && happened * MARK_SPACE <= style.scale.width;
    if (kind !== "miss" && !room) crowded.add(kind);
    else {
      kinds.add(kind);
      shapes.push(...drawMarks(kind, marks, top, style));
    }
  }
  const color = style.color === undefined ? "" : ` stroke="${style.color}"`;
  const title = `<title>${escapeXml(style.title)}</title>`;
  return { markup: `<g${color}>${title}${shapes.join("")}</g>`, kinds, crowded };
}

function drawPieces(
  kind: PieceKind,
  pieces: readonly GanttPiece[],
  top: number,
  style: RowStyle,
): string[] {
  const { size } = style;
  const middle = top + size.row - size.below - size.bar / 2;
  const strokes = new StrokeSet(kind, kind === "hold" ? middle + size.bar / 2 : middle, style);
  const inner: string[] = [];
  for (const piece of pieces) {
    strokes.add(piece);
    const text = kind === "run" && size.roomy ? innerText(piece, style) : "";
    if (text !== "") {
      const x = shown(pixel(style.scale, piece.start) + 4);
      inner.push(`<text x="${x}" y="${middle + 4}" class="inner">${escapeXml(text)}</text>`);
    }
  }
  return [...strokes.shapes(), ...inner];
}

/** What stands in a bar: where it runs, or who; nothing if there is no room for it. */
function innerText({ start, end, of }: GanttPiece, style: RowStyle): string {
  const text = of === SEVERAL || (style.by === "thread" && style.cpus === 1)
    ? ""
    : style.by === "thread"
    ? String(of)
    : style.threads[of] ?? String(of);
  const room = pixel(style.scale, end) - pixel(style.scale, start);
  return text.length * INNER_WIDTH + 8 <= room ? text : "";
}

/** Strokes of one kind in one row: an element each, or as few as there are ways to look. */
class StrokeSet {
  readonly #kind: PieceKind;
  readonly #y: number;
  readonly #style: RowStyle;
  readonly #single: string[] = [];
  /** By attributes: the path, and where its last stroke began and ended, in tenths of pixels. */
  readonly #joined = new Map<string, { path: string[]; begin: number; end: number }>();

  constructor(kind: PieceKind, y: number, style: RowStyle) {
    this.#kind = kind;
    this.#y = y;
    this.#style = style;
  }

  add(piece: GanttPiece): void {
    const { scale, titled } = this.#style;
    const begin = Math.round(10 * pixel(scale, piece.start));
    const end = Math.max(begin + 10, Math.round(10 * pixel(scale, piece.end)));
    const look = this.#look(piece);
    if (titled) {
      const path = `M${shown(begin / 10)} ${this.#y}h${shown((end - begin) / 10)}`;
      const title = escapeXml(this.#title(piece));
      this.#single.push(`<path ${look} d="${path}"><title>${title}</title></path>`);
      return;
    }
    const joined = this.#joined.get(look);
    if (joined === undefined) {
      this.#joined.set(look, { path: [`M${shown(begin / 10)} ${this.#y}`], begin, end });
    } else if (begin - joined.end < 5) {
      joined.end = Math.max(joined.end, end);
    } else {
      joined.path.push(
        `h${shown((joined.end - joined.begin) / 10)}m${shown((begin - joined.end) / 10)} 0`,
      );
      joined.begin = begin;
      joined.end = end;
    }
  }

  shapes(): string[] {
    const joined = [...this.#joined].map(([look, { path, begin, end }]) =>
      `<path ${look} d="${path.join("")}h${shown((end - begin) / 10)}"/>`
    );
    return [...joined, ...this.#single];
  }

  #look({ start, end, time, of }: GanttPiece): string {
    const { by, colors, size } = this.#style;
    if (this.#kind === "switch") return `class="switch" stroke-width="${size.bar}"`;
    if (this.#kind !== "run") return `class="${this.#kind}"`;
    const level = Math.ceil(4 * time / (end - start));
    const classes = [
      ...(level < 4 ? [`l${level}`] : []),
      ...(by === "cpu" && of === SEVERAL ? ["several"] : []),
    ];
    const color = by === "cpu" && of !== SEVERAL ? ` stroke="${colors[of]}"` : "";
    const className = classes.length === 0 ? "" : ` class="${classes.join(" ")}"`;
    return `stroke-width="${size.bar}"${color}${className}`;
  }

  #title(piece: GanttPiece): string {
    const { unit } = this.#style.scale;
    const { start, end, time } = piece;
    const length = `${formatTime(time, unit)}${unit.name === "" ? "" : ` ${unit.name}`}`;
    return `${formatTime(start, unit)} to ${formatTime(end, unit)}: ${
      this.#what(piece)
    }, ${length}`;
  }

  #what({ of }: GanttPiece): string {
    const { by, cpus, threads, objects } = this.#style;
    const state = STATES[this.#kind];
    const several = of === SEVERAL;
    if (by === "cpu") {
      return several ? `several threads: ${state}` : `${threads[of] ?? of} ${state}`;
    }
    switch (this.#kind) {
      case "lock":
      case "io":
      case "hold":
        return `${state} ${several ? "several things" : objects[of]}`;
      case "run":
      case "switch":
        if (cpus > 1) return `${state} on ${several ? "several CPUs" : `CPU ${of}`}`;
    }
    return state;
  }
}

function drawMarks(
  kind: MarkKind,
  marks: readonly GanttMark[],
  top: number,
  style: RowStyle,
): string[] {
  const { scale, titled } = style;
  const shapes = marks.map((mark) => markPath(kind, pixel(scale, mark.time), top, style));
  const look = kind === "preempt"
    ? 'class="notch" stroke="none"'
    : kind === "migrate"
    ? 'class="moved" stroke="none"'
    : `class="${kind === "miss" ? "miss" : "mark"}"`;
  if (!titled) return [`<path ${look} d="${shapes.join("")}"/>`];
  return shapes.map((path, i) => {
    const { time, count } = marks[i]!;
    const often = count > 1 ? `, ${count} times` : "";
    const title = escapeXml(`${formatTime(time, scale.unit)}: ${HAPPENINGS[kind]}${often}`);
    return `<path ${look} d="${path}"><title>${title}</title></path>`;
  });
}

/** The outline of a mark at `x`. */
function markPath(kind: MarkKind, x: number, top: number, { size }: RowStyle): string {
  const bottom = top + size.row - size.below;
  const bar = bottom - size.bar;
  const at = (dx: number, y: number): string => `M${shown(x + dx)} ${shown(y)}`;
  switch (kind) {
    case "release":
      return `${at(0, bottom)}V${top + 2}${at(-2.5, top + 6)}l2.5 -4l2.5 4`;
    case "deadline":
      return `${at(0, top + 2)}V${bar}${at(-2.5, bar - 4)}l2.5 4l2.5 -4`;
    case "miss":
      if (!size.roomy) return `${at(0, top)}v${size.row}`;
      return `${at(-4, bar - 9)}l8 8${at(4, bar - 9)}l-8 8`;
    case "preempt":
      return `${at(-CUT_SPACE / 2, bar + size.bar / 2)}L${shown(x)} ${shown(bar)}V${bottom}Z`;
    case "migrate":
      return `${at(0, bar - 4)}l4 4l-4 4l-4 -4Z`;
  }
}
