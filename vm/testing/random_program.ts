/**
 * Random programs in bytecode, as text. They end, and what they do is defined: fields are those of
 * objects that have them, and only `main` is sure to take every exception.
 *
 * @module
 */
import { Random } from "../../util/random.ts";
import { assemble, type VmProgram, WANTED_KINDS, type WantedKind } from "../bytecode/mod.ts";
import { Reference } from "../reference/mod.ts";

/** What a random program is made of. */
export interface RandomProgramOptions {
  /** Number of methods beside `main`; default 5. */
  readonly methods?: number;
  /** Kinds that methods are of, at random; default all. */
  readonly kinds?: readonly WantedKind[];
  /** Native functions that are called, beside upcalls; default none. */
  readonly natives?: readonly string[];
  /** How often `main` does the same; default 1. */
  readonly rounds?: number;
  /** Least and most steps of the reference interpreter; default 200 and 1500. */
  readonly steps?: readonly [number, number];
}

/** A program and its text. */
export interface RandomProgram {
  /** The text. */
  readonly text: string;
  /** The program. */
  readonly program: VmProgram;
}

/** The program of a seed: of those that it leads to, the first of the length asked for. */
export function randomProgram(seed: number, options: RandomProgramOptions = {}): RandomProgram {
  const random = new Random(seed);
  const [least, most] = options.steps ?? [200, 1500];
  for (;;) {
    const text = new ProgramWriter(random, options).write();
    const program = assemble(text);
    const steps = stepsOf(program, most);
    if (steps >= least && steps < most) return { text, program };
  }
}

/** Steps that the reference interpreter takes, at most so many. */
function stepsOf(program: VmProgram, most: number): number {
  const reference = new Reference(program);
  const [thread] = reference.threads;
  let steps = 0;
  while (steps < most && thread!.advance().length > 0) steps++;
  return steps;
}

/** Classes of objects; all have the same words: two references, two ints. */
const CLASSES = ["Node", "Pair", "Cell"];
const WORDS = { refs: [0, 1], ints: [2, 3] };

/** `any` is a reference to an object that need not have fields. */
type Type = "int" | "ref" | "any";

interface Signature {
  readonly name: string;
  readonly params: readonly Exclude<Type, "any">[];
  readonly result: "void" | "int" | "ref";
  readonly kind: WantedKind;
}

class ProgramWriter {
  readonly #random: Random;
  readonly #options: RandomProgramOptions;

  constructor(random: Random, options: RandomProgramOptions) {
    this.#random = random;
    this.#options = options;
  }

  write(): string {
    const random = this.#random;
    const { methods = 5, kinds = WANTED_KINDS, natives = [] } = this.#options;
    const signatures = Array.from({ length: methods }, (_, i): Signature => {
      // Native code can call those of one parameter and a result of its type.
      const isUpcall = i > 0 && random.chance(0.4);
      const type = random.pick(["int", "ref"] as const);
      return {
        name: `m${i}`,
        params: isUpcall
          ? [type]
          : Array.from({ length: random.below(7) }, () => random.pick(["int", "ref"] as const)),
        result: isUpcall ? type : random.pick(["void", "int", "ref"] as const),
        kind: random.pick(kinds),
      };
    });
    const main: Signature = { name: "main", params: [], result: "void", kind: random.pick(kinds) };
    const all = [main, ...signatures];
    return [
      ...CLASSES.map((name) => `class ${name} refs 2 ints 2`),
      ...all.map((signature, i) => {
        const callees = all.slice(i + 1);
        const { rounds = 1 } = this.#options;
        return new MethodWriter(random, signature, { callees, natives, all, rounds }).write();
      }),
    ].join("\n");
  }
}

interface Callees {
  readonly callees: readonly Signature[];
  readonly natives: readonly string[];
  readonly all: readonly Signature[];
  readonly rounds: number;
}

