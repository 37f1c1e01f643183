/**
 * Schedules as text: a column is a stretch of time, as short as the width allows.
 *
 * @module
 */
import { printable, shortened } from "../../util/printable.ts";
import { CLOCK, formatTime, roundTicks } from "./axis.ts";
import {
  type GanttChart,
  type GanttPiece,
  type GanttRow,
  hasSeveral,
  type MarkKind,
  type PieceKind,
  SEVERAL,
} from "./chart.ts";
import type { TimeUnit } from "../simulator/workload.ts";

/** How schedules are written. */
export interface GanttTextOptions {
  /** Longest line; 100 if absent. */
  readonly columns?: number;
  /** The unit times are shown in; the clock's own if absent. */
  readonly unit?: TimeUnit;
}

/** Longest name beside a row, and the part of a line that it may take. */
const LONGEST_LABEL = 20;
const LABEL_PART = 1 / 3;

/** Least width of a chart, whatever the line's. */
const LEAST_WIDTH = 20;

/** Charts of at most so many rows have a line for what happened above each row. */
const ROOMY_ROWS = 20;

/** Digits that stand for CPUs; several are `+`. */
const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@#";
const DIGIT_RANGE = "0-9a-zA-Z@#";

/** A part of a column, by quarters. */
const SHADES = ["░", "▒", "▓", "█"];

const READY = "─";
const LOCK = "≈";
const IO = "·";
const SWITCH = "╌";

/** How states other than running are written. */
const OTHER_STATES: readonly (readonly [PieceKind, string])[] = [
  ["lock", LOCK],
  ["switch", SWITCH],
  ["ready", READY],
  ["io", IO],
];

const SYMBOLS: Readonly<Record<MarkKind, string>> = {
  release: "↑",
  deadline: "↓",
  miss: "✗",
  preempt: "<",
  migrate: ">",
};

const MEANINGS: Readonly<Record<PieceKind | MarkKind, string>> = {
  run: "█ runs (paler: a part of the column)",
  switch: `${SWITCH} is switched to`,
  hold: "",
  ready: `${READY} ready`,
  lock: `${LOCK} waits for a lock`,
  io: `${IO} waits for I/O`,
  release: "↑ release",
  deadline: "↓ deadline (↕ both)",
  miss: "✗ deadline missed",
  preempt: "< preempted",
  migrate: "> migrated",
};

/** From times to columns. */
interface Columns {
  readonly from: number;
  /** How long a column is; less than 1 if a unit of time has several. */
  readonly length: number;
  readonly count: number;
}

/** Columns that cover a chart: some for each unit of time, or of a length with two digits. */
function columnsOf({ from, to }: GanttChart, width: number): Columns {
  const span = Math.max(1, to - from);
  const least = Math.ceil(span / width);
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(least)) - 1);
  const length = span <= width ? 1 / Math.floor(width / span) : Math.ceil(least / digits) * digits;
  return { from, length, count: Math.max(1, Math.ceil(span / length)) };
}

function columnAt({ from, length, count }: Columns, time: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor((time - from) / length)));
}

/**
 * Writes a schedule, as lines that end with a newline.
 * @param chart the schedule
 */
export function ganttText(chart: GanttChart, options: GanttTextOptions = {}): string {
  const { columns: most = 100, unit = CLOCK } = options;
  const longest = Math.max(1, Math.min(LONGEST_LABEL, Math.floor(most * LABEL_PART)));
  const names = chart.rows.map(({ name }) => shortened(printable(name), longest));
  const label = Math.max(0, ...names.map((name) => [...name].length));
  const columns = columnsOf(chart, Math.max(LEAST_WIDTH, most - label - 1));
  const roomy = chart.rows.length <= ROOMY_ROWS;
  const body = chart.rows.flatMap((row, i) => {
    const name = `${" ".repeat(label - [...names[i]!].length)}${names[i]} `;
    const bar = chart.by === "cpu" ? cpuBar(row, chart, columns) : threadBar(row, chart, columns);
    const marks = markLine(row, columns);
    if (!roomy) return [`${name}${over(bar, row, columns)}`];
    return [...(marks === "" ? [] : [" ".repeat(label + 1) + marks]), name + bar];
  });
  const lines = [...axis(columns, unit, label + 1), ...body];
  const notes = legend(chart, roomy);
  const column = columns.length < 1
    ? `${1 / columns.length} columns are 1`
    : `a column is ${formatTime(columns.length, unit)}`;
  notes.push(`${column}${unit.name === "" ? "" : ` ${unit.name}`}`);
  if (chart.omitted > 0) notes.push(`${chart.omitted} more rows are left out`);
  return [...lines, ...wrapped(notes, most)].map((line) => `${line.trimEnd()}\n`).join("");
}

/** What the symbols of a chart mean. */
function legend(chart: GanttChart, roomy: boolean): string[] {
  const notes: string[] = [];
  for (const kind of ["run", "switch", "ready", "lock", "io"] as const) {
    if (!chart.rows.some(({ pieces }) => pieces[kind].length > 0)) continue;
    if (kind === "run" && chart.rows.some(hasSeveral)) notes.push("+ several");
    if (kind !== "run") notes.push(MEANINGS[kind]);
    else if (chart.by === "cpu") notes.push("[name──] runs");
    else notes.push(chart.cpus > 1 ? `${DIGIT_RANGE} the CPU it runs on` : MEANINGS.run);
  }
  for (const kind of ["release", "deadline", "miss", "preempt", "migrate"] as const) {
    if (!roomy && kind !== "miss") continue;
    if (chart.rows.some(({ marks }) => marks[kind].length > 0)) notes.push(MEANINGS[kind]);
  }
  return notes;
}

