/**
 * The rules that need no table: what calls, stubs and signals leave on a stack.
 *
 * @module
 */
import { EXACT, GUESSED, RECOGNIZED, type Trust } from "./certainty.ts";
import type { CompiledRule, RuleSource } from "./compiled_rule.ts";
import { SIGNAL_FRAMES } from "./signal_frames.ts";
import type { SlotMap } from "./register_set.ts";

/** The rules of a machine that need no table. */
export interface PlainRules {
  /**
   * The caller is found through the frame pointer: saved frame pointer and return address lie at
   * it.
   */
  readonly framePointer: CompiledRule;
  /** The first instruction of a function has not run yet: the caller is where the call left it. */
  readonly entry: CompiledRule;
  /** The interrupted code is in the frame that the system has pushed for a signal. */
  readonly sigreturn: CompiledRule;
  /** The caller is behind native code, and the thread's anchor leads there. */
  readonly anchor: CompiledRule;
  /** No caller. */
  readonly none: CompiledRule;
  /**
   * In a stub of a procedure linkage table that has so far pushed this many bytes: the caller is
   * where the call left it, above them.
   */
  stub(pushed: number): CompiledRule;
}

const PLAIN = new Map<SlotMap, PlainRules>();

/** The rules of a machine that need no table. */
export function plainRules(slots: SlotMap): PlainRules {
  const known = PLAIN.get(slots);
  if (known !== undefined) return known;
  const rules = makePlainRules(slots);
  PLAIN.set(slots, rules);
  return rules;
}

type StoredSlot = readonly [slot: number, offset: number];

/** What differs between rules without a table. */
interface PlainRuleInit {
  readonly source: RuleSource;
  readonly trust: Trust;
  readonly cfaSlot: number;
  readonly cfaOffset: number;
  readonly stored: readonly StoredSlot[];
}

function makePlainRules(slots: SlotMap): PlainRules {
  const { link: linkRegister, programCounter, stackPointer, machine } = slots.registers;
  const onStack = linkRegister === undefined;
  const link = onStack ? slots.pc : slots.slotOf[linkRegister]!;
  const make = (init: PlainRuleInit): CompiledRule => {
    const sets = [0, 0];
    for (const [slot] of init.stored) sets[slot >> 5]! |= 1 << (slot & 31);
    return {
      source: init.source,
      module: undefined,
      table: undefined,
      fde: undefined,
      code: undefined,
      anchor: 0,
      limit: NaN,
      trust: init.trust,
      cfaSlot: init.cfaSlot,
      cfaOffset: init.cfaOffset,
      storedSlots: init.stored.map(([slot]) => slot),
      storedOffsets: init.stored.map(([, offset]) => offset),
      others: [],
      setLow: sets[0]!,
      setHigh: sets[1]!,
      keepLow: slots.savedLow,
      keepHigh: slots.savedHigh,
      returnSlot: link,
      setsStackPointer: false,
      isSignalFrame: false,
      raSigned: false,
      argsSize: 0,
    };
  };
  /** The return address is where a call has left it, and `pushed` bytes are above it. */
  const called = (source: RuleSource, trust: Trust, pushed: number): CompiledRule =>
    make({
      source,
      trust,
      cfaSlot: slots.sp,
      cfaOffset: pushed + (onStack ? 8 : 0),
      stored: onStack ? [[link, -8]] : [],
    });
  const nowhere = (source: RuleSource): CompiledRule => ({
    ...make({ source, trust: EXACT, cfaSlot: slots.sp, cfaOffset: 0, stored: [] }),
    returnSlot: -1,
  });
  const frame = SIGNAL_FRAMES[machine];
  const stubs = new Map<number, CompiledRule>();
  return {
    framePointer: {
      ...make({
        source: "frame-pointer",
        trust: GUESSED,
        cfaSlot: slots.fp,
        cfaOffset: 16,
        stored: [[slots.fp, -16], [link, -8]],
      }),
      // Without a table nobody knows whether the return address is signed; a plain one does not
      // change when it is stripped.
      raSigned: !onStack,
    },
    entry: called("entry", GUESSED, 0),
    sigreturn: {
      ...make({
        source: "sigreturn",
        trust: RECOGNIZED,
        cfaSlot: slots.sp,
        cfaOffset: 0,
        stored: [
          ...frame.general.map((register, i): StoredSlot => [
            slots.slotOf[register]!,
            frame.generalAt + 8 * i,
          ]),
          [slots.slotOf[stackPointer]!, frame.stackPointerAt],
          [slots.slotOf[programCounter]!, frame.programCounterAt],
        ],
      }),
      // What the frame does not hold is still in its register.
      keepLow: -1,
      keepHigh: -1,
      returnSlot: slots.pc,
      setsStackPointer: true,
      isSignalFrame: true,
    },
    anchor: nowhere("anchor"),
    none: nowhere("none"),
    stub(pushed: number): CompiledRule {
      let rule = stubs.get(pushed);
      if (rule === undefined) {
        stubs.set(pushed, rule = called("plt", RECOGNIZED, pushed));
      }
      return rule;
    },
  };
}
