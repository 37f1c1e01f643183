/**
 * Which registers a table mentions: its columns.
 *
 * @module
 */
import { CfiDecoder, DW_CFA, type Fde, type FrameTable, REGISTER_LIMIT } from "../cfi/mod.ts";

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
    const seen = this.#seen.fill(0);
    const { cie } = fde;
    const encoding = cie.pointerEncoding;
    this.#decoder.seek(cie.instructionsAt, cie.instructionsEnd, encoding);
    this.#scan(seen);
    this.#decoder.seek(fde.instructionsAt, fde.instructionsEnd, encoding);
    this.#scan(seen);
    const columns: number[] = [];
    for (let i = seen.indexOf(1); i >= 0; i = seen.indexOf(1, i + 1)) columns.push(i);
    return columns;
  }

  #scan(seen: Uint8Array): void {
    const decoder = this.#decoder;
    while (decoder.next()) {
      if (MENTIONS[decoder.opcode] === 1) seen[decoder.first] = 1;
    }
  }
}
