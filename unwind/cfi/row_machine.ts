/**
 * Runs call frame instructions and produces the rows of an FDE. DWARF 5, section 6.4.2. Where
 * producers and the standard differ, this does what GCC's own unwinder does: `restore_state`
 * restores the CFA too, `def_cfa_register` after an expression keeps the last offset.
 *
 * @module
 */
import { InputError } from "../../bytes/mod.ts";
import type { Cie } from "./cie.ts";
import { CieRules } from "./cie_rules.ts";
import { CfiDecoder } from "./decoder.ts";
import { DW_CFA } from "./opcodes.ts";
import type { CfiErrorKind } from "../errors.ts";
import type { Fde } from "./fde.ts";
import { UnwindRow } from "./row.ts";
import { RowRules } from "./row_rules.ts";
import { cfiError, type CfiSection } from "./section.ts";

/** Most states remembered at once; compilers need one. */
export const STATE_LIMIT = 64;

/** Produces the rows of one FDE after another. */
export class RowMachine {
  /** The current row: changed by {@linkcode RowMachine.next}. */
  readonly row: UnwindRow;
  #section: CfiSection;
  #decoder: CfiDecoder;
  #cies: Map<Cie, CieRules | InputError> = new Map();
  #initial: UnwindRow = new UnwindRow();
  #initialOf: Cie | undefined;
  #states: UnwindRow[] = [];
  #depth = 0;
  #rules: RowRules;
  #codeAlign = 1;
  #limit = 0;
  #location = 0;
  #done = true;

  /** A machine for FDEs of one section. */
  constructor(section: CfiSection) {
    this.#section = section;
    this.#decoder = new CfiDecoder(section);
    this.#rules = new RowRules(section, this.#decoder);
    this.row = this.#rules.row;
  }

  /**
   * Begins with an FDE. Throws `CfiError` or `DecodeError` if the instructions of its CIE are
   * malformed.
   */
  start(fde: Fde): void {
    const cie = fde.cie;
    this.#done = true;
    this.#begin(cie);
    this.#rules.initial = this.#initial;
    this.#rules.dataAlign = cie.dataAlign;
    this.#codeAlign = cie.codeAlign;
    this.#decoder.seek(
      fde.instructionsAt,
      fde.instructionsEnd,
      cie.pointerEncoding,
    );
    this.#location = fde.start;
    this.#limit = fde.limit;
    this.#depth = 0;
    this.#done = false;
  }

  /**
   * Makes {@linkcode RowMachine.row} what a CIE begins with. Its instructions are run once, however
   * many FDEs it has.
   */
  #begin(cie: Cie): void {
    if (this.#initialOf === cie) return this.#copyInitial();
    const known = this.#cies.get(cie);
    if (known instanceof InputError) throw known;
    this.#initialOf = undefined;
    if (known !== undefined) known.load(this.#initial);
    else {
      try {
        this.#runCie(cie);
      } catch (error) {
        if (error instanceof InputError) this.#cies.set(cie, error);
        throw error;
      }
    }
    this.#initialOf = cie;
    this.#copyInitial();
  }

  #copyInitial(): void {
    this.row.copyRules(this.#initial);
    this.row.argsSize = this.#initial.argsSize;
  }

  #runCie(cie: Cie): void {
    const row = this.row;
    row.clear();
    this.#rules.initial = undefined;
    this.#rules.dataAlign = cie.dataAlign;
    this.#codeAlign = cie.codeAlign;
    this.#depth = 0;
    this.#location = 0;
    this.#decoder.seek(
      cie.instructionsAt,
      cie.instructionsEnd,
      cie.pointerEncoding,
    );
    while (this.#step()) {
      // An advance has no meaning in a CIE; what it says about rules still holds.
    }
    this.#initial.copyRules(row);
    this.#initial.argsSize = row.argsSize;
    this.#cies.set(cie, new CieRules(row));
  }

  /**
   * Moves to the next row; false after the last. Every advance makes a row, even where it changes
   * nothing; only empty rows are left out.
   *
   * @throws {CfiError | DecodeError} When the instructions are malformed.
   */
  next(): boolean {
    if (this.#done) return false;
    const row = this.row;
    row.start = this.#location;
    while (this.#step()) {
      if (this.#location !== row.start) {
        row.end = this.#location;
        return true;
      }
    }
    row.end = this.#limit;
    this.#done = true;
    return true;
  }

  /** Executes up to and including the next advance; false at the end of the instructions. */
  #step(): boolean {
    const decoder = this.#decoder;
    const row = this.row;
    const rules = this.#rules;
    while (decoder.next()) {
      switch (decoder.opcode) {
        case DW_CFA.advanceLoc:
        case DW_CFA.advanceLoc1:
        case DW_CFA.advanceLoc2:
        case DW_CFA.advanceLoc4:
        case DW_CFA.mipsAdvanceLoc8:
          this.#advance(this.#location + decoder.first * this.#codeAlign);
          return true;
        case DW_CFA.setLoc:
          this.#advance(decoder.first);
          return true;
        case DW_CFA.rememberState:
          this.#remember();
          break;
        case DW_CFA.restoreState:
          if (this.#depth === 0) {
            throw this.#error("state-stack", "No state to restore");
          }
          row.copyRules(this.#states[--this.#depth]!);
          break;
        default:
          rules.apply();
          break;
      }
    }
    return false;
  }

  #advance(location: number): void {
    if (!(location >= this.#location && location <= Number.MAX_SAFE_INTEGER)) {
      throw this.#error("location", "Location does not advance");
    }
    this.#location = location;
  }

  #remember(): void {
    if (this.#depth >= STATE_LIMIT) {
      throw this.#error("state-stack", `Over ${STATE_LIMIT} states remembered`);
    }
    const state = this.#states[this.#depth] ??= new UnwindRow();
    state.copyRules(this.row);
    this.#depth++;
  }

  #error(kind: CfiErrorKind, message: string): Error {
    return cfiError(this.#section, { kind, offset: this.#decoder.offset }, message);
  }
}
