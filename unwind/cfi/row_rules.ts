/**
 * What one call frame instruction does to the rules of a row. Advances, and remembering and
 * restoring whole rows, are the business of whoever runs the instructions. DWARF 5, sections
 * 6.4.2.2 and 6.4.2.3.
 *
 * @module
 */
import type { CfiDecoder } from "./decoder.ts";
import { DW_CFA } from "./opcodes.ts";
import type { CfiErrorKind } from "../errors.ts";
import { CFA, REGISTER_LIMIT, RULE, UnwindRow } from "./row.ts";
import { cfiError, type CfiSection } from "./section.ts";

/** Applies instructions to a row. */
export class RowRules {
  /** The row that is changed. */
  row: UnwindRow = new UnwindRow();
  /** Rules that `restore` goes back to; undefined while those of the CIE are being made. */
  initial: UnwindRow | undefined;
  /** Factor of offsets. */
  dataAlign = 1;
  #section: CfiSection;
  #decoder: CfiDecoder;

  /** Applies what `decoder`, a decoder over `section`, has decoded. */
  constructor(section: CfiSection, decoder: CfiDecoder) {
    this.#section = section;
    this.#decoder = decoder;
  }

  /** Applies the decoder's current instruction to the row. Throws `CfiError` if it is malformed. */
  apply(): void {
    const decoder = this.#decoder;
    const row = this.row;
    switch (decoder.opcode) {
      case DW_CFA.offset:
      case DW_CFA.offsetExtended:
      case DW_CFA.offsetExtendedSf:
        this.#set(RULE.offset, decoder.second * this.dataAlign);
        break;
      case DW_CFA.gnuNegativeOffsetExtended:
        this.#set(RULE.offset, -decoder.second * this.dataAlign);
        break;
      case DW_CFA.valOffset:
      case DW_CFA.valOffsetSf:
        this.#set(RULE.valOffset, decoder.second * this.dataAlign);
        break;
      case DW_CFA.restore:
      case DW_CFA.restoreExtended:
        this.#restore(decoder.first);
        break;
      case DW_CFA.undefined:
        this.#set(RULE.undefined, 0);
        break;
      case DW_CFA.sameValue:
        this.#set(RULE.sameValue, 0);
        break;
      case DW_CFA.register:
        this.#checkRegister(decoder.second);
        this.#set(RULE.register, decoder.second);
        break;
      case DW_CFA.expression:
        this.#set(RULE.expression, decoder.blockAt);
        break;
      case DW_CFA.valExpression:
        this.#set(RULE.valExpression, decoder.blockAt);
        break;
      case DW_CFA.defCfa:
        this.#cfaRegister(decoder.first);
        this.#cfaOffset(decoder.second);
        break;
      case DW_CFA.defCfaSf:
        this.#cfaRegister(decoder.first);
        this.#cfaOffset(decoder.second * this.dataAlign);
        break;
      case DW_CFA.defCfaRegister:
        this.#cfaRegister(decoder.first);
        break;
      case DW_CFA.defCfaOffset:
        this.#cfaOffset(decoder.first);
        break;
      case DW_CFA.defCfaOffsetSf:
        this.#cfaOffset(decoder.first * this.dataAlign);
        break;
      case DW_CFA.defCfaExpression:
        row.cfaKind = CFA.expression;
        row.cfaExpression = decoder.blockAt;
        break;
      case DW_CFA.gnuArgsSize:
        row.argsSize = decoder.first;
        break;
      case DW_CFA.aarch64NegateRaState:
        row.raSigned = !row.raSigned;
        row.raSignedWithPc = false;
        break;
      case DW_CFA.aarch64NegateRaStateWithPc:
        row.raSigned = !row.raSigned;
        row.raSignedWithPc = row.raSigned;
        break;
      default: // nop
        break;
    }
  }

  #set(kind: number, value: number): void {
    const register = this.#decoder.first;
    this.#checkRegister(register);
    if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) {
      throw this.#error("register", `Offset of register is ${value}`);
    }
    this.row.set(register, kind, value);
  }

  #restore(register: number): void {
    this.#checkRegister(register);
    const { initial } = this;
    if (initial === undefined) {
      throw this.#error("instruction", "Cannot restore a register in a CIE");
    }
    this.row.set(register, initial.kinds[register]!, initial.values[register]!);
  }

  #cfaRegister(register: number): void {
    this.#checkRegister(register);
    this.row.cfaKind = CFA.register;
    this.row.cfaRegister = register;
  }

  #cfaOffset(offset: number): void {
    if (!(Math.abs(offset) <= Number.MAX_SAFE_INTEGER)) {
      throw this.#error("cfa", `Offset of CFA is ${offset}`);
    }
    this.row.cfaOffset = offset;
  }

  #checkRegister(register: number): void {
    if (register >= REGISTER_LIMIT) {
      throw this.#error("register", `Register number is ${register}`);
    }
  }

  #error(kind: CfiErrorKind, message: string): Error {
    return cfiError(this.#section, { kind, offset: this.#decoder.offset }, message);
  }
}
