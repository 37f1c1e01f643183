/**
 * Which registers a table mentions: its columns.
 *
 * @module
 */
import { InputError } from "../../bytes/mod.ts";
import {
  CfiDecoder,
  type Cie,
  DW_CFA,
  type Fde,
  type FrameTable,
  REGISTER_LIMIT,
} from "../cfi/mod.ts";

/** Whether an instruction mentions the register that is its first operand. */
const MENTIONS: Uint8Array = new Uint8Array(256);
for (
  const opcode of [
    DW_CFA.offset,
    DW_CFA.restore,
    DW_CFA.offsetExtended,
    DW_CFA.offsetExtendedSf,
    DW_CFA.gnuNegativeOffsetExtended,
    DW_CFA.valOffset,
    DW_CFA.valOffsetSf,
    DW_CFA.restoreExtended,
    DW_CFA.undefined,
    DW_CFA.sameValue,
    DW_CFA.register,
    DW_CFA.expression,
    DW_CFA.valExpression,
  ]
) MENTIONS[opcode] = 1;

/** Finds the columns of tables of one section. */
export class Columns {
  #decoder: CfiDecoder;
  #seen: Uint8Array = new Uint8Array(REGISTER_LIMIT);
  #cies: Map<Cie, readonly number[] | InputError> = new Map();

  /** For one section. */
  constructor(table: FrameTable) {
    this.#decoder = new CfiDecoder(table);
  }

  /**
   * Registers that the instructions of an FDE, or of its CIE, mention, in ascending order.
   *
   * @throws {CfiError | DecodeError} If the instructions are malformed.
   */
  of(fde: Fde): number[] {
    const { cie } = fde;
    let known = this.#cies.get(cie);
    if (known === undefined) {
      known = this.#ofCie(cie);
      this.#cies.set(cie, known);
    }
    if (known instanceof InputError) throw known;
    this.#seen.fill(0);
    for (const register of known) this.#seen[register] = 1;
    this.#decoder.seek(fde.instructionsAt, fde.instructionsEnd, cie.pointerEncoding);
    return this.#scan();
  }

  /** Registers of a CIE, or what is wrong with it: it is read once, however many FDEs it has. */
  #ofCie(cie: Cie): readonly number[] | InputError {
    this.#seen.fill(0);
    this.#decoder.seek(cie.instructionsAt, cie.instructionsEnd, cie.pointerEncoding);
    try {
      return this.#scan();
    } catch (error) {
      if (error instanceof InputError) return error;
      throw error;
    }
  }

  /** Adds what the instructions mention to what has been seen; gives all of it. */
  #scan(): number[] {
    const decoder = this.#decoder;
    const seen = this.#seen;
    while (decoder.next()) {
      if (MENTIONS[decoder.opcode] === 1) seen[decoder.first] = 1;
    }
    const columns: number[] = [];
    for (let i = seen.indexOf(1); i >= 0; i = seen.indexOf(1, i + 1)) columns.push(i);
    return columns;
  }
}
