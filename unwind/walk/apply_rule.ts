/**
 * Applying a rule: from the registers of a stack frame to its CFA, and to the registers of its
 * caller.
 *
 * @module
 */
import { type Address, addressFromHalves, fromBigAddress, toBigAddress } from "../../bytes/mod.ts";
import {
  evaluateExpression,
  type ExpressionContext,
  type ExpressionResult,
  RULE,
} from "../cfi/mod.ts";
import type { CompiledRule, OtherRule } from "./compiled_rule.ts";
import type { WalkState } from "./walk_state.ts";

/** What applying a rule takes beside the state. */
export interface ApplyOptions {
  /** Bytes below the stack pointer of an interrupted stack frame that are still its own. */
  readonly redZone: number;
  /** Bits of the high half of an address that are address, not signature. */
  readonly addressMask: number;
}

/**
 * The canonical frame address by a rule.
 *
 * @throws {WalkError} (`cfa`) If its register is not known, or it is no address.
 * @throws {ExpressionError | DecodeError} If its expression fails.
 */
export function cfaOf(state: WalkState, rule: CompiledRule): Address {
  let cfa: Address;
  if (rule.cfaSlot >= 0) {
    if (!state.isKnown(rule.cfaSlot)) throw state.error("cfa", "Register of the CFA is not known");
    cfa = state.value(rule.cfaSlot) + rule.cfaOffset;
  } else {
    const result = evaluate(state, rule, { at: rule.cfaOffset, cfa: undefined });
    cfa = fromBigAddress(
      result.type === "register" ? state.register(result.register) : result.value,
    );
  }
  if (!Number.isSafeInteger(cfa)) throw state.error("cfa", "CFA is no address");
  return cfa;
}

/**
 * Makes the caller's registers the current ones and gives its program counter, NaN if that is no
 * address. The rule must give a return address.
 *
 * @throws {WalkError} (`memory`, `return-address`) If something saved cannot be read.
 * @throws {ExpressionError | DecodeError} If an expression fails.
 */
export function applyRule(state: WalkState, rule: CompiledRule, options: ApplyOptions): Address {
  const from = state.base;
  const old = state.words;
  const sp = state.slots.sp;
  const stackPointer = state.interrupted ? state.value(sp) : -Infinity;
  state.nextBlock();
  const { words, base: to, cfa } = state;
  load(state, rule, { stackPointer, lost: stackPointer - options.redZone });
  const oldLow = state.knownLow;
  const oldHigh = state.knownHigh;
  let knownLow = oldLow & rule.keepLow | rule.setLow;
  let knownHigh = oldHigh & rule.keepHigh | rule.setHigh;
  if (rule.others.length !== 0) {
    const lost = applyOthers(state, rule, { old, from });
    knownLow &= ~lost[0];
    knownHigh &= ~lost[1];
  }
  if (!rule.setsStackPointer) {
    words[to + 2 * sp] = cfa | 0;
    words[to + 2 * sp + 1] = Math.floor(cfa / 0x100000000) | 0;
    if (sp < 32) knownLow |= 1 << sp;
    else knownHigh |= 1 << (sp - 32);
  }
  const returnSlot = rule.returnSlot;
  // What the rule gives must be known now; what it does not mention, before.
  const isKnown = returnSlot < 32
    ? (knownLow & rule.setLow | oldLow & ~rule.setLow) >>> returnSlot & 1
    : (knownHigh & rule.setHigh | oldHigh & ~rule.setHigh) >>> (returnSlot - 32) & 1;
  if (isKnown === 0) throw state.error("return-address", "Return address is not known");
  const low = words[to + 2 * returnSlot]!;
  let high = words[to + 2 * returnSlot + 1]!;
  if (rule.raSigned) {
    const { addressMask } = options;
    // Bit 55 says which half of the address space the pointer is in.
    high = (high & 0x800000) !== 0 ? high | ~addressMask : high & addressMask;
  }
  const { pc } = state.slots;
  words[to + 2 * pc] = low;
  words[to + 2 * pc + 1] = high;
  if (pc < 32) knownLow |= 1 << pc;
  else knownHigh |= 1 << (pc - 32);
  state.knownLow = knownLow;
  state.knownHigh = knownHigh;
  state.interrupted = rule.isSignalFrame;
  return addressFromHalves(low, high);
}

/**
 * Loads what is stored at offsets from the CFA. What a table has below the stack pointer of
 * interrupted code, an epilogue has popped: below `lost` for certain, above it only if it cannot be
 * read.
 */
function load(
  state: WalkState,
  rule: CompiledRule,
  limits: { readonly stackPointer: Address; readonly lost: Address },
): void {
  const { reader, words, base: to, cfa } = state;
  const { storedSlots, storedOffsets } = rule;
  const { stackPointer, lost } = limits;
  for (let i = 0; i < storedSlots.length; i++) {
    const slot = storedSlots[i]!;
    const address = cfa + storedOffsets[i]!;
    if (address < lost && state.isKnown(slot)) continue;
    if (!reader.load(address)) {
      if (address < stackPointer && state.isKnown(slot)) continue;
      throw state.unreadable(address);
    }
    const at = to + 2 * slot;
    words[at] = reader.low;
    words[at + 1] = reader.high;
  }
}

/** Rules that are not plain stores; gives the slots whose value turns out unknown. */
function applyOthers(
  state: WalkState,
  rule: CompiledRule,
  before: { readonly old: Int32Array; readonly from: number },
): readonly [low: number, high: number] {
  const { words, base: to } = state;
  const lost: [number, number] = [0, 0];
  // Every rule speaks of the registers before any of them is applied.
  state.words = before.old;
  state.base = before.from;
  try {
    for (const other of rule.others) {
      const { slot } = other;
      const result = otherValue(state, rule, other);
      if (result === undefined) lost[slot >> 5]! |= 1 << (slot & 31);
      else {
        const at = to + 2 * slot;
        words[at] = Number(BigInt.asIntN(32, result));
        words[at + 1] = Number(BigInt.asIntN(32, result >> 32n));
      }
    }
  } finally {
    state.words = words;
    state.base = to;
  }
  return lost;
}

function otherValue(state: WalkState, rule: CompiledRule, other: OtherRule): bigint | undefined {
  const { kind, value } = other;
  const cfa = toBigAddress(state.cfa);
  if (kind === RULE.valOffset) return cfa + BigInt(value);
  if (kind === RULE.register) {
    return value >= 0 && state.isKnown(value) ? state.bigValue(value) : undefined;
  }
  const result = evaluate(state, rule, { at: value, cfa });
  if (result.type === "register") return state.register(result.register);
  if (kind === RULE.valExpression || result.type === "literal") return result.value;
  const stored = state.reader.number(result.value, 8);
  if (stored === undefined) throw state.unreadable(fromBigAddress(result.value));
  return stored;
}

/**
 * Evaluates the expression at an offset of the rule's section; the CFA, if it is known, is on the
 * stack first.
 */
function evaluate(
  state: WalkState,
  rule: CompiledRule,
  what: { readonly at: number; readonly cfa: bigint | undefined },
): ExpressionResult {
  const { table, module } = rule;
  if (table === undefined || module === undefined) {
    throw state.error("cfa", "Rule has no expression");
  }
  const { at, cfa } = what;
  const context: ExpressionContext = {
    register: (register) => state.register(register),
    memory: (address, size) => state.reader.number(address, size),
    cfa,
    bias: toBigAddress(module.bias),
    bases: table.bases,
  };
  return evaluateExpression(table.expressionAt(at), context, {
    stack: cfa === undefined ? [] : [cfa],
  });
}
