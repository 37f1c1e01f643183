/**
 * One walk against one state of the reference interpreter.
 *
 * @module
 */
import {
  type Activation,
  activations,
  positionAt,
  type ThreadState,
  type Value,
} from "../reference/mod.ts";
import type { Identities } from "./identities.ts";
import {
  isManaged,
  type ObservedFrame,
  type ObservedStack,
  type ObservedVariable,
} from "./observed.ts";

/**
 * The first difference between a walk and a state, in words; undefined if there is none. Frames of
 * methods must be those of the state, with their bytecodes and all values; between two of them there
 * may be an adapter, or the frames of a native function if one has called.
 */
export function difference(
  stack: ObservedStack,
  state: ThreadState,
  identities: Identities,
): string | undefined {
  identities.begin();
  const found = new Comparison(stack, state, identities).run();
  if (found === undefined) identities.keep();
  return found;
}

class Comparison {
  readonly #stack: ObservedStack;
  readonly #state: ThreadState;
  readonly #identities: Identities;

  constructor(stack: ObservedStack, state: ThreadState, identities: Identities) {
    this.#stack = stack;
    this.#state = state;
    this.#identities = identities;
  }

  run(): string | undefined {
    const { frames, error } = this.#stack;
    if (error !== undefined) return `the walk ended: ${error}`;
    let inner: Activation | null = null;
    let expected = this.#state.top;
    let between: ObservedFrame[] = [];
    let innerKind: string | undefined;
    for (const frame of frames) {
      if (!isManaged(frame)) {
        between.push(frame);
        continue;
      }
      if (expected === null) return `${frame.name} is there, no frame should be`;
      const wrong = this.#frame(frame, expected) ??
        this.#between(between, { inner, innerKind, outer: expected, outerKind: frame.kind });
      if (wrong !== undefined) return wrong;
      inner = expected;
      innerKind = frame.kind;
      between = [];
      expected = expected.caller;
    }
    if (expected === null) return undefined;
    return `${expected.method.name} at ${expected.bci} is not there`;
  }

