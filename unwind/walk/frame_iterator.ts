/**
 * Walks a stack from the innermost stack frame outwards.
 *
 * The walk ends, in bounded time, on any input: the number of stack frames is limited, the stack
 * must grow in one direction unless a table or a trap says it is another one, and a state that
 * comes back is an error.
 *
 * @module
 */
import { type Address, InputError } from "../../bytes/mod.ts";
import { type ApplyOptions, applyRule, cfaOf } from "./apply_rule.ts";
import { EXACT, GUESSED, weaker } from "./certainty.ts";
import type { CompiledRule } from "./compiled_rule.ts";
import { CycleFinder } from "./cycle_finder.ts";
import { Frame } from "./frame.ts";
import { doubtOf, isInEntry } from "./guess_check.ts";
import { type Anchor, Anchors } from "./kinds/anchors.ts";
import { RuleFinder } from "./rule_finder.ts";
import type { TrapFrameDescription } from "./trap.ts";
import { describedTrap, leaveTrap } from "./trap_step.ts";
import { WalkState } from "./walk_state.ts";
import type { WalkEnd, WalkInput, WalkOptions } from "./walk_types.ts";

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Walks a stack. A frame that could be found is given even if its caller cannot be; the error comes
 * with the next step.
 */
export class FrameIterator implements IterableIterator<Frame, undefined> {
  /** Why the walk ended; undefined while it goes on, and after an error. */
  end: WalkEnd | undefined;
  readonly #state: WalkState;
  readonly #finder: RuleFinder;
  readonly #apply: ApplyOptions;
  readonly #limit: number;
  readonly #stopAtUser: boolean;
  readonly #cycle: CycleFinder = new CycleFinder();
  /** The thread's anchors; undefined if its program has none. */
  readonly #anchors: Anchors | undefined;
  readonly #skipsNative: boolean;
  #anchor: Anchor | undefined;
  #rule: CompiledRule;
  #trap: TrapFrameDescription | undefined;
  #finished = false;
  #problem: unknown;

  /**
   * A walk that has not begun. Throws {@linkcode WalkError} (`registers`) if program counter or
   * stack pointer are not known.
   */
  constructor(input: WalkInput, options: WalkOptions = {}) {
    this.#state = new WalkState(input, options.start !== "return-address");
    this.#finder = new RuleFinder(this.#state, options.framePointer ?? true);
    this.#rule = this.#finder.none;
    const bits = Math.min(55, Math.max(33, options.addressBits ?? 48)) - 32;
    this.#apply = { redZone: options.redZone ?? Infinity, addressMask: 2 ** bits - 1 };
    this.#limit = options.maxFrames ?? 4096;
    this.#stopAtUser = options.stopAtUser ?? false;
    this.#anchors = Anchors.of(input);
    this.#skipsNative = this.#anchors !== undefined && options.native === "skip";
  }

  /** Itself. */
  [Symbol.iterator](): this {
    return this;
  }