class MethodWriter {
  readonly #random: Random;
  readonly #signature: Signature;
  readonly #callees: Callees;
  readonly #lines: string[] = [];
  readonly #handlers: string[] = [];
  readonly #names: string[];
  /** What is known of the locals here. */
  #types: (Type | undefined)[];
  /** Locals that count turns, which nothing else may set. */
  #counters = 0;
  #labels = 0;
  #depth = 0;
  #calls = 0;

  constructor(random: Random, signature: Signature, callees: Callees) {
    this.#random = random;
    this.#signature = signature;
    this.#callees = callees;
    const { params } = signature;
    const count = 1 + random.below(5);
    this.#names = [
      ...params.map((_, i) => `p${i}`),
      ...Array.from({ length: count }, (_, i) => `v${i}`),
    ];
    this.#types = this.#names.map((_, i) => params[i]);
  }

  write(): string {
    const { name, params, result, kind } = this.#signature;
    const isMain = name === "main";
    if (isMain) {
      this.#emit(`iconst ${this.#callees.rounds}`);
      this.#emit("store round");
      this.#place("again");
      for (let i = 0; i < 3; i++) this.#guarded(() => this.#statements(3), "any");
      for (const line of ["inc round -1", "iconst 0", "load round", "if_lt again"]) {
        this.#emit(line);
      }
    } else this.#statements(2 + this.#random.below(4));
    if (result === "void") this.#emit("return");
    else {
      this.#value(result, 2);
      this.#emit("return_value");
    }
    const list = params.map((type, i) => `${type} p${i}`).join(", ");
    const locals = [
      ...this.#names.slice(params.length),
      ...Array.from({ length: this.#counters }, (_, i) => `c${i}`),
      ...isMain ? ["round"] : [],
    ];
    return [
      `method ${name}(${list}): ${result} ${kind}`,
      `  local ${locals.join(" ")}`,
      ...this.#lines,
      ...this.#handlers,
      "end",
    ].join("\n");
  }

  #emit(line: string): void {
    this.#lines.push(`  ${line}`);
  }

  #label(): string {
    return `l${this.#labels++}`;
  }

  #place(label: string): void {
    this.#lines.push(`${label}:`);
  }

  #statements(count: number): void {
    for (let i = 0; i < count; i++) this.#statement();
  }

  #statement(): void {
    const random = this.#random;
    const choice = random.below(this.#depth < 2 ? 14 : 8);
    switch (choice) {
      case 0:
      case 1:
      case 2:
        return this.#store();
      case 3:
        this.#object();
        this.#value("int", 1);
        return this.#emit(`puti ${random.pick(WORDS.ints)}`);
      case 4:
        this.#object();
        this.#value("ref", 1);
        return this.#emit(`putr ${random.pick(WORDS.refs)}`);
      case 5:
        return this.#increment();
      case 6:
        return this.#native();
      case 7: {
        this.#value(random.pick(["int", "ref"]), 2);
        return this.#emit("pop");
      }
      case 8:
      case 9:
        return this.#branch();
      case 10:
        return this.#loop();
      case 11:
      case 12:
        return this.#guarded(
          () => this.#statements(2),
          random.pick(["any", "Node", "NullPointer"]),
        );
      default:
        return this.#throw();
    }
  }

  #store(): void {
    const { length } = this.#signature.params;
    const free = this.#names.length;
    const index = this.#random.chance(0.8) ? this.#random.below(free) : length;
    const type = this.#random.pick(["int", "ref"] as const);
    this.#value(type, 3);
    this.#emit(`store ${this.#names[index]}`);
    this.#types[index] = type;
  }

  #increment(): void {
    const ints = this.#names.filter((_, i) => this.#types[i] === "int");
    if (ints.length > 0) {
      this.#emit(`inc ${this.#random.pick(ints)} ${this.#random.between(-9, 9)}`);
    } else this.#emit("nop");
  }

  #native(): void {
    const { natives, all } = this.#callees;
    if (natives.length === 0) {
      this.#value("int", 1);
      return this.#emit("invoke print");
    }
    const name = this.#random.pick(natives);
    const target = this.#random.pick(all).name;
    if (name === "print") this.#value("int", 1);
    if (name === "static_set") this.#value("ref", 1);
    if (name === "spin" || name === "sleep") this.#emit(`iconst ${this.#random.below(4)}`);
    if (name === "tier" || name === "move") this.#emit(`iconst @${target}`);
    if (name === "tier") this.#emit(`iconst ${this.#random.below(4)}`);
    this.#emit(`invoke ${name}`);
  }

  #branch(): void {
    const [other, end] = [this.#label(), this.#label()];
    this.#condition(other);
    const before = [...this.#types];
    this.#nested(() => this.#statements(1 + this.#random.below(2)));
    const taken = this.#types;
    this.#types = before;
    this.#emit(`goto ${end}`);
    this.#place(other);
    this.#nested(() => this.#statements(this.#random.below(2)));
    this.#join(taken);
    this.#place(end);
    this.#emit("nop");
  }

  #condition(label: string): void {
    if (this.#random.chance(0.3)) {
      this.#value("ref", 1);
      this.#emit(`${this.#random.pick(["if_null", "if_nonnull"])} ${label}`);
    } else {
      this.#value("int", 1);
      this.#value("int", 1);
      this.#emit(`${this.#random.pick(["if_lt", "if_eq", "if_ne"])} ${label}`);
    }
  }

  #loop(): void {
    if (this.#names.length + this.#counters >= 15) return this.#emit("nop");
    const counter = `c${this.#counters++}`;
    const label = this.#label();
    this.#emit(`iconst ${1 + this.#random.below(3)}`);
    this.#emit(`store ${counter}`);
    // What the turn before has done to the locals is not known where a turn begins.
    this.#types = this.#types.map((type, i) =>
      i < this.#signature.params.length ? type : undefined
    );
    const before = [...this.#types];
    this.#place(label);
    this.#nested(() => this.#withFixed(before, () => this.#statements(2)));
    this.#emit(`inc ${counter} -1`);
    // Sometimes operands are there at the poll.
    this.#emit("iconst 0");
    this.#emit(`load ${counter}`);
    this.#emit(`if_lt ${label}`);
  }

  /** In a loop locals that have a type keep it. */
  #withFixed(types: readonly (Type | undefined)[], action: () => void): void {
    action();
    const fixed = types.some((type, i) => type !== undefined && type !== this.#types[i]);
    if (!fixed) return;
    types.forEach((type, i) => {
      if (type === undefined || type === this.#types[i]) return;
      this.#emit(type === "int" ? `iconst ${i}` : "null");
      this.#emit(`store ${this.#names[i]}`);
      this.#types[i] = type;
    });
  }

  #guarded(action: () => void, type: string): void {
    const [from, to, target, end] = Array.from({ length: 4 }, () => this.#label());
    const before = [...this.#types];
    const at = this.#handlers.length;
    this.#place(from!);
    this.#emit("nop");
    const kept = new Set<number>();
    this.#nested(() => {
      const lines = this.#lines.length;
      action();
      // Where an exception comes from is not known: a local that was stored to has no type then.
      for (const line of this.#lines.slice(lines)) {
        const stored = /^ {2}store (.*)$/.exec(line)?.[1];
        if (stored !== undefined) kept.add(this.#names.indexOf(stored));
      }
    });
    const after = this.#types;
    this.#emit(`goto ${end}`);
    this.#place(to!);
    this.#place(target!);
    this.#types = before.map((each, i) => kept.has(i) ? undefined : each);
    this.#caught();
    this.#join(after);
    this.#place(end!);
    this.#emit("nop");
    // Inner ones come first.
    this.#handlers.splice(
      Math.max(at, this.#handlers.length),
      0,
      `  handler ${from} ${to} ${target} ${type}`,
    );
  }

  #caught(): void {
    const index = this.#random.below(this.#names.length);
    if (this.#random.chance(0.5) && index >= this.#signature.params.length) {
      this.#emit(`store ${this.#names[index]}`);
      this.#types[index] = "any";
    } else this.#emit("pop");
    this.#nested(() => this.#statements(1));
  }

  #throw(): void {
    const end = this.#label();
    this.#condition(end);
    const any = this.#names.filter((_, i) => this.#types[i] === "any");
    if (any.length > 0 && this.#random.chance(0.5)) this.#emit(`load ${this.#random.pick(any)}`);
    else this.#value("ref", 1);
    this.#emit("throw");
    this.#place(end);
    this.#emit("nop");
  }

  #nested(action: () => void): void {
    this.#depth++;
    action();
    this.#depth--;
  }

  #join(other: readonly (Type | undefined)[]): void {
    this.#types = this.#types.map((type, i) => type === other[i] ? type : undefined);
  }

  /** A reference to an object, most of the time. */
  #object(): void {
    if (this.#random.chance(0.5)) this.#emit(`new ${this.#random.pick(CLASSES)}`);
    else this.#value("ref", 1);
  }

  #value(type: "int" | "ref", depth: number): void {
    const random = this.#random;
    if (depth > 0 && random.chance(0.6) && this.#compute(type, depth)) return;
    const locals = this.#names.filter((_, i) => this.#types[i] === type);
    if (locals.length > 0 && random.chance(0.8)) return this.#emit(`load ${random.pick(locals)}`);
    if (type === "int") return this.#emit(`iconst ${random.between(-100, 100)}`);
    if (this.#callees.natives.includes("static_set") && random.chance(0.2)) {
      return this.#emit("invoke static_get");
    }
    this.#emit(random.chance(0.15) ? "null" : `new ${random.pick(CLASSES)}`);
  }

  #compute(type: "int" | "ref", depth: number): boolean {
    const random = this.#random;
    switch (random.below(5)) {
      case 0:
        this.#object();
        this.#emit(
          type === "int" ? `geti ${random.pick(WORDS.ints)}` : `getr ${random.pick(WORDS.refs)}`,
        );
        return true;
      case 1:
        return this.#upcall(type, depth);
      case 2:
      case 3:
        return this.#call(type, depth);
    }
    if (type === "ref") {
      this.#value("ref", 0);
      this.#emit("dup");
      this.#emit("pop");
      return true;
    }
    if (random.chance(0.2)) {
      this.#value("ref", depth - 1);
      this.#value("ref", depth - 1);
      this.#emit("same");
      return true;
    }
    this.#value("int", depth - 1);
    this.#value("int", depth - 1);
    this.#emit(random.pick(["add", "sub", "mul", "and", "xor"]));
    return true;
  }

  #call(type: "int" | "ref", depth: number): boolean {
    const fitting = this.#callees.callees.filter(({ result }) => result === type);
    if (fitting.length === 0 || this.#calls >= 4) return false;
    this.#calls++;
    const { name, params } = this.#random.pick(fitting);
    for (const param of params) this.#value(param, depth - 1 > 0 ? 1 : 0);
    this.#emit(`invoke ${name}`);
    return true;
  }

  #upcall(type: "int" | "ref", depth: number): boolean {
    const fitting = this.#callees.callees.filter(({ result, params }) =>
      result === type && params.length === 1 && params[0] === type
    );
    if (fitting.length === 0 || this.#calls >= 4) return false;
    this.#calls++;
    this.#emit(`iconst @${this.#random.pick(fitting).name}`);
    this.#value(type, depth - 1 > 0 ? 1 : 0);
    this.#emit(`invoke ${type === "ref" ? "upcall_ref" : this.#random.pick(["upcall", "blind"])}`);
    return true;
  }
}
