/**
 * A row of an unwind table made ready to be applied: register numbers turned into slots, the common
 * case (stored at an offset from the CFA) apart from the rest.
 *
 * @module
 */
import {
  CFA,
  type Fde,
  type FoundFde,
  type FrameTable,
  RA_SIGN_STATE,
  RULE,
  type UnwindRow,
} from "../cfi/mod.ts";
import type { Address } from "../../bytes/mod.ts";
import { EXACT, type Trust } from "./certainty.ts";
import type { CodeRegion, FrameRow } from "./kinds/code_kind.ts";
import type { Module } from "./module.ts";
import type { SlotMap } from "./register_set.ts";

/**
 * Where the rule of a stack frame comes from:
 * - `eh_frame`, `debug_frame`: a table of a loaded file;
 * - `registered`: a table registered at run time;
 * - `code-map`: a row of the code's kind;
 * - `anchor`: the anchor of the thread, its last managed frame, behind native code;
 * - `trap`: a described trap frame;
 * - `plt`: no table, but the instructions of a stub of a procedure linkage table;
 * - `sigreturn`: no table, but the instructions that signal handlers return through;
 * - `frame-pointer`: no table, the frame pointer is believed;
 * - `entry`: no code known at this address, taken for a jump astray: the caller is where a call
 *   would have left it;
 * - `none`: no rule; the stack frame has no caller that can be found.
 */
export type RuleSource =
  | "eh_frame"
  | "debug_frame"
  | "registered"
  | "code-map"
  | "anchor"
  | "trap"
  | "plt"
  | "sigreturn"
  | "frame-pointer"
  | "entry"
  | "none";

/** A register rule that is not "stored at an offset from the CFA". */
export interface OtherRule {
  /** Slot of the register. */
  readonly slot: number;
  /** Kind, as in `RULE`. */
  readonly kind: number;
  /** Value, as in the row; for `register` the slot it is in. */
  readonly value: number;
}

/** A rule ready to be applied. */
export interface CompiledRule {
  /** Where it comes from. */
  readonly source: RuleSource;
  /** Module of the code, if known. */
  readonly module: Module | undefined;
  /** The section its expressions are in. */
  readonly table: FrameTable | undefined;
  /** The FDE it is from. */
  readonly fde: Fde | undefined;
  /** The piece of code it is for; undefined of native code. */
  readonly code: CodeRegion | undefined;
  /**
   * What becomes of the anchor where there is such a piece of code: 0, it is behind the walk; NaN,
   * it is not; else the CFA offset of the next one.
   */
  readonly anchor: number;
  /** Address in memory after the code its FDE is for, NaN without one. */
  readonly limit: Address;
  /** How sure the step to the caller is at best. */
  readonly trust: Trust;
  /** Slot of the register the CFA is relative to, or −1 if an expression gives it. */
  readonly cfaSlot: number;
  /** Offset of the CFA, or the section offset of its expression. */
  readonly cfaOffset: number;
  /** Slots stored at an offset from the CFA. */
  readonly storedSlots: readonly number[];
  /** Their offsets. */
  readonly storedOffsets: readonly number[];
  /** All other rules. */
  readonly others: readonly OtherRule[];
  /** Slots 0 to 31 the rule gives a value. */
  readonly setLow: number;
  /** Slots 32 to 63 the rule gives a value. */
  readonly setHigh: number;
  /** Slots 0 to 31 whose value goes over to the caller if no rule says otherwise. */
  readonly keepLow: number;
  /** Slots 32 to 63 whose value goes over. */
  readonly keepHigh: number;
  /**
   * Slot that holds the return address afterwards, or −1 if it is undefined: the end of the stack.
   */
  readonly returnSlot: number;
  /** Whether the rule gives the stack pointer a value of its own; otherwise it is the CFA. */
  readonly setsStackPointer: boolean;
  /** Whether the caller was interrupted instead of calling. */
  readonly isSignalFrame: boolean;
  /** Whether the return address is signed. */
  readonly raSigned: boolean;
  /** Bytes of outgoing arguments on the stack. */
  readonly argsSize: number;
}

/**
 * Makes a row ready. Undefined if it needs a register that is not tracked to find the CFA or the
 * return address.
 */
