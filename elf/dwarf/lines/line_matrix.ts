/**
 * The rows of one line table, decoded: what DWARF calls the line number matrix.
 *
 * @module
 */
import { type Address, ascendingOrder } from "../../../bytes/mod.ts";
import { DwarfError } from "../errors.ts";
import { isDropped } from "../lists/ranges.ts";
import type { LineProgram } from "./line_program.ts";
import { type Covering, Sequences } from "./sequences.ts";

/** What stands for numbers of columns that no sound table has. */
const LARGEST = 0xffffffff;

/** The same of files, whose numbers share a word with a flag. */
const LARGEST_FILE = 0x7fffffff;

/** The flag: the row is a good place for a breakpoint. */
const STATEMENT = 0x80000000;

/** Words of a row: how far it is from the sequence's beginning, file and flag, line, column. */
const ROW = 4;

/** Sequences are not longer, so that a word holds a distance in them. */
const LONGEST = 2 ** 32 - 1;

/** Words of a piece of room, of which only those take memory that are written to. */
const ROOM = ROW * 2 ** 17;

/** Where rows are put: those of many tables, one behind the other, as most are small. */
let room = new Uint32Array(0);

/** How many of its words are in use. */
let used = 0;

/** The error of a program that ends where no sequence does. */
export function unfinishedSequence(offset: number): DwarfError {
  const message = "Line program ends inside a sequence, expected one that ends it";
  return new DwarfError("opcode", message, { source: ".debug_line", offset });
}

/** A row that covers an address. */
export interface MatrixRow {
  /** Address of its first instruction. */
  readonly address: Address;
  /** Address behind its last byte: where the next row begins. */
  readonly end: Address;
  /** Number of the file. */
  readonly file: number;
  /** Line, or 0. */
  readonly line: number;
  /** Column, or 0. */
  readonly column: number;
  /** Whether it is a good place for a breakpoint. */
  readonly isStatement: boolean;
}

/** Rows of one sequence. */
interface Sequence extends Covering {
  /** Index of its first row, and index behind its last one, which ends it. */
  readonly first: number;
  readonly last: number;
}

/** Decoded rows: 16 bytes each, as there may be very many. */
export class LineMatrix {
  readonly #rows: Uint32Array;
  readonly #sequences: Sequences<Sequence>;

  /**
   * Runs a program to its end. If it is damaged, what comes before its last whole sequence counts.
   *
   * @param report gets the error of a damaged program
   */
  constructor(program: LineProgram, report: (error: unknown) => void) {
    const sequences: Sequence[] = [];
    let count: number;
    try {
      count = run(program, sequences);
    } catch (error) {
      report(error);
      count = (sequences.at(-1)?.last ?? -1) + 1;
    }
    this.#rows = room.subarray(used, used += count * ROW);
    this.#sequences = new Sequences(sequences);
  }

