/**
 * Values that parameters had when a function was entered: the caller's debugging information says
 * what it passed. DWARF 5, sections 2.5.1.7 and 3.4.
 *
 * @module
 */
import { fromBigAddress } from "../../../bytes/mod.ts";
import { DW_AT, type Entry, type Unit } from "../../../elf/dwarf/mod.ts";
import { DW_OP, ExpressionError, type StackValue, word } from "../../../unwind/cfi/mod.ts";
import { type CallParameter, type CallSite, callSitesOf } from "../call_sites/call_sites.ts";
import { evaluateValue, type LocationContext } from "../expression/location_machine.ts";
import { EntryMap } from "../types/entry_map.ts";
import type { TypeSource } from "../types/type_source.ts";
import type { VariableFrame } from "./variable_frame.ts";

/** What is asked for: what a register held, what was where it pointed, a parameter. */
export type Passed =
  | { readonly kind: "register" | "memory"; readonly register: number }
  | { readonly kind: "parameter"; readonly entry: Entry };

/** Finds functions by symbol. */
type Functions = Pick<TypeSource, "functionNamed">;

/** How a value on entry is looked for. */
export interface EntryOptions {
  /**
   * What expressions of a unit are told in the frame of a caller, which `callers` callers have led
   * to.
   */
  readonly context: (frame: VariableFrame, unit: Unit, callers: number) => LocationContext;
  /** Finds functions by symbol. */
  readonly functions: Functions;
  /** How many callers have been gone through already. */
  readonly callers: number;
}

/** The value on entry to `frame` that `expression`, a register's name, stands for. */
export function passedBy(expression: Uint8Array): Passed | undefined {
  const [op, second] = expression;
  if (op === undefined) return undefined;
  if (op >= DW_OP.reg0 && op < DW_OP.reg0 + 32 && expression.length === 1) {
    return { kind: "register", register: op - DW_OP.reg0 };
  }
  if (op === DW_OP.regx && expression.length === 2 && second! < 0x80) {
    return { kind: "register", register: second! };
  }
  // Of a register with a type, such as of floating point, the type is that of what was passed.
  if ((op === DW_OP.regvalType || op === DW_OP.gnuRegvalType) && second! < 0x80) {
    return { kind: "register", register: second! };
  }
  // `DW_OP_breg* 0` is how some write a register's contents, followed by a load or not.
  const isBreg = op >= DW_OP.breg0 && op < DW_OP.breg0 + 32;
  if (!isBreg || second !== 0) return undefined;
  const register = op - DW_OP.breg0;
  if (expression.length === 2) return { kind: "register", register };
  const isLoad = expression[2] === DW_OP.deref && expression.length === 3 ||
    expression[2] === DW_OP.derefSize && expression.length === 4;
  return isLoad ? { kind: "memory", register } : undefined;
}

/** Callers that one evaluation leads through at most; for more the outer ones are done first. */
const NESTED = 64;

/** Thrown where a value depends on one so far out that it has to be found first. */
class NeedsOuter extends Error {
  constructor(readonly frame: VariableFrame, readonly passed: Passed) {
    super("Value on entry depends on too many callers to be found at once");
  }
}

/** What has been found for a frame: a value, or why there is none. */
type Found = { readonly value: StackValue } | { readonly error: ExpressionError };

const FOUND: WeakMap<VariableFrame, Map<string, Found>> = new WeakMap();

/**
 * The value that was passed to a frame. What one function passes on to the next, however often, is
 * found once for all of them.
 *
 * @throws {ExpressionError} (`entry-value`) If the caller does not say, or cannot be believed: who
 * called is not known for certain, or the function may have called itself by a jump.
 */
export function entryValue(
  frame: VariableFrame,
  passed: Passed,
  options: EntryOptions,
): StackValue {
  if (options.callers > 0) return nested(frame, passed, options);
  const waiting = [{ frame, passed }];
  for (;;) {
    const last = waiting.at(-1)!;
    try {
      const value = nested(last.frame, last.passed, options);
      waiting.pop();
      if (waiting.length === 0) return value;
    } catch (error) {
      if (error instanceof NeedsOuter) {
        waiting.push(error);
        continue;
      }
      waiting.pop();
      if (waiting.length === 0) throw error;
    }
  }
}

function nested(frame: VariableFrame, passed: Passed, options: EntryOptions): StackValue {
  let known = FOUND.get(frame);
  if (known === undefined) FOUND.set(frame, known = new Map());
  const key = keyOf(passed);
  let found = known.get(key);
  if (found === undefined) {
    if (options.callers >= NESTED) throw new NeedsOuter(frame, passed);
    try {
      found = { value: passedTo(frame, passed, options) };
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      found = { error };
    }
    known.set(key, found);
  }
  if ("error" in found) throw found.error;
  return found.value;
}

