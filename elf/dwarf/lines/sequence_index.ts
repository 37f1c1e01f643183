/**
 * Which rows cover an address.
 *
 * @module
 */
import type { Address } from "../../../bytes/mod.ts";
import { DwarfError } from "../errors.ts";
import type { LineUnit } from "./line_unit.ts";

/** Linkers put these where code was that they have dropped; no sequence begins there. */
const DROPPED: ReadonlySet<Address> = new Set([-1, -2]);

/** What stands for numbers of files and columns that no sound table has. */
const LARGEST = 0xffffffff;

/** Rows of one sequence, which covers addresses without a gap. */
interface Sequence {
  readonly unit: LineUnit;
  /** Offset of its first opcode. */
  readonly at: number;
  /** How many rows it has, without the one that ends it. */
  readonly count: number;
  readonly begin: Address;
  /** Address behind its last byte. */
  readonly end: Address;
  /** Largest end of this sequence and of all that begin before. */
  reach: Address;
  rows: SequenceRows | undefined;
}

/** A row that covers an address. */
export interface CoveringRow {
  /** The table it is in. */
  readonly unit: LineUnit;
  /** Address of its first instruction. */
  readonly address: Address;
  /** Number of the file. */
  readonly file: number;
  /** Line, or 0. */
  readonly line: number;
  /** Column, or 0. */
  readonly column: number;
}

/** Decoded rows, by address: 20 bytes a row, as a sequence may have very many. */
class SequenceRows {
  readonly addresses: Float64Array;
  readonly files: Uint32Array;
  readonly lines: Uint32Array;
  readonly columns: Uint32Array;

  constructor({ unit, at, count }: Sequence) {
    const addresses = new Float64Array(count);
    const files = new Uint32Array(count);
    const lines = new Uint32Array(count);
    const columns = new Uint32Array(count);
    const program = unit.program(at);
    let ascends = true;
    for (let i = 0; i < count && program.next(); i++) {
      addresses[i] = program.address;
      files[i] = Math.min(program.file, LARGEST);
      lines[i] = program.line;
      columns[i] = Math.min(program.column, LARGEST);
      ascends &&= i === 0 || addresses[i - 1]! <= program.address;
    }
    // Rows ascend, as the standard has it, in all sound tables.
    const order = ascends ? undefined : Uint32Array.from(addresses.keys())
      .sort((a, b) => addresses[a]! - addresses[b]! || a - b);
    this.addresses = order === undefined
      ? addresses
      : addresses.map((_, i) => addresses[order[i]!]!);
    this.files = order === undefined ? files : order.map((i) => files[i]!);
    this.lines = order === undefined ? lines : order.map((i) => lines[i]!);
    this.columns = order === undefined ? columns : order.map((i) => columns[i]!);
  }

  /** Index of the last row that does not begin behind an address; −1 if there is none. */
  indexAt(address: Address): number {
    return lastNotAbove(this.addresses.length, (i) => this.addresses[i]!, address);
  }
}

/** Largest index whose value is not above `wanted`, of values that ascend; −1 if there is none. */
function lastNotAbove(count: number, valueAt: (i: number) => number, wanted: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (valueAt(middle) <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** All sequences of a file by the addresses they cover. */
export class SequenceIndex {
  readonly #sequences: Sequence[] = [];

  /**
   * Runs all programs once. A program that is damaged counts as far as its last whole sequence.
   * @param report gets the errors of damaged programs
   */
  constructor(units: readonly LineUnit[], report: (error: unknown) => void) {
    for (const unit of units) {
      try {
        this.#scan(unit);
      } catch (error) {
        report(error);
      }
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
   * several that begin there, the first in the file.
   */
  at(address: Address): CoveringRow | undefined {
    const sequences = this.#sequences;
    let i = lastNotAbove(sequences.length, (each) => sequences[each]!.begin, address);
    for (; i >= 0 && sequences[i]!.reach > address; i--) {
      const sequence = sequences[i]!;
      if (sequence.end <= address) continue;
      const rows = sequence.rows ??= new SequenceRows(sequence);
      const row = rows.indexAt(address);
      if (row < 0) continue;
      return {
        unit: sequence.unit,
        address: rows.addresses[row]!,
        file: rows.files[row]!,
        line: rows.lines[row]!,
        column: rows.columns[row]!,
      };
    }
    return undefined;
  }

  #scan(unit: LineUnit): void {
    const program = unit.program();
    let at = program.at;
    let begin: Address | undefined;
    let count = 0;
    unit.define(program.defined);
    while (program.next()) {
      begin ??= program.address;
      if (!program.endSequence) {
        count++;
        continue;
      }
      const end = program.address;
      if (begin < end && !DROPPED.has(begin)) {
        this.#sequences.push({ unit, at, count, begin, end, reach: end, rows: undefined });
      }
      at = program.at;
      count = 0;
      begin = undefined;
    }
    if (begin === undefined) return;
    const message = "Line program ends inside a sequence, expected one that ends it";
    throw new DwarfError("opcode", message, { source: ".debug_line", offset: program.at });
  }
}
