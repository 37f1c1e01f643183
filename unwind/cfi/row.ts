/**
 * One row of the unwind table: for a range of code addresses, how to compute the canonical frame
 * address (CFA) and where each register of the caller is. DWARF 5, section 6.4.1.
 *
 * @module
 */
import { type Address, toBigAddress } from "../../bytes/mod.ts";

/** How a register of the caller is found. */
export const RULE = {
  /** No instruction has said anything about it. */
  unspecified: 0,
  /** It cannot be recovered. */
  undefined: 1,
  /** It has the same value as in this frame. */
  sameValue: 2,
  /** It is stored at CFA + value. */
  offset: 3,
  /** It is CFA + value itself. */
  valOffset: 4,
  /** It is in another register, number value. */
  register: 5,
  /**
   * It is stored where the expression says; value is the section offset of the expression's length.
   */
  expression: 6,
  /** It is what the expression says; value as for `expression`. */
  valExpression: 7,
} as const;

/** How the CFA is found. */
export const CFA = {
  /** No instruction has defined it. */
  unset: 0,
  /** Register plus offset. */
  register: 1,
  /** Expression. */
  expression: 2,
} as const;

/** One more than the largest DWARF register number a row can hold. */
export const REGISTER_LIMIT = 192;

/** From so many registers on, copying all of a row at once is faster than one by one. */
const LONG = 40;

/**
 * A row of the table. The machine that runs the instructions changes it in place:
 * {@linkcode UnwindRow.clone} keeps one.
 */
export class UnwindRow {
  /** First address the row is for. */
  start: Address = 0;
  /** Address after the last one the row is for. */
  end: Address = 0;
  /** How the CFA is found; see {@linkcode CFA}. */
  cfaKind: number = CFA.unset;
  /** Register of the CFA rule. */
  cfaRegister = 0;
  /** Offset of the CFA rule in bytes. */
  cfaOffset = 0;
  /** Section offset of the length that precedes the CFA expression. */
  cfaExpression = 0;
  /** Rule kind per DWARF register; see {@linkcode RULE}. */
  readonly kinds: Uint8Array = new Uint8Array(REGISTER_LIMIT);
  /** Rule value per DWARF register. */
  readonly values: Float64Array = new Float64Array(REGISTER_LIMIT);
  /** One more than the highest register that has, or had, a rule. */
  high = 0;
  /** Whether the return address is signed (AArch64 pointer authentication). */
  raSigned = false;
  /**
   * Whether the signature also covers the address of the signing instruction
   * (`negate_ra_state_with_pc`).
   */
  raSignedWithPc = false;
  /**
   * Bytes of outgoing arguments on the stack (`GNU_args_size`), which a landing pad expects to be
   * popped.
   */
  argsSize = 0;

  /** First address as `bigint`. */
  get begin(): bigint {
    return toBigAddress(this.start);
  }

  /** Sets the rule of one register. */
  set(register: number, kind: number, value: number): void {
    this.kinds[register] = kind;
    this.values[register] = value;
    if (register >= this.high) this.high = register + 1;
  }

  /**
   * Makes this row's rules those of `other`. Addresses and `argsSize` stay: remembered states do
   * not include them.
   */
  copyRules(other: UnwindRow): void {
    this.cfaKind = other.cfaKind;
    this.cfaRegister = other.cfaRegister;
    this.cfaOffset = other.cfaOffset;
    this.cfaExpression = other.cfaExpression;
    this.raSigned = other.raSigned;
    this.raSignedWithPc = other.raSignedWithPc;
    const high = Math.max(this.high, other.high);
    if (high > LONG) {
      this.kinds.set(other.kinds);
      this.values.set(other.values);
    } else {
      for (let i = 0; i < high; i++) {
        this.kinds[i] = other.kinds[i]!;
        this.values[i] = other.values[i]!;
      }
    }
    this.high = other.high;
  }

  /** Makes every rule unspecified. Addresses stay. */
  clear(): void {
    this.cfaKind = CFA.unset;
    this.cfaRegister = this.cfaOffset = this.cfaExpression = 0;
    this.raSigned = this.raSignedWithPc = false;
    this.kinds.fill(RULE.unspecified);
    this.values.fill(0);
    this.high = 0;
    this.argsSize = 0;
  }

  /** An independent copy. */
  clone(): UnwindRow {
    const copy = new UnwindRow();
    copy.copyRules(this);
    copy.start = this.start;
    copy.end = this.end;
    copy.argsSize = this.argsSize;
    return copy;
  }
}