  /**
   * The next stack frame outwards.
   *
   * @throws {WalkError | CfiError | DecodeError | ExpressionError} If there should be one and it
   * cannot be found. The walk is then over.
   */
  next(): IteratorResult<Frame, undefined> {
    if (this.#finished) return DONE;
    const state = this.#state;
    try {
      if (this.#problem !== undefined) throw this.#problem;
      if (state.index >= 0 && !this.#advance()) {
        this.#finished = true;
        return DONE;
      }
      if (state.index + 1 >= this.#limit) {
        this.end = "frame-limit";
        this.#finished = true;
        return DONE;
      }
      state.index++;
      return { done: false, value: this.#frame() };
    } catch (error) {
      this.#finished = true;
      throw error;
    }
  }

  /** Ends the walk. */
  return(): IteratorResult<Frame, undefined> {
    this.#finished = true;
    return DONE;
  }

  /**
   * The frame of the current state; what is wrong with the way to its caller is kept for the next
   * step.
   */
  #frame(): Frame {
    const state = this.#state;
    try {
      this.#findCaller();
      if (this.#cycle.returns(state.index, state.pc, state.cfa)) {
        throw state.error("loop", "Stack leads back to an earlier frame");
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#problem = error;
    }
    return new Frame(state, this.#rule, this.#trap);
  }

  /** Finds the rule, or the trap frame, that leads to the caller, and the CFA. */
  #findCaller(): void {
    const state = this.#state;
    const before = this.#rule;
    const previous = state.cfa;
    this.#rule = this.#finder.none;
    this.#trap = undefined;
    this.#anchor = undefined;
    state.cfa = NaN;
    if (state.modules.hasTrapStubs) {
      this.#trap = describedTrap(state);
      // The interrupted code may be on any stack.
      if (this.#trap !== undefined) return;
    }
    const rule = this.#rule = this.#finder.find();
    const anchors = this.#anchors;
    if (anchors !== undefined && rule.code === undefined && (this.#skipsNative || !isSure(rule))) {
      // An anchor is better than a guess.
      const anchor = anchors.next(state, !isSure(rule));
      if (anchor !== undefined) return this.#useAnchor(anchor);
    }
    if (rule.source === "none") {
      if (isManaged(before) && !state.modules.holdsCode(state.pc - 1)) {
        throw state.error("return-address", "Managed code returns to no code that is known");
      }
      return;
    }
    const cfa = state.cfa = cfaOf(state, rule);
    // Another stack is reached only by a trap, or where a table says so.
    if (
      cfa < previous && !before.isSignalFrame && !before.setsStackPointer && rule.cfaSlot >= 0
    ) throw state.error("cfa", "CFA is below that of the frame before");
    if (anchors !== undefined && rule.code !== undefined) anchors.visit(state, rule);
  }

  /** Has an anchor lead to the caller; or, if native code is skipped, to the current frame. */
  #useAnchor(anchor: Anchor): void {
    if (this.#skipsNative) {
      this.#state.goTo(anchor);
      this.#findCaller();
    } else {
      this.#anchor = anchor;
      this.#rule = this.#finder.anchor;
    }
  }

  /** Makes the caller's state the current one; false at the end of the stack. */
  #advance(): boolean {
    const state = this.#state;
    const rule = this.#rule;
    const trap = this.#trap;
    if (trap !== undefined) {
      if (this.#stopAtUser && trap.from === "user") {
        this.end = "user";
        return false;
      }
      return this.#arrive(leaveTrap(state, trap));
    }
    const anchor = this.#anchor;
    if (anchor !== undefined) {
      state.goTo(anchor);
      return true;
    }
    if (rule.returnSlot < 0) {
      this.end = rule.source === "none" ? "no-rule" : "return-address-undefined";
      return false;
    }
    if (rule.trust === EXACT) {
      return this.#arrive(applyRule(state, rule, this.#apply));
    }
    const sp = state.value(state.slots.sp);
    const callee = state.interrupted ? state.pc : state.pc - 1;
    return this.#arrive(applyRule(state, rule, this.#apply)) && this.#judge(rule, callee, sp);
  }

  /** Lowers the trust after a step that no table has led; false if it led out of the program. */
  #judge(rule: CompiledRule, callee: Address, calleeSp: Address): boolean {
    const state = this.#state;
    let { trust } = rule;
    if (trust === GUESSED) {
      const doubt = doubtOf(state, calleeSp);
      if (doubt !== undefined) {
        if (isInEntry(state.modules, callee)) {
          this.end = "program-entry";
          return false;
        }
        trust = { certainty: "doubtful", doubt };
      }
    }
    state.trust = weaker(state.trust, trust);
    return true;
  }

  #arrive(pc: Address): boolean {
    // A call of address 0 can be interrupted there, but no call returns to it.
    if (pc === 0 && !this.#state.interrupted) {
      this.end = "return-address-zero";
      return false;
    }
    if (pc !== pc) throw this.#state.error("return-address", "Return address is no address");
    this.#state.pc = pc;
    return true;
  }
}

/** Whether a frame is of a kind that only known code calls: native code may call the others. */
function isManaged({ code, anchor }: CompiledRule): boolean {
  return code !== undefined && anchor === 0;
}

/** Whether a rule is more than a guess. */
function isSure({ source, trust }: CompiledRule): boolean {
  return source !== "none" && trust !== GUESSED;
}
