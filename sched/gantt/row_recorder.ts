/**
 * One row of a chart while it is being recorded.
 *
 * @module
 */
import type { Mutable } from "../../util/mutable.ts";
import {
  type GanttMark,
  type GanttPiece,
  type GanttRow,
  MARK_KINDS,
  type MarkKind,
  PIECE_KINDS,
  type PieceKind,
  SEVERAL,
} from "./chart.ts";

/** Adds what is short to the last one of a row if the same cell of the grid has both. */
export class RowRecorder implements GanttRow {
  /** Its name. */
  readonly name: string;
  /** Its states. */
  pieces: Record<PieceKind, Mutable<GanttPiece>[]> = noPieces();
  /** What happened to it. */
  marks: Record<MarkKind, Mutable<GanttMark>[]> = noMarks();

  /** A row with nothing in it. */
  constructor(name: string) {
    this.name = name;
  }

  /** Adds a piece that begins no earlier than the last one ended; returns how many more there are. */
  addPiece(kind: PieceKind, piece: GanttPiece, grain: number): number {
    return addPiece(this.pieces[kind], piece, grain);
  }

  /** Adds a mark; returns how many more there are. */
  addMark(kind: MarkKind, time: number, grain: number): number {
    return addMark(this.marks[kind], { time, count: 1 }, grain);
  }

  /** Adds all of another row; returns how many more pieces and marks there are. */
  addRow({ pieces, marks }: Pick<GanttRow, "pieces" | "marks">, grain: number): number {
    let count = 0;
    for (const kind of PIECE_KINDS) {
      for (const piece of pieces[kind]) count += addPiece(this.pieces[kind], piece, grain);
    }
    for (const kind of MARK_KINDS) {
      for (const mark of marks[kind]) count += addMark(this.marks[kind], mark, grain);
    }
    return count;
  }

  /** Puts together what a coarser grid allows; returns how many there are. */
  coarsen(grain: number): number {
    const { pieces, marks } = this;
    this.pieces = noPieces();
    this.marks = noMarks();
    return this.addRow({ pieces, marks }, grain);
  }
}

function noPieces(): RowRecorder["pieces"] {
  return { run: [], switch: [], ready: [], lock: [], io: [], hold: [] };
}

function noMarks(): RowRecorder["marks"] {
  return { release: [], deadline: [], miss: [], preempt: [], migrate: [] };
}

function addPiece(pieces: Mutable<GanttPiece>[], piece: GanttPiece, grain: number): number {
  const last = pieces.at(-1);
  if (last !== undefined && belongs(last, piece, grain)) {
    last.end = piece.end;
    last.time += piece.time;
    if (last.of !== piece.of) last.of = SEVERAL;
    return 0;
  }
  pieces.push({ ...piece });
  return 1;
}

/** Whether two pieces are one: they touch and are alike, or are both within a cell of the grid. */
function belongs(last: GanttPiece, piece: GanttPiece, grain: number): boolean {
  const whole = last.time === last.end - last.start && piece.time === piece.end - piece.start;
  if (last.end === piece.start && last.of === piece.of && whole) return true;
  if (grain === 0) return false;
  return last.end - last.start < grain && piece.end - piece.start < grain &&
    Math.floor(last.start / grain) === Math.floor(piece.start / grain);
}

function addMark(marks: Mutable<GanttMark>[], mark: GanttMark, grain: number): number {
  const last = marks.at(-1);
  const near = last !== undefined && (last.time === mark.time ||
    grain > 0 && Math.floor(last.time / grain) === Math.floor(mark.time / grain));
  if (near) {
    last.count += mark.count;
    return 0;
  }
  marks.push({ ...mark });
  return 1;
}

/** Rows of which at most so many pieces and marks are kept apart, and what grid that took. */
export interface CoarseRows {
  /** The rows. */
  readonly rows: readonly GanttRow[];
  /** Pieces shorter than this may have been put together. */
  readonly grain: number;
  /** Number of pieces and marks. */
  readonly count: number;
}

/** Copies rows on a grid of at least `grain`, as coarse as `most` pieces and marks take. */
export function coarseRows(rows: readonly GanttRow[], grain: number, most: number): CoarseRows {
  for (let at = grain;; at *= 2) {
    let count = 0;
    const copies = rows.map((row) => {
      const copy = new RowRecorder(row.name);
      count += copy.addRow(row, at);
      return copy;
    });
    if (count <= most || at === 0 || at >= Number.MAX_SAFE_INTEGER) {
      return { rows: copies, grain: at, count };
    }
  }
}
