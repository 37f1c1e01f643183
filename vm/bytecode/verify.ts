/**
 * Verification: at each bytecode the number of operands is known, and of every operand and local
 * whether it is a reference.
 *
 * @module
 */
import { BytecodeError, type BytecodeErrorKind } from "../errors.ts";
import { decodeCode, endsFlow, type Instruction, isBranch } from "./decode.ts";
import { CONSUMED, STACK_EFFECTS } from "./stack_effects.ts";
import { liveLocals } from "./liveness.ts";
import {
  ANY_CLASS,
  type ClassType,
  FINALLY_CLASS,
  type Handler,
  LIMITS,
  type Method,
  type Position,
  type ValueType,
} from "./program.ts";

/** What is known of a method before its code is. */
export type Signature = Pick<
  Method,
  "id" | "name" | "params" | "locals" | "result" | "wanted" | "native"
>;

/** What methods refer to. */
export interface Surroundings {
  /** The classes. */
  readonly classes: readonly ClassType[];
  /** All methods' signatures. */
  readonly methods: readonly Signature[];
}

/** Types of the locals, undefined where nothing can be read, and of the operands. */
interface State {
  readonly locals: readonly (ValueType | undefined)[];
  readonly operands: readonly ValueType[];
}

/**
 * Verifies a method's code and finds out what is known at each of its bytecodes.
 *
 * @throws {BytecodeError}
 */
export function verifyMethod(
  signature: Signature,
  { code, handlers }: { readonly code: Uint8Array; readonly handlers: readonly Handler[] },
  surroundings: Surroundings,
): Method {
  return new Verifier(signature, code, handlers, surroundings).run();
}

class Verifier {
  readonly #signature: Signature;
  readonly #code: Uint8Array;
  readonly #handlers: readonly Handler[];
  readonly #surroundings: Surroundings;
  readonly #list: readonly Instruction[];
  readonly #index = new Map<number, number>();
  readonly #states: (State | undefined)[];
  readonly #queue: number[] = [];
  #maxStack = 0;

  constructor(
    signature: Signature,
    code: Uint8Array,
    handlers: readonly Handler[],
    surroundings: Surroundings,
  ) {
    this.#signature = signature;
    this.#code = code;
    this.#handlers = handlers;
    this.#surroundings = surroundings;
    this.#list = decodeCode(code, signature.name);
    this.#list.forEach(({ bci }, i) => this.#index.set(bci, i));
    this.#states = this.#list.map(() => undefined);
  }