  #frame(frame: ObservedFrame, activation: Activation): string | undefined {
    const { method, bci, phase } = activation;
    const where = `${method.name} at ${bci}, ${phase}`;
    // An interpreter that leaves a method may have forgotten where it was.
    const isRight = frame.bci === bci || frame.bci === undefined && phase === "leaving";
    if (frame.method !== method.id || !isRight) {
      return `${frame.name} at ${frame.bci}, expected ${where}`;
    }
    const wrong = this.#variables(frame, activation);
    return wrong === undefined ? undefined : `${where}: ${wrong}`;
  }

  #variables(frame: ObservedFrame, activation: Activation): string | undefined {
    const { method, phase, operands } = activation;
    const locals = new Array<ObservedVariable | undefined>(method.locals.length);
    const stack: ObservedVariable[] = [];
    let result: ObservedVariable | undefined;
    for (const variable of frame.variables) {
      if (variable.role === "operand") stack[variable.index] = variable;
      else if (variable.role === "result") result = variable;
      else locals[variable.index] = variable;
    }
    for (const [i, name] of method.locals.entries()) {
      const variable = locals[i];
      if (variable === undefined) return `${name} is not shown`;
      if (variable.name !== name) return `${name} is shown as ${variable.name}`;
      const isParameter = i < method.params.length;
      if (isParameter !== (variable.role === "parameter")) return `${name} is a ${variable.role}`;
      const wrong = phase === "leaving"
        ? this.#absent(variable, "gone")
        : this.#local(frame, activation, variable);
      if (wrong !== undefined) return `${name} ${wrong}`;
    }
    if (stack.length !== operands.length) {
      return `${stack.length} operands, expected ${operands.length}`;
    }
    for (const [i, value] of operands.entries()) {
      const wrong = this.#value(stack[i], value);
      if (wrong !== undefined) return `operand ${i} ${wrong}`;
    }
    return this.#result(result, activation);
  }

  #local(
    { kind }: ObservedFrame,
    { method, bci, locals }: Activation,
    variable: ObservedVariable,
  ): string | undefined {
    const { refs, ints, live } = positionAt(method, bci);
    const bit = 1 << variable.index;
    const value = locals[variable.index];
    if ((refs & bit) !== 0 && (live & bit) !== 0) return this.#value(variable, value);
    if ((ints & bit) === 0) return this.#absent(variable, "dead");
    const mayLack = kind === "optimized" && (live & bit) === 0;
    if (mayLack && variable.absence === "optimized-out") return undefined;
    return this.#value(variable, value);
  }

  #result(
    variable: ObservedVariable | undefined,
    { phase, result, method }: Activation,
  ): string | undefined {
    if (phase === "returned" || phase === "leaving" && method.result !== "void") {
      if (result === undefined) return variable === undefined ? undefined : "a result is shown";
      // The instructions of a return that come before its result is in place do not show it.
      if (variable === undefined && phase === "leaving") return undefined;
      const wrong = this.#value(variable, result);
      return wrong === undefined ? undefined : `result ${wrong}`;
    }
    return variable === undefined ? undefined : "a result is shown";
  }

  #absent({ absence, value }: ObservedVariable, expected: string): string | undefined {
    if (value === undefined && absence === expected) return undefined;
    return `is ${shown(value) ?? absence}, expected ${expected}`;
  }

  #value(variable: ObservedVariable | undefined, expected: Value | undefined): string | undefined {
    if (variable === undefined) return "is not shown";
    const { value, absence, type } = variable;
    if (value === undefined) return `is ${absence}, expected ${valueText(expected)}`;
    if (typeof expected === "bigint") {
      const right = type === "int" && BigInt.asIntN(64, value) === expected;
      return right ? undefined : `is ${type} ${shown(value)}, expected ${valueText(expected)}`;
    }
    if (type !== "ref") return `is ${type}, expected ref`;
    if (expected === null || expected === undefined) {
      return value === 0n ? undefined : `is ${shown(value)}, expected ${valueText(expected)}`;
    }
    const object = value === 0n ? undefined : this.#stack.object(value);
    if (object !== undefined && this.#identities.same(object, expected)) return undefined;
    const is = object === undefined ? shown(value) : `object ${object.id} of class ${object.class}`;
    return `is ${is}, expected ${valueText(expected)}`;
  }

  /** What stands between two frames of methods, or inside of the innermost. */
  #between(
    frames: readonly ObservedFrame[],
    { inner, innerKind, outer, outerKind }: {
      readonly inner: Activation | null;
      readonly innerKind: string | undefined;
      readonly outer: Activation;
      readonly outerKind: string;
    },
  ): string | undefined {
    // From the outermost on: who has called native code, what native code has called.
    let { args } = outer;
    for (const frame of frames.toReversed()) {
      if (frame.kind !== "adapter" && frame.kind !== "native-stub") continue;
      if (frame.method === undefined) args = args.slice(1);
      const wrong = this.#handedOver(frame, outer, args);
      if (wrong !== undefined) return `${frame.kind} ${frame.name}: ${wrong}`;
    }
    if (inner === null) {
      // What the native function does, others may see before it returns.
      const isInNative = frames.some(({ kind, method }) =>
        kind === "native-stub" && method !== undefined
      );
      if (!isInNative || outer.phase !== "at") return undefined;
      return `${outer.method.name} at ${outer.bci} has called a native function`;
    }
    const kinds = frames.map(({ kind }) => kind);
    if (inner.viaNative) {
      const stubs = kinds.filter((kind) => kind === "native-stub").length;
      if (stubs === 2) return undefined;
      return `${stubs} native stubs between ${inner.method.name} and ${outer.method.name}`;
    }
    const adapters = innerKind === outerKind ? 0 : 1;
    if (kinds.length === adapters && kinds.every((kind) => kind === "adapter")) return undefined;
    return `between ${innerKind} ${inner.method.name} and ${outerKind} ${outer.method.name}: ` +
      `${kinds.join(", ") || "nothing"}`;
  }

  /** What an adapter or a stub shows of the values that it passes on. */
  #handedOver(
    { variables, method }: ObservedFrame,
    { phase, result }: Activation,
    args: readonly Value[],
  ): string | undefined {
    if (phase !== "calling" && phase !== "returned" || method === undefined) return undefined;
    for (const variable of variables) {
      const isResult = variable.role === "result";
      if (variable.value === undefined || isResult && result === undefined) continue;
      const wrong = this.#value(variable, isResult ? result : args[variable.index]);
      if (wrong !== undefined) return `${variable.name} ${wrong}`;
    }
    return undefined;
  }
}

function shown(value: bigint | undefined): string | undefined {
  return value === undefined ? undefined : `0x${value.toString(16)}`;
}

/** A value of the reference interpreter in words. */
export function valueText(value: Value | undefined): string {
  if (typeof value === "bigint") return String(value);
  if (value === undefined) return "nothing";
  return value === null ? "null" : `${value.class.name} #${value.serial}`;
}

/** A state in words, a line for each activation. */
export function stateText({ top, seen, native }: ThreadState): string {
  const lines = Array.from(activations(top), (each) => {
    const { method, bci, phase, locals, operands, result } = each;
    const values = method.locals.map((name, i) => `${name} ${valueText(locals[i])}`).join(", ");
    const stack = operands.map(valueText).join(" ");
    const pending = result === undefined ? "" : ` result ${valueText(result)}`;
    return `${method.name}+${bci} ${phase} ${values} (${stack})${pending}`;
  });
  const end = native === null ? seen : `${seen}, native function ${native.number}`;
  return [...lines, `[${end}]`].join("\n");
}
