/**
 * Finding the rule of a stack frame: in the cache, in the tables, by known instructions, or by
 * believing what is at hand.
 *
 * @module
 */
import { type Address, addressFromHalves } from "../../bytes/mod.ts";
import { type CompiledRule, compileFrameRow, compileRow } from "./compiled_rule.ts";
import { type CodeRegion, DamagedData } from "./kinds/code_kind.ts";
import { type PlainRules, plainRules } from "./plain_rules.ts";
import { pushedByStub, RETPOLINE_RETURN } from "./plt_stubs.ts";
import { isSigreturn } from "./signal_frames.ts";
import type { WalkState } from "./walk_state.ts";

/** Finds the rules of one walk. */
export class RuleFinder {
  readonly #state: WalkState;
  readonly #plain: PlainRules;
  readonly #framePointer: boolean;

  /** A finder for a walk; `framePointer` says whether the frame pointer may be believed. */
  constructor(state: WalkState, framePointer: boolean) {
    this.#state = state;
    this.#plain = plainRules(state.slots);
    this.#framePointer = framePointer;
  }

  /** The rule that leads nowhere. */
  get none(): CompiledRule {
    return this.#plain.none;
  }

  /** The rule that leads to a thread's anchor. */
  get anchor(): CompiledRule {
    return this.#plain.anchor;
  }

  /**
   * The rule of the current program counter.
   *
   * @throws {WalkError | CfiError | DecodeError} If its table is damaged, or needs a register that
   * is not kept.
   */
  find(): CompiledRule {
    const { pc, interrupted } = this.#state;
    if (interrupted) return this.#inTables(pc) ?? this.#withoutTable();
    const rule = this.#inTables(pc - 1);
    // Nearly always a call came before, in the same function.
    if (rule !== undefined && rule.limit !== pc) return rule;
    return this.#signalFrame() ?? rule ?? this.#withoutTable();
  }

  /** The rule of the tables for an address, or undefined if they have none. */
  #inTables(lookup: Address): CompiledRule | undefined {
    return this.#state.modules.rules.get(lookup) ?? this.#learn(lookup);
  }

  #learn(lookup: Address): CompiledRule | undefined {
    const { modules } = this.#state;
    const code = modules.code.isEmpty ? undefined : modules.code.at(lookup);
    const rule = code === undefined
      ? this.#fromTables(lookup, undefined)
      : this.#fromKind(lookup, code) ?? this.#fromTables(lookup, code);
    if (rule !== undefined) modules.rules.put(lookup, rule);
    else if (code?.data instanceof DamagedData) throw code.data.error;
    return rule;
  }

  #fromTables(lookup: Address, code: CodeRegion | undefined): CompiledRule | undefined {
    const { modules, slots } = this.#state;
    const module = modules.find(lookup);
    const found = module?.find(lookup);
    if (module === undefined || found === undefined) return undefined;
    const row = found.table.rowAt(found.fde, lookup - module.bias);
    if (row === undefined) return undefined;
    return compileRow(row, found, { module, code, slots }) ?? this.#cannotKeep();
  }

  /** The rule of a piece of code whose kind has rows of its own. */
  #fromKind(lookup: Address, code: CodeRegion): CompiledRule | undefined {
    if (code.data instanceof DamagedData) return undefined;
    const { modules, slots } = this.#state;
    const row = code.kind.row(code, lookup - code.origin);
    if (row === undefined) return undefined;
    const module = modules.find(lookup);
    return compileFrameRow(row, { module, code, slots }) ?? this.#cannotKeep();
  }

  #cannotKeep(): never {
    throw this.#state.error("registers", "Rule needs a register not kept");
  }

  /**
   * The rule of a return address that no call has left: the first instruction a signal handler
   * returns to. What comes before it is another function.
   */
  #signalFrame(): CompiledRule | undefined {
    const rule = this.#inTables(this.#state.pc);
    if (rule?.isSignalFrame === true) return rule;
    return this.#isSigreturn() ? this.#plain.sigreturn : undefined;
  }

  #withoutTable(): CompiledRule {
    const { pc, interrupted, modules, slots } = this.#state;
    const pushed = pushedByStub(slots.registers.machine, this.#state.code(), !interrupted);
    if (pushed !== undefined) {
      return this.#plain.stub(pushed === RETPOLINE_RETURN ? this.#retpolinePushed() : pushed);
    }
    if (interrupted) {
      if (this.#isSigreturn()) return this.#plain.sigreturn;
      // A call or jump to nowhere: believe it if the would-be return address is in code.
      if (!modules.holdsCode(pc) && modules.holdsCode(this.#wouldReturnTo() - 1)) {
        return this.#plain.entry;
      }
    }
    return this.#isFramePointer() ? this.#plain.framePointer : this.#plain.none;
  }

  #isSigreturn(): boolean {
    return isSigreturn(this.#state.slots.registers.machine, this.#state.code());
  }

  /** Where a function returns to whose first instruction has not run; NaN if that is nowhere. */
  #wouldReturnTo(): Address {
    const { slots, reader } = this.#state;
    const { link } = slots.registers;
    if (link !== undefined) {
      const slot = slots.slotOf[link]!;
      return this.#state.isKnown(slot) ? this.#state.value(slot) : NaN;
    }
    return reader.load(this.#state.value(slots.sp))
      ? addressFromHalves(reader.low, reader.high)
      : NaN;
  }

  /** Above the target, a stub's retpoline has the return address, the header's two words more. */
  #retpolinePushed(): number {
    const { modules, reader, slots } = this.#state;
    const isCalled = reader.load(this.#state.value(slots.sp) + 8) &&
      modules.holdsCode(addressFromHalves(reader.low, reader.high) - 1);
    return isCalled ? 8 : 24;
  }

  /** Whether the frame pointer may be one. */
  #isFramePointer(): boolean {
    const { fp, sp } = this.#state.slots;
    if (!this.#framePointer || !this.#state.isKnown(fp)) return false;
    const value = this.#state.value(fp);
    return value !== 0 && value % 8 === 0 && value >= this.#state.value(sp);
  }
}