  run(): Method {
    const { params, locals } = this.#signature;
    this.#checkLimits();
    this.#checkHandlers();
    this.#flow(0, 0, {
      locals: locals.map((_, i) => params[i]?.type),
      operands: [],
    });
    for (let i = this.#queue.pop(); i !== undefined; i = this.#queue.pop()) this.#step(i);
    const positions = this.#positions();
    return {
      ...this.#signature,
      maxStack: this.#maxStack,
      code: this.#code,
      handlers: this.#handlers,
      positions,
    };
  }

  #fail(kind: BytecodeErrorKind, message: string, bci?: number): BytecodeError {
    return new BytecodeError(kind, message, { source: this.#signature.name, offset: bci });
  }

  #checkLimits(): void {
    const { params, locals } = this.#signature;
    const checks = [
      ["parameters", params.length, LIMITS.params],
      ["locals", locals.length, LIMITS.locals],
      ["bytes of code", this.#code.length, LIMITS.code],
    ] as const;
    for (const [what, is, most] of checks) {
      if (is > most) throw this.#fail("limit", `There are ${is} ${what}, expected at most ${most}`);
    }
    if (this.#list.length === 0) throw this.#fail("fall-through", "There is no code");
  }

  #checkHandlers(): void {
    for (const { from, to, target, class: type } of this.#handlers) {
      const ends = this.#index.has(to) || to === this.#code.length;
      if (!this.#index.has(from) || !ends || from >= to) {
        throw this.#fail("handler", `A handler cannot be for ${from} to ${to}`, from);
      }
      if (!this.#index.has(target)) {
        throw this.#fail("handler", `A handler cannot begin at ${target}`, from);
      }
      const known = type === ANY_CLASS || type === FINALLY_CLASS ||
        this.#surroundings.classes[type] !== undefined;
      if (!known) throw this.#fail("handler", `A handler takes class ${type}: none such`, from);
    }
  }

  /** Types at one bytecode come from another: they must agree with those from elsewhere. */
  #flow(from: number, bci: number, state: State): void {
    const i = this.#index.get(bci);
    if (i === undefined) {
      if (bci === this.#code.length) {
        throw this.#fail("fall-through", "The last bytecode goes on beyond the end", from);
      }
      throw this.#fail("branch", `A branch leads to ${bci}, where no bytecode begins`, from);
    }
    const known = this.#states[i];
    if (known === undefined) {
      this.#states[i] = state;
      this.#queue.push(i);
      return;
    }
    const [is, was] = [state.operands, known.operands];
    if (is.length !== was.length || is.some((type, j) => type !== was[j])) {
      throw this.#fail(
        "join",
        `Operands from bytecode ${from} are (${is.join(" ")}), from another (${was.join(" ")})`,
        bci,
      );
    }
    const locals = known.locals.map((type, j) => type === state.locals[j] ? type : undefined);
    if (locals.every((type, j) => type === known.locals[j])) return;
    this.#states[i] = { locals, operands: was };
    this.#queue.push(i);
  }

  #step(i: number): void {
    const instruction = this.#list[i]!;
    const state = this.#states[i]!;
    const { bci } = instruction;
    for (const { from, to, target } of this.#handlers) {
      if (bci < from || bci >= to) continue;
      this.#deepest(1);
      this.#flow(bci, target, { locals: state.locals, operands: ["ref"] });
    }
    const after = this.#effect(instruction, state);
    this.#deepest(after.operands.length);
    if (isBranch(instruction)) this.#flow(bci, instruction.value, after);
    if (!endsFlow(instruction)) this.#flow(bci, instruction.next, after);
  }

  #deepest(depth: number): void {
    this.#maxStack = Math.max(this.#maxStack, depth);
  }

  #effect(instruction: Instruction, { locals, operands }: State): State {
    const { bci, value } = instruction;
    const stack = [...operands];
    const pop = (expected?: ValueType): ValueType => {
      const type = stack.pop();
      if (type === undefined) {
        throw this.#fail("depth", `${instruction.name} takes an operand, there is none`, bci);
      }
      if (expected !== undefined && type !== expected) {
        throw this.#fail("type", `${instruction.name} takes ${expected}, got ${type}`, bci);
      }
      return type;
    };
    const push = (type: ValueType): void => {
      stack.push(type);
      if (stack.length <= LIMITS.operands) return;
      throw this.#fail("limit", `There are more than ${LIMITS.operands} operands`, bci);
    };
    const local = (expected?: ValueType): ValueType => {
      const type = this.#local(value, bci) ? locals[value] : undefined;
      if (type !== undefined && (expected ?? type) === type) return type;
      const name = this.#signature.locals[value];
      throw this.#fail(
        "type",
        `${instruction.name} takes ${expected ?? "a value"} from ${name}, got ${type ?? "none"}`,
        bci,
      );
    };
    const fixed = STACK_EFFECTS[instruction.name];
    if (fixed !== undefined) {
      for (const type of fixed.takes.toReversed()) pop(type);
      fixed.gives.forEach(push);
    }
    let set = locals;
    switch (instruction.name) {
      case "load":
        push(local());
        break;
      case "store":
        this.#local(value, bci);
        set = locals.with(value, pop());
        break;
      case "inc":
        local("int");
        break;
      case "dup": {
        const type = pop();
        push(type);
        push(type);
        break;
      }
      case "pop":
        pop();
        break;
      case "new":
        if (this.#surroundings.classes[value] !== undefined) break;
        throw this.#fail("name", `There is no class ${value}`, bci);
      case "invoke": {
        const callee = this.#surroundings.methods[value];
        if (callee === undefined) throw this.#fail("name", `There is no method ${value}`, bci);
        for (const { type } of callee.params.toReversed()) pop(type);
        if (callee.result !== "void") push(callee.result);
        break;
      }
      case "return":
        this.#checkReturn("void", bci);
        break;
      case "return_value":
        this.#checkReturn(pop(), bci);
        break;
    }
    return { locals: set, operands: stack };
  }

  #local(index: number, bci: number): boolean {
    const { length } = this.#signature.locals;
    if (index < length) return true;
    throw this.#fail("name", `There is no local ${index} of ${length}`, bci);
  }

  #checkReturn(type: string, bci: number): void {
    const { result } = this.#signature;
    if (type !== result) throw this.#fail("type", `The method returns ${result}, got ${type}`, bci);
  }

  #pops({ name, value }: Instruction): number {
    if (name === "invoke") return this.#surroundings.methods[value]!.params.length;
    return CONSUMED.get(name) ?? 0;
  }

  #positions(): Position[] {
    const live = liveLocals(this.#list, this.#handlers);
    const mask = (types: readonly (ValueType | undefined)[], wanted: ValueType): number =>
      types.reduce((bits, type, i) => type === wanted ? bits | 1 << i : bits, 0);
    return this.#list.map((instruction, i) => {
      const { bci } = instruction;
      const state = this.#states[i];
      if (state === undefined) throw this.#fail("unreachable", "No way leads here", bci);
      return {
        bci,
        depth: state.operands.length,
        pops: this.#pops(instruction),
        refs: mask(state.locals, "ref"),
        ints: mask(state.locals, "int"),
        live: live[i]!,
        stackRefs: mask(state.operands, "ref"),
      };
    });
  }
}