/** A line of times and one of ticks. */
function axis(columns: Columns, unit: TimeUnit, left: number): string[] {
  const { from, length, count } = columns;
  const to = from + count * length;
  const widest = Math.max(formatTime(from, unit).length, formatTime(to, unit).length) + 2;
  const { times } = roundTicks({ from, to }, Math.max(1, Math.floor(count / widest)), unit);
  let numbers = "";
  const ticks = new Array<string>(count).fill("─");
  for (const time of times) {
    const at = Math.round((time - from) / length);
    if (at >= count) break;
    const number = formatTime(time, unit);
    if (at + number.length <= count) numbers = `${numbers.padEnd(at)}${number}`;
    ticks[at] = "┬";
  }
  const space = " ".repeat(left);
  return [space + numbers, space + ticks.join("")];
}

/** How much of each column pieces take. */
function shares(pieces: readonly GanttPiece[], columns: Columns): Float64Array {
  const taken = new Float64Array(columns.count);
  for (const piece of pieces) eachColumn(piece, columns, (at, time) => taken[at]! += time);
  return taken.map((time) => time / columns.length);
}

/** Tells how much of a piece's time falls into each of its columns. */
function eachColumn(
  { start, end, time }: GanttPiece,
  columns: Columns,
  tell: (column: number, time: number) => void,
): void {
  const density = time / (end - start);
  const last = columnAt(columns, end);
  for (let at = columnAt(columns, start); at <= last; at++) {
    const begin = columns.from + at * columns.length;
    const part = Math.min(end, begin + columns.length) - Math.max(start, begin);
    if (part > 0) tell(at, part * density);
  }
}

function threadBar(row: GanttRow, { cpus }: GanttChart, columns: Columns): string {
  const run = shares(row.pieces.run, columns);
  const others = OTHER_STATES.map(([kind, symbol]) => ({
    symbol,
    taken: shares(row.pieces[kind], columns),
  }));
  const where = cpus > 1 ? mostIn(row.pieces.run, columns) : undefined;
  return Array.from(run, (share, at) => {
    if (share > 0) return where === undefined ? shade(share) : digit(where[at]!);
    let [most, shown] = [0, " "];
    for (const { symbol, taken } of others) {
      if (taken[at]! > most) [most, shown] = [taken[at]!, symbol];
    }
    return shown;
  }).join("");
}

function shade(share: number): string {
  return SHADES[Math.min(3, Math.max(0, Math.ceil(share * 4 - 1e-9) - 1))]!;
}

function digit(cpu: number): string {
  return cpu === SEVERAL ? "+" : DIGITS[cpu] ?? "+";
}

/** Who or what has most of each column. */
function mostIn(pieces: readonly GanttPiece[], columns: Columns): Int32Array {
  const most = new Float64Array(columns.count);
  const of = new Int32Array(columns.count).fill(SEVERAL);
  for (const piece of pieces) {
    eachColumn(piece, columns, (at, time) => {
      if (time <= most[at]!) return;
      most[at] = time;
      of[at] = piece.of;
    });
  }
  return of;
}

/** Names in brackets where they fit: `[editor]`; else as much of them as fits. */
function cpuBar(row: GanttRow, chart: GanttChart, columns: Columns): string {
  const of = mostIn(row.pieces.run, columns);
  const taken = shares(row.pieces.run, columns);
  const switching = shares(row.pieces.switch, columns);
  const begins = new Set(
    row.pieces.run.map((piece) => ({ ...piece, at: columnAt(columns, piece.start) }))
      .filter((piece) => of[piece.at] === piece.of).map(({ at }) => at),
  );
  let bar = "";
  for (let at = 0; at < columns.count;) {
    let end = at + 1;
    if (taken[at] === 0) {
      bar += switching[at]! > 0 ? SWITCH : " ";
    } else {
      const goesOn = () => taken[end]! > 0 && of[end] === of[at] && !begins.has(end);
      while (end < columns.count && goesOn()) end++;
      bar += of[at] === SEVERAL
        ? "+".repeat(end - at)
        : block(chart.threads[of[at]!] ?? "?", end - at);
    }
    at = end;
  }
  return bar;
}

function block(name: string, width: number): string {
  const characters = [...printable(name)];
  if (width === 1) return characters[0] ?? "?";
  const inner = characters.slice(0, width - 2).join("");
  const fill = "─".repeat(Math.max(0, width - 2 - characters.length));
  return `[${inner}${fill}]`;
}

/** What happened, above a row; empty if nothing did. */
function markLine(row: GanttRow, columns: Columns): string {
  const line = new Array<string>(columns.count).fill(" ");
  for (const kind of ["preempt", "migrate", "deadline", "release", "miss"] as const) {
    for (const { time } of row.marks[kind]) {
      const at = columnAt(columns, time);
      const both = kind === "release" && line[at] === SYMBOLS.deadline;
      line[at] = both ? "↕" : SYMBOLS[kind];
    }
  }
  return line.join("").trimEnd();
}

/** A bar with misses in it. */
function over(bar: string, row: GanttRow, columns: Columns): string {
  const cells = [...bar];
  for (const { time } of row.marks.miss) cells[columnAt(columns, time)] = SYMBOLS.miss;
  return cells.join("");
}

/** Notes side by side, in lines of at most so many columns. */
function wrapped(notes: readonly string[], most: number): string[] {
  const lines: string[] = [];
  for (const note of notes) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 3 + note.length <= most) {
      lines[lines.length - 1] = `${last}   ${note}`;
    } else lines.push(note);
  }
  return lines;
}