export function compileRow(
  row: UnwindRow,
  found: FoundFde,
  place: {
    readonly module: Module;
    readonly code: CodeRegion | undefined;
    readonly slots: SlotMap;
  },
): CompiledRule | undefined {
  const { module, code, slots } = place;
  const { cie } = found.fde;
  const slotOf = slots.slotOf;
  const storedSlots: number[] = [];
  const storedOffsets: number[] = [];
  const others: OtherRule[] = [];
  const sets = [0, 0];
  const keeps = cie.isSignalFrame ? [-1, -1] : [slots.savedLow, slots.savedHigh];
  for (let register = 0; register < row.high; register++) {
    const slot = slotOf[register]!;
    const kind = row.kinds[register]!;
    if (slot < 0 || kind === RULE.unspecified) continue;
    // The sign state is not a register of its own here: the row says it.
    if (register === RA_SIGN_STATE && slots.registers.link !== undefined) {
      continue;
    }
    const bit = 1 << (slot & 31);
    const half = slot >> 5;
    let value = row.values[register]!;
    if (kind === RULE.sameValue) keeps[half]! |= bit;
    else if (kind === RULE.undefined) keeps[half]! &= ~bit;
    else {
      sets[half]! |= bit;
      if (kind === RULE.offset) {
        storedSlots.push(slot);
        storedOffsets.push(value);
        continue;
      }
      if (kind === RULE.register) value = slotOf[value]!;
      others.push({ slot, kind, value });
    }
  }
  const cfaSlot = row.cfaKind === CFA.register ? slotOf[row.cfaRegister] ?? -1 : -1;
  if (row.cfaKind === CFA.unset) return undefined;
  if (row.cfaKind === CFA.register && cfaSlot < 0) return undefined;
  const returnSlot = returnSlotOf(row, cie.returnAddress, slots);
  if (returnSlot === undefined) return undefined;
  return {
    source: module.registered ? "registered" : found.table.kind,
    module,
    table: found.table,
    fde: found.fde,
    code,
    anchor: 0,
    limit: found.fde.limit + module.bias,
    trust: EXACT,
    cfaSlot,
    cfaOffset: cfaSlot >= 0 ? row.cfaOffset : row.cfaExpression,
    storedSlots,
    storedOffsets,
    others,
    setLow: sets[0]!,
    setHigh: sets[1]!,
    keepLow: keeps[0]!,
    keepHigh: keeps[1]!,
    returnSlot,
    setsStackPointer: isSet(sets, slots.sp),
    isSignalFrame: cie.isSignalFrame,
    raSigned: row.raSigned,
    argsSize: row.argsSize,
  };
}

/** Makes a row of a code kind ready. Undefined if it needs a register that is not tracked. */
export function compileFrameRow(
  row: FrameRow,
  place: {
    readonly module: Module | undefined;
    readonly code: CodeRegion;
    readonly slots: SlotMap;
  },
): CompiledRule | undefined {
  const { module, code, slots } = place;
  const slotOf = (register: number): number => slots.slotOf[register] ?? -1;
  const storedSlots = row.saved.map(([register]) => slotOf(register));
  const cfaSlot = slotOf(row.base);
  const returnSlot = row.returnAddress === undefined ? -1 : slotOf(row.returnAddress);
  if (cfaSlot < 0 || storedSlots.includes(-1)) return undefined;
  if (row.returnAddress !== undefined && returnSlot < 0) return undefined;
  const sets = [0, 0];
  for (const slot of storedSlots) sets[slot >> 5]! |= 1 << (slot & 31);
  const { anchor = 0 } = row;
  return {
    source: "code-map",
    module,
    table: undefined,
    fde: undefined,
    code,
    anchor: anchor === "kept" ? NaN : anchor,
    limit: NaN,
    trust: EXACT,
    cfaSlot,
    cfaOffset: row.offset,
    storedSlots,
    storedOffsets: row.saved.map(([, offset]) => offset),
    others: [],
    setLow: sets[0]!,
    setHigh: sets[1]!,
    keepLow: slots.savedLow,
    keepHigh: slots.savedHigh,
    returnSlot,
    setsStackPointer: isSet(sets, slots.sp),
    isSignalFrame: false,
    raSigned: false,
    argsSize: 0,
  };
}

/** Slot of the return address, −1 at the end of the stack, undefined if it cannot be tracked. */
function returnSlotOf(
  row: UnwindRow,
  returnAddress: number,
  slots: SlotMap,
): number | undefined {
  const slot = slots.slotOf[returnAddress] ?? -1;
  if (slot < 0) return undefined;
  const kind = row.kinds[returnAddress]!;
  if (kind === RULE.undefined) return -1;
  // Nothing said about a return address that is on the stack: there is none.
  const silent = kind === RULE.unspecified || kind === RULE.sameValue;
  return silent && slot === slots.pc ? -1 : slot;
}

function isSet(masks: readonly number[], slot: number): boolean {
  return (masks[slot >> 5]! >>> (slot & 31) & 1) !== 0;
}