function keyOf(passed: Passed): string {
  return passed.kind === "parameter"
    ? `parameter ${passed.entry.offset}`
    : `${passed.kind} ${passed.register}`;
}

function passedTo(frame: VariableFrame, passed: Passed, options: EntryOptions): StackValue {
  const { functions, callers } = options;
  const { caller } = frame;
  if (caller === undefined) throw lost("There is no caller that could say what it passed");
  const site = siteOf(caller);
  if (site === undefined) throw lost("Nothing describes the call");
  const context = options.context(caller, site.entry.unit, callers + 1);
  if (!calls(site, frame, { context, caller, functions })) {
    throw lost("The call is of another function, or of one that is not known");
  }
  if (callsItself(frame.function, functions)) {
    throw lost("The function may have called itself by a jump");
  }
  const found = site.parameters.find((each) => matches(each, passed));
  const value = passed.kind === "memory" ? found?.dataValue : found?.value;
  if (value === undefined) throw lost("The caller does not say what it passed");
  return evaluateValue(value, context);
}

/** The call that a caller is in. */
function siteOf(caller: VariableFrame): CallSite | undefined {
  if (caller.function === undefined) return undefined;
  return callSitesOf(caller.function).at(fromBigAddress(caller.pc));
}

function entryPoint(entry: Entry | undefined): bigint | undefined {
  if (entry === undefined) return undefined;
  const begin = entry.address(DW_AT.entryPc) ?? entry.lowPc ?? entry.ranges()[0]?.begin;
  return begin === undefined ? undefined : BigInt(begin);
}

/** Whether a call is of the function that a frame is of. */
function calls(
  { target, origin }: CallSite,
  { function: callee, bias }: VariableFrame,
  { context, caller, functions }: Pick<EntryOptions, "functions"> & {
    readonly context: LocationContext;
    readonly caller: VariableFrame;
  },
): boolean {
  const begin = entryPoint(callee);
  if (callee === undefined || begin === undefined) return false;
  if (target !== undefined) {
    return word(evaluateValue(target, context)) === BigInt.asUintN(64, begin + bias);
  }
  if (origin === undefined) return false;
  if (origin.flag(DW_AT.declaration)) {
    return definitionOf(origin, functions)?.is(callee) === true;
  }
  const start = entryPoint(origin);
  return start !== undefined && start + caller.bias === begin + bias;
}

/**
 * The function with code that an entry stands for: itself, or of a declaration the definition,
 * which may be in another module. What is only inlined elsewhere has none.
 */
export function definitionOf(
  entry: Entry | undefined,
  functions: Pick<TypeSource, "functionNamed">,
): Entry | undefined {
  if (entry === undefined || !entry.flag(DW_AT.declaration)) return entry;
  const name = entry.linkageName ?? entry.name;
  return name === undefined ? undefined : functions.functionNamed(name);
}

/** What has been found out of functions that may call themselves. */
const SELF: WeakMap<Functions, EntryMap<boolean>> = new WeakMap();

/** Whether jumps lead from a function back to it, as far as is known; unknown ones may. */
function callsItself(start: Entry | undefined, functions: Functions): boolean {
  if (start === undefined) return false;
  let known = SELF.get(functions);
  if (known === undefined) SELF.set(functions, known = new EntryMap());
  return known.get(start, () => leadsBack(start, functions));
}

function leadsBack(start: Entry, functions: Functions): boolean {
  const seen: Entry[] = [];
  const waiting = [start];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const current = at;
    if (seen.some((each) => each.is(current))) continue;
    seen.push(current);
    if (seen.length > 1000) return true;
    for (const site of callSitesOf(current).jumps) {
      const callee = site.target === undefined ? definitionOf(site.origin, functions) : undefined;
      if (callee === undefined || entryPoint(callee) === undefined || callee.is(start)) return true;
      waiting.push(callee);
    }
  }
  return false;
}

function matches({ location, parameter }: CallParameter, passed: Passed): boolean {
  if (passed.kind === "parameter") return parameter?.is(passed.entry) === true;
  if (location === undefined) return false;
  const own = passedBy(location);
  return own !== undefined && own.kind === "register" && own.register === passed.register;
}

function lost(message: string): ExpressionError {
  return new ExpressionError("entry-value", message, { source: "value on entry" });
}
