/**
 * The rows of one line table, decoded: what DWARF calls the line number matrix.
 *
 * @module
 */
import type { Address } from "../../../bytes/mod.ts";
import { DwarfError } from "../errors.ts";
import type { LineProgram } from "./line_program.ts";

/** What stands for numbers of files and columns that no sound table has. */
const LARGEST = 0xffffffff;

/** Fewest rows that there is room for at first. */
const LEAST_ROWS = 16;

/** Bytes of a program that a row takes at most, mostly; more rows make the arrays grow. */
const BYTES_PER_ROW = 3;

/** Linkers put these where code was that they have dropped. */
const DROPPED: ReadonlySet<Address> = new Set([-1, -2]);

/** Whether a sequence is of code that the linker has dropped. */
export function isDropped(begin: Address): boolean {
  return DROPPED.has(begin);
}

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

/** Rows of one sequence, which covers addresses without a gap. */
interface Sequence {
  /** Index of its first row, and index behind its last one, which ends it. */
  readonly first: number;
  readonly last: number;
  readonly begin: Address;
  readonly end: Address;
  /** Largest end of this sequence and of all that begin before. */
  reach: Address;
}

/** Decoded rows: 21 bytes each, as there may be very many. */
export class LineMatrix {
  #addresses: Float64Array;
  #files: Uint32Array;
  #lines: Uint32Array;
  #columns: Uint32Array;
  #statements: Uint8Array;
  #count = 0;
  readonly #sequences: Sequence[] = [];

  /**
   * Runs a program to its end. If it is damaged, what comes before its last whole sequence counts.
   *
   * @param size Bytes of the program
   * @param report gets the error of a damaged program
   */
  constructor(program: LineProgram, size: number, report: (error: unknown) => void) {
    const room = Math.max(LEAST_ROWS, Math.ceil(size / BYTES_PER_ROW));
    this.#addresses = new Float64Array(room);
    this.#files = new Uint32Array(room);
    this.#lines = new Uint32Array(room);
    this.#columns = new Uint32Array(room);
    this.#statements = new Uint8Array(room);
    try {
      this.#run(program);
    } catch (error) {
      report(error);
    }
    // Of functions that several objects have, linkers keep the first, and give the rows of all its
    // address: so of those that begin at one address the first comes last, where the search begins.
    this.#sequences.reverse().sort((a, b) => a.begin - b.begin);
    let reach = -Infinity;
    for (const sequence of this.#sequences) {
      reach = sequence.reach = Math.max(reach, sequence.end);
    }
  }

  /**
   * Row that covers an address. Of several sequences that do, the one that begins last has it; of
   * several that begin there, the first in the program.
   */
  at(address: Address): MatrixRow | undefined {
    const sequences = this.#sequences;
    let low = 0;
    let high = sequences.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sequences[middle]!.begin <= address) low = middle + 1;
      else high = middle;
    }
    for (let i = low - 1; i >= 0 && sequences[i]!.reach > address; i--) {
      const sequence = sequences[i]!;
      if (sequence.end <= address) continue;
      const row = this.#lastNotAbove(sequence, address);
      if (row >= sequence.first) return this.#row(row);
    }
    return undefined;
  }

  /**
   * Rows of one line of some files, in the order of their addresses in each sequence; those that
   * cover nothing are left out. Without such rows, those of the next line that has any.
   */
  ofLine(files: ReadonlySet<number>, line: number): { line: number; rows: MatrixRow[] } {
    let best = Infinity;
    let found: MatrixRow[] = [];
    for (const { first, last } of this.#sequences) {
      for (let i = first; i < last; i++) {
        const own = this.#lines[i]!;
        if (own < line || own > best || own === 0 || !files.has(this.#files[i]!)) continue;
        if (this.#addresses[i] === this.#addresses[i + 1]) continue;
        if (own < best) found = [];
        best = own;
        found.push(this.#row(i));
      }
    }
    return { line: best, rows: found.sort((a, b) => a.address - b.address) };
  }

  #row(i: number): MatrixRow {
    return {
      address: this.#addresses[i]!,
      end: this.#addresses[i + 1]!,
      file: this.#files[i]!,
      line: this.#lines[i]!,
      column: this.#columns[i]!,
      isStatement: this.#statements[i] !== 0,
    };
  }

  #lastNotAbove({ first, last }: Sequence, address: Address): number {
    const addresses = this.#addresses;
    let low = first;
    let high = last;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (addresses[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #run(program: LineProgram): void {
    let first = 0;
    let ascends = true;
    while (program.next()) {
      const i = this.#count++;
      if (i >= this.#addresses.length) this.#grow();
      const { address } = program;
      this.#addresses[i] = address;
      this.#files[i] = program.file <= LARGEST ? program.file : LARGEST;
      this.#lines[i] = program.line;
      this.#columns[i] = program.column <= LARGEST ? program.column : LARGEST;
      this.#statements[i] = program.isStatement ? 1 : 0;
      if (i > first && this.#addresses[i - 1]! > address) ascends = false;
      if (!program.endSequence) continue;
      const begin = this.#addresses[first]!;
      // Rows ascend, as the standard has it, in all sound tables.
      if (!ascends) this.#sort(first, i);
      if (begin < address && !isDropped(begin)) {
        this.#sequences.push({ first, last: i, begin, end: address, reach: address });
      } else this.#count = first;
      first = this.#count;
      ascends = true;
    }
    if (first < this.#count) throw unfinishedSequence(program.at);
  }

  #sort(first: number, last: number): void {
    const addresses = this.#addresses.slice(first, last);
    const order = Uint32Array.from(addresses.keys())
      .sort((a, b) => addresses[a]! - addresses[b]! || a - b);
    const columns = [this.#addresses, this.#files, this.#lines, this.#columns, this.#statements];
    for (const column of columns) {
      const before = column.slice(first, last);
      for (const [i, from] of order.entries()) column[first + i] = before[from]!;
    }
  }

  #grow(): void {
    const room = this.#addresses.length * 2;
    this.#addresses = grown(this.#addresses, new Float64Array(room));
    this.#files = grown(this.#files, new Uint32Array(room));
    this.#lines = grown(this.#lines, new Uint32Array(room));
    this.#columns = grown(this.#columns, new Uint32Array(room));
    this.#statements = grown(this.#statements, new Uint8Array(room));
  }
}

function grown<T extends Float64Array | Uint32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
