/**
 * Which line tables cover an address.
 *
 * @module
 */
import type { Address } from "../../../bytes/mod.ts";
import { isDropped } from "../lists/ranges.ts";
import { type MatrixRow, unfinishedSequence } from "./line_matrix.ts";
import type { LineUnit } from "./line_unit.ts";
import { type Covering, Sequences } from "./sequences.ts";

/** Addresses of a sequence of rows. */
interface UnitSequence extends Covering {
  readonly unit: LineUnit;
}

/** A row that covers an address. */
export interface CoveringRow extends MatrixRow {
  /** The table it is in. */
  readonly unit: LineUnit;
}

/** All sequences of a file by the addresses they cover. */
export class SequenceIndex {
  readonly #sequences: Sequences<UnitSequence>;

  /**
   * Runs all programs once. A program that is damaged counts as far as its last whole sequence.
   * @param report gets the errors of damaged programs
   */
  constructor(units: readonly LineUnit[], report: (error: unknown) => void) {
    const found: UnitSequence[] = [];
    for (const unit of units) {
      try {
        scan(unit, found);
      } catch (error) {
        report(error);
      }
    }
    this.#sequences = new Sequences(found);
  }

  /**
   * Row that covers an address. Of several sequences that do, the one that begins last has it; of
   * several that begin there, the first in the file.
   */
  at(address: Address): CoveringRow | undefined {
    return this.#sequences.find(address, ({ unit }) => {
      const row = unit.rowAt(address);
      return row && { unit, ...row };
    });
  }
}

function scan(unit: LineUnit, found: UnitSequence[]): void {
  const program = unit.program();
  let begin: Address | undefined;
  while (program.next()) {
    begin ??= program.address;
    if (!program.endSequence) continue;
    const end = program.address;
    if (begin < end && !isDropped(begin)) found.push({ unit, begin, end });
    begin = undefined;
  }
  if (begin !== undefined) throw unfinishedSequence(program.at);
}
