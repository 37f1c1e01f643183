/**
 * Which line tables cover an address.
 *
 * @module
 */
import type { Address } from "../../../bytes/mod.ts";
import { countBegun } from "./count_begun.ts";
import { isDropped, type MatrixRow, unfinishedSequence } from "./line_matrix.ts";
import type { LineUnit } from "./line_unit.ts";

/** Addresses of a sequence of rows, which covers them without a gap. */
interface Sequence {
  readonly unit: LineUnit;
  readonly begin: Address;
  /** Address behind its last byte. */
  readonly end: Address;
  /** Largest end of this sequence and of all that begin before. */
  reach: Address;
}

/** A row that covers an address. */
export interface CoveringRow extends MatrixRow {
  /** The table it is in. */
  readonly unit: LineUnit;
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
    // As in a single table, the first of those that begin at one address comes last.
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
    for (let i = countBegun(sequences, address) - 1; i >= 0 && sequences[i]!.reach > address; i--) {
      const { unit, end } = sequences[i]!;
      if (end <= address) continue;
      const row = unit.rowAt(address);
      if (row !== undefined) return { unit, ...row };
    }
    return undefined;
  }

  #scan(unit: LineUnit): void {
    const program = unit.program();
    let begin: Address | undefined;
    while (program.next()) {
      begin ??= program.address;
      if (!program.endSequence) continue;
      const end = program.address;
      if (begin < end && !isDropped(begin)) {
        this.#sequences.push({ unit, begin, end, reach: end });
      }
      begin = undefined;
    }
    if (begin !== undefined) throw unfinishedSequence(program.at);
  }
}
