/**
 * Random programs whose methods use every place there is: up to six parameters, sixteen locals,
 * sixteen operands, constants of every size, and control that meets with operands on the stack.
 * Handlers span whole methods, so an access of null ends one.
 *
 * @module
 */
import { Random } from "../../util/random.ts";
import type { WantedKind } from "../bytecode/mod.ts";
import { firstOfLength, type RandomProgram } from "./random_program.ts";

type Type = "int" | "ref";

interface Signature {
  readonly name: string;
  readonly params: readonly Type[];
  readonly result: Type | "void";
  readonly kind: WantedKind;
}

const PARAMETERS = 6;
const LOCALS = 16;
const OPERANDS = 16;
/** Where encodings of constants change, in code and in maps. */
const CONSTANTS = [0, 1, -1, 127, -128, 4095, -4096, 65535, 65536, 8388607, 8388608]
  .concat([-8388608, -8388609, 2147483647, -2147483648]);

/** The program of a seed, of those that it leads to the first of the length asked for. */
export function wideProgram(
  seed: number,
  { kinds, steps }: {
    /** Kinds that methods are of, at random. */
    readonly kinds: readonly WantedKind[];
    /** Least and most steps of the reference interpreter. */
    readonly steps: readonly [number, number];
  },
): RandomProgram {
  const random = new Random(seed);
  return firstOfLength(steps, () => write(random, kinds));
}

function write(random: Random, kinds: readonly WantedKind[]): string {
  const types = ["int", "int", "ref"] as const;
  const all = Array.from({ length: random.between(3, 5) }, (_, i): Signature => ({
    name: `m${i}`,
    params: Array.from({ length: random.below(PARAMETERS + 1) }, () => random.pick(types)),
    result: random.pick(["int", "int", "ref", "void"]),
    kind: random.pick(kinds),
  }));
  const [first] = all as [Signature, ...Signature[]];
  const main = [
    "class Node refs 2 ints 2",
    `method main(): int ${random.pick(kinds)}`,
    ...first.params.map((type) => type === "int" ? `iconst ${random.below(200)}` : "new Node"),
    "invoke m0",
    ...first.result === "int" ? ["invoke print"] : first.result === "ref" ? ["pop"] : [],
    "iconst 0",
    "return_value",
    "end",
  ];
  const methods = all.map((signature, i) => new Method(random, signature, all.slice(i + 1)));
  return [...main, ...methods.flatMap((method) => method.write())].join("\n");
}

class Method {
  readonly #random: Random;
  readonly #signature: Signature;
  readonly #callees: readonly Signature[];
  readonly #locals: readonly Type[];
  readonly #lines: string[] = [];
  #assigned: Set<number>;
  /** Locals that count turns of the loops around. */
  readonly #counters = new Set<number>();
  #stack: Type[] = [];
  #labels = 0;
  #left: number;