  /**
   * Row that covers an address. Of several sequences that do, the one that begins last has it; of
   * several that begin there, the first in the program.
   */
  at(address: Address): MatrixRow | undefined {
    return this.#sequences.find(address, (sequence) => {
      const row = this.#lastNotAbove(sequence, address - sequence.begin);
      return row < sequence.first ? undefined : this.#row(sequence.begin, row);
    });
  }

  #find(address: Address): { readonly sequence: Sequence; readonly row: number } | undefined {
    return this.#sequences.find(address, (sequence) => {
      const row = this.#lastNotAbove(sequence, address - sequence.begin);
      return row < sequence.first ? undefined : { sequence, row };
    });
  }

  /**
   * Row of the line that an address belongs to, for whoever looks for a place in the source, as gdb
   * does: rows without a line go on with the line before them, and of rows that begin together one
   * that is a good place for a breakpoint counts. Undefined if no line is known.
   */
  lineAt(address: Address): MatrixRow | undefined {
    const found = this.#find(address);
    if (found === undefined) return undefined;
    const { begin, first } = found.sequence;
    const rows = this.#rows;
    for (let last = found.row; last >= first;) {
      let group = last;
      while (group > first && rows[(group - 1) * ROW] === rows[last * ROW]) group--;
      const row = this.#bestOf(group, last);
      if (row !== undefined) return this.#row(begin, row);
      last = group - 1;
    }
    return undefined;
  }

  /**
   * Of rows that begin together, the one whose line is told: the last that is a good place for a
   * breakpoint, be it of another file than the rows behind it; without one, the last.
   */
  #bestOf(first: number, last: number): number | undefined {
    const rows = this.#rows;
    let best: number | undefined;
    let hasStatement = false;
    for (let i = first; i <= last; i++) {
      if (rows[i * ROW + 2] === 0) continue;
      const isStatement = rows[i * ROW + 1]! >= STATEMENT;
      if (isStatement || !hasStatement) best = i;
      hasStatement ||= isStatement;
    }
    return best;
  }

  /**
   * Rows of one line of some files, by address; those that cover nothing are left out. Without such
   * rows, those of the next line that has any.
   */
  ofLine(files: ReadonlySet<number>, line: number): { line: number; rows: MatrixRow[] } {
    const rows = this.#rows;
    let best = Infinity;
    let found: MatrixRow[] = [];
    for (const { first, last, begin } of this.#sequences.all) {
      for (let i = first; i < last; i++) {
        const own = rows[i * ROW + 2]!;
        if (own < line || own > best || own === 0) continue;
        if (!files.has(rows[i * ROW + 1]! & LARGEST_FILE)) continue;
        if (rows[i * ROW] === rows[i * ROW + ROW]) continue;
        if (own < best) found = [];
        best = own;
        found.push(this.#row(begin, i));
      }
    }
    return { line: best, rows: found.sort((a, b) => a.address - b.address) };
  }

  #row(begin: Address, i: number): MatrixRow {
    const rows = this.#rows;
    const at = i * ROW;
    return {
      address: begin + rows[at]!,
      end: begin + rows[at + ROW]!,
      file: rows[at + 1]! & LARGEST_FILE,
      line: rows[at + 2]!,
      column: rows[at + 3]!,
      isStatement: rows[at + 1]! >= STATEMENT,
    };
  }

  #lastNotAbove({ first, last }: Sequence, distance: number): number {
    const rows = this.#rows;
    let low = first;
    let high = last;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (rows[middle * ROW]! <= distance) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Puts the rows into `room`, behind what is in use; how many there are. */
function run(program: LineProgram, sequences: Sequence[]): number {
  let count = 0;
  let first = 0;
  let begin: Address = 0;
  let before: Address = 0;
  let ascends = true;
  let least: Address = 0;
  while (program.next()) {
    const { address } = program;
    if (count === first) least = begin = before = address;
    let at = used + count++ * ROW;
    if (at + ROW > room.length) {
      grow(at - used);
      at -= used;
      used = 0;
    }
    if (address < before) {
      ascends = false;
      least = Math.min(least, address);
    }
    before = address;
    // Of rows in disorder the distances are mended when all are there.
    room[at] = address - begin;
    const { file, column } = program;
    room[at + 1] = (file <= LARGEST_FILE ? file : LARGEST_FILE) +
      (program.isStatement ? STATEMENT : 0);
    room[at + 2] = program.line;
    room[at + 3] = column <= LARGEST ? column : LARGEST;
    if (address - least > LONGEST) throw tooLong(program.at, address - least);
    if (!program.endSequence) continue;
    // Rows ascend, as the standard has it, in all sound tables.
    if (!ascends) sort(first, count - 1, begin - least);
    if (least < address && !isDropped(least)) {
      const last = count - 1;
      sequences.push({ first, last, begin: least, end: address });
    } else count = first;
    first = count;
    ascends = true;
  }
  if (first < count) throw unfinishedSequence(program.at);
  return count;
}

/** Sorts rows by their distances, after adding to these what the first row is from the least. */
function sort(first: number, last: number, more: number): void {
  const rows = room.subarray(used);
  for (let i = first; i <= last; i++) rows[i * ROW] = rows[i * ROW]! + more;
  const before = rows.slice(first * ROW, last * ROW);
  const distances = before.filter((_, i) => i % ROW === 0);
  for (const [i, from] of ascendingOrder(distances).entries()) {
    rows.set(before.subarray(from * ROW, from * ROW + ROW), (first + i) * ROW);
  }
}

/** Moves the rows of this table, so many words, to room for twice as many. */
function grow(words: number): void {
  const larger = new Uint32Array(Math.max(ROOM, 2 * words));
  larger.set(room.subarray(used, used + words));
  room = larger;
}

function tooLong(offset: number, size: number): DwarfError {
  const message = `Sequence has ${size} bytes of code, expected at most ${LONGEST}`;
  return new DwarfError("address", message, { source: ".debug_line", offset });
}
