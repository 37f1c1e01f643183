/**
 * Anchors: what a thread leaves behind where it goes over from managed to native code, so that its
 * stack can be walked although nobody knows what the native code's frames are like. The last one is
 * in the thread's own storage; each piece of code that native code calls managed code through saves
 * the one before in its frame, so that they form a chain.
 *
 * @module
 */
import { type Address, addressFromHalves, fromBigAddress, hexAddress } from "../../../bytes/mod.ts";
import { EXACT, type Trust } from "../certainty.ts";
import type { CompiledRule } from "../compiled_rule.ts";
import type { WordReader } from "../memory.ts";
import type { WalkState } from "../walk_state.ts";
import type { WalkInput } from "../walk_types.ts";

/** Where a walk goes on. */
export interface Anchor {
  /** Stack pointer of the last managed frame. */
  readonly sp: Address;
  /** Return address of its call into native code. */
  readonly pc: Address;
  /** How sure it is. */
  readonly trust: Trust;
}

/** Where an anchor is kept; NaN where the walk has no use for it now. */
interface Chain {
  at: Address;
  trust: Trust;
}

/** Most bytes of stack that native code may use. */
const STACK_REACH = 1 << 23;

/** The anchors of a thread, as a walk comes to them. */
export class Anchors {
  readonly #chains: Map<number, Chain> = new Map();

  /** Those of a thread; undefined if its program has none, or it has no storage for any. */
  static of(input: WalkInput): Anchors | undefined {
    const { anchors } = input.modules.code;
    if (anchors.length === 0) return undefined;
    const { threadPointer = 0n } = input;
    return threadPointer === 0n ? undefined : new Anchors(threadPointer, anchors);
  }

  /** Those of a thread; `offsets` are from its thread pointer. */
  constructor(threadPointer: bigint, offsets: readonly number[]) {
    for (const offset of offsets) {
      const at = fromBigAddress(BigInt.asUintN(64, threadPointer + BigInt(offset)));
      this.#chains.set(offset, { at, trust: EXACT });
    }
  }

  /** Notes that the walk is at a frame of that rule. */
  visit(state: WalkState, rule: CompiledRule): void {
    // It stays with frames further out.
    if (rule.anchor !== rule.anchor) return;
    const offset = rule.code?.map?.anchor;
    const chain = offset === undefined ? undefined : this.#chains.get(offset);
    if (chain === undefined) return;
    chain.at = rule.anchor === 0 ? NaN : state.cfa + rule.anchor;
    chain.trust = state.trust;
  }

  /**
   * Where the walk goes on from native code; undefined if no anchor is set. None is given twice.
   *
   * @param isNeeded Whether nothing else leads on; else one that cannot be read is as good as none.
   * @throws {WalkError} (`anchor`) If one leads nowhere, or cannot be read.
   */
  next(state: WalkState, isNeeded: boolean): Anchor | undefined {
    let next: Anchor | undefined;
    let used: Chain | undefined;
    for (const chain of this.#chains.values()) {
      const anchor = chain.at === chain.at ? read(state, chain, isNeeded) : undefined;
      if (anchor === undefined || next !== undefined && next.sp <= anchor.sp) continue;
      next = anchor;
      used = chain;
    }
    if (used !== undefined) used.at = NaN;
    return next;
  }
}

function read(
  state: WalkState,
  { at, trust }: Chain,
  isNeeded: boolean,
): Anchor | undefined {
  const { reader, modules, slots } = state;
  const [sp, pc] = [load(reader, at), load(reader, at + 8)];
  if (sp === undefined || pc === undefined) {
    if (!isNeeded) return undefined;
    throw state.error("anchor", `Anchor at ${hexAddress(at)} cannot be read`);
  }
  if (pc === 0) return undefined;
  const from = state.value(slots.sp);
  const fault = pc !== pc || modules.code.at(pc - 1) === undefined
    ? "leads to no managed code"
    // Native code that pushes nothing, and whose call pushed nothing, has the very stack pointer.
    : !(sp > from || sp === from && slots.registers.link !== undefined)
    ? "leads back"
    // What is between may never have been touched, and then it cannot be read.
    : sp % 8 !== 0 || sp - from > STACK_REACH || !reader.load(sp)
    ? "leads to another stack"
    : undefined;
  if (fault === undefined) return { sp, pc, trust };
  throw state.error("anchor", `Anchor at ${hexAddress(at)} ${fault}`);
}

/** A word as an address, NaN if it is none; undefined if it cannot be read. */
function load(reader: WordReader, at: Address): Address | undefined {
  return reader.load(at) ? addressFromHalves(reader.low, reader.high) : undefined;
}