  constructor(random: Random, signature: Signature, callees: readonly Signature[]) {
    this.#random = random;
    this.#signature = signature;
    this.#callees = callees;
    const { params } = signature;
    const others = random.below(LOCALS + 1 - params.length);
    this.#locals = [
      ...params,
      ...Array.from({ length: others }, () => random.pick(["int", "int", "ref"] as const)),
    ];
    this.#assigned = new Set(params.keys());
    this.#left = random.between(20, 100);
  }

  write(): string[] {
    const { name, params, result, kind } = this.#signature;
    this.#block(this.#left, 0);
    this.#end();
    const handler = this.#random.chance(0.8)
      ? [
        "to:",
        "pop",
        ...result === "int" ? ["iconst -7"] : result === "ref" ? ["null"] : [],
        result === "void" ? "return" : "return_value",
        `handler from to to ${this.#random.pick(["any", "NullPointer", "finally"])}`,
      ]
      : [];
    const names = this.#locals.slice(params.length).map((_, i) => `v${params.length + i}`);
    const type = result === "void" ? "" : `: ${result}`;
    return [
      `method ${name}(${params.map((each, i) => `${each} v${i}`).join(", ")})${type} ${kind}`,
      ...names.length > 0 ? [`local ${names.join(" ")}`] : [],
      "from:",
      ...this.#lines,
      ...handler,
      "end",
    ];
  }

  /** Leaves the result alone on the stack and returns. */
  #end(): void {
    const { result } = this.#signature;
    while (this.#stack.length > 1 || this.#stack.length === 1 && this.#stack[0] !== result) {
      if (this.#isOnTop("int", "int")) this.#two("xor");
      else this.#pop();
    }
    if (result !== "void" && this.#stack.length === 0) this.#push(result);
    this.#emit(result === "void" ? "return" : "return_value");
  }

  #emit(line: string): void {
    this.#lines.push(`  ${line}`);
  }

  #isOnTop(...types: readonly Type[]): boolean {
    const at = this.#stack.length - types.length;
    return at >= 0 && types.every((type, i) => this.#stack[at + i] === type);
  }

  #pop(): void {
    this.#emit("pop");
    this.#stack.pop();
  }

  #two(operation: string, result: Type = "int"): void {
    this.#emit(operation);
    this.#stack.splice(-2, 2, result);
  }

  #push(type: Type): void {
    const random = this.#random;
    const locals = [...this.#assigned].filter((i) => this.#locals[i] === type);
    if (locals.length > 0 && random.chance(0.7)) this.#emit(`load v${random.pick(locals)}`);
    else if (type === "int") this.#emit(`iconst ${random.pick(CONSTANTS)}`);
    else this.#emit(random.chance(0.7) ? "new Node" : "null");
    this.#stack.push(type);
  }

  /** Locals of a type that may be written. */
  #writable(type: Type): readonly number[] {
    return [...this.#locals.keys()].filter((i) =>
      this.#locals[i] === type && !this.#counters.has(i)
    );
  }

  #block(count: number, depth: number, floor = 0): void {
    for (let i = 0; i < count && this.#left > 0; i++, this.#left--) this.#step(depth, floor);
  }

  /** One thing, which leaves what is below the floor. */
  #step(depth: number, floor: number): void {
    const random = this.#random;
    const above = this.#stack.length - floor;
    const hasRoom = this.#stack.length < OPERANDS - 3;
    switch (random.below(16)) {
      case 0:
        if (above > 0 && hasRoom) {
          this.#emit("dup");
          this.#stack.push(this.#stack.at(-1)!);
        }
        return;
      case 1:
        if (above > 0) this.#pop();
        return;
      case 2:
      case 3:
      case 4:
        if (above < 2) return;
        if (this.#isOnTop("int", "int")) {
          this.#two(random.pick(["add", "sub", "mul", "and", "xor"]));
        } else if (this.#isOnTop("ref", "ref")) this.#two("same");
        return;
      case 5:
      case 6:
        return above > 0 ? this.#store() : undefined;
      case 7:
        return this.#increment();
      case 8:
        return this.#field(above);
      case 9:
        return this.#emit(random.pick(["nop", "poll"]));
      case 10:
        return depth < 3 && hasRoom ? this.#branch(depth) : undefined;
      case 11:
        return depth < 2 && hasRoom ? this.#loop(depth) : undefined;
      case 12:
        return this.#invoke();
      default:
        if (hasRoom) this.#push(random.pick(["int", "int", "ref"]));
    }
  }

  #store(): void {
    const locals = this.#writable(this.#stack.at(-1)!);
    if (locals.length === 0) return;
    const local = this.#random.pick(locals);
    this.#emit(`store v${local}`);
    this.#assigned.add(local);
    this.#stack.pop();
  }

  #increment(): void {
    const locals = this.#writable("int").filter((i) => this.#assigned.has(i));
    if (locals.length === 0) return;
    this.#emit(`inc v${this.#random.pick(locals)} ${this.#random.between(-128, 127)}`);
  }

  #field(above: number): void {
    const word = this.#random.below(2);
    if (above > 1 && this.#isOnTop("ref", "ref")) {
      this.#emit(`putr ${word}`);
      this.#stack.splice(-2);
    } else if (above > 1 && this.#isOnTop("ref", "int")) {
      this.#emit(`puti ${2 + word}`);
      this.#stack.splice(-2);
    } else if (above > 0 && this.#isOnTop("ref")) {
      const isRef = this.#random.chance(0.5);
      this.#emit(isRef ? `getr ${word}` : `geti ${2 + word}`);
      this.#stack.splice(-1, 1, isRef ? "ref" : "int");
    }
  }

  #invoke(): void {
    if (this.#callees.length === 0) return;
    const { name, params, result } = this.#random.pick(this.#callees);
    if (this.#stack.length + params.length >= OPERANDS) return;
    for (const type of params) this.#push(type);
    this.#stack.splice(this.#stack.length - params.length);
    this.#emit(`invoke ${name}`);
    if (result !== "void") this.#stack.push(result);
  }

  /** A block: the operands it leaves are taken off, the locals it has assigned may not be. */
  #nested(depth: number): void {
    const before = [...this.#stack], assigned = new Set(this.#assigned);
    this.#block(this.#random.between(1, 8), depth + 1, before.length);
    while (this.#stack.length > before.length) this.#pop();
    this.#assigned = assigned;
  }

  #condition(label: string): void {
    const isRef = this.#random.chance(0.4);
    if (isRef) this.#push("ref");
    else this.#push("int"), this.#push("int");
    const names = isRef ? ["if_null", "if_nonnull"] : ["if_lt", "if_eq", "if_ne"];
    this.#emit(`${this.#random.pick(names)} ${label}`);
    this.#stack.splice(isRef ? -1 : -2);
  }

  #branch(depth: number): void {
    const [other, end] = [`l${this.#labels++}`, `l${this.#labels++}`];
    this.#condition(other);
    this.#nested(depth);
    this.#emit(`goto ${end}`);
    this.#lines.push(`${other}:`);
    this.#nested(depth);
    this.#lines.push(`${end}:`);
  }

  #loop(depth: number): void {
    const counters = this.#writable("int");
    if (counters.length === 0) return;
    const counter = this.#random.pick(counters), label = `l${this.#labels++}`;
    this.#emit(`iconst ${this.#random.between(1, 3)}`);
    this.#emit(`store v${counter}`);
    this.#assigned.add(counter);
    this.#counters.add(counter);
    this.#lines.push(`${label}:`);
    this.#nested(depth);
    this.#counters.delete(counter);
    for (const line of [`inc v${counter} -1`, `load v${counter}`, "iconst 0", `if_ne ${label}`]) {
      this.#emit(line);
    }
  }
}
