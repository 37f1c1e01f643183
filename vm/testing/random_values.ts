/**
 * Values in random methods: what pushes one of a type onto the operand stack.
 *
 * @module
 */
import type { Random } from "../../util/random.ts";
import type { WantedKind } from "../bytecode/mod.ts";

/** Classes of objects; all have the same words: two references, two ints. */
export const CLASSES = ["Node", "Pair", "Cell"];
/** Their words. */
export const WORDS = { refs: [0, 1], ints: [2, 3] };

/** `any` is a reference to an object that need not have fields. */
export type Type = "int" | "ref" | "any";

/** What other methods know of a method. */
export interface Signature {
  /** Its name. */
  readonly name: string;
  /** Types of its parameters. */
  readonly params: readonly Exclude<Type, "any">[];
  /** What it returns. */
  readonly result: "void" | "int" | "ref";
  /** What it is to run as. */
  readonly kind: WantedKind;
}

/** What a method may call. */
export interface Callees {
  /** Methods that come after it, so that calls end. */
  readonly callees: readonly Signature[];
  /** Native functions. */
  readonly natives: readonly string[];
  /** All methods, whose code may be moved and replaced. */
  readonly all: readonly Signature[];
  /** How often `main` does the same. */
  readonly rounds: number;
}

/** Writes bytecodes that push values. */
export class ValueWriter {
  protected readonly random: Random;
  protected readonly signature: Signature;
  protected readonly callees: Callees;
  protected readonly lines: string[] = [];
  protected readonly names: string[];
  /** What is known of the locals here. */
  protected types: (Type | undefined)[];
  protected labels = 0;
  protected depth = 0;
  protected calls = 0;

  constructor(random: Random, signature: Signature, callees: Callees) {
    this.random = random;
    this.signature = signature;
    this.callees = callees;
    const { params } = signature;
    const count = 1 + random.below(5);
    this.names = [
      ...params.map((_, i) => `p${i}`),
      ...Array.from({ length: count }, (_, i) => `v${i}`),
    ];
    this.types = this.names.map((_, i) => params[i]);
  }

  protected emit(line: string): void {
    this.lines.push(`  ${line}`);
  }

  protected label(): string {
    return `l${this.labels++}`;
  }

  protected place(label: string): void {
    this.lines.push(`${label}:`);
  }

  /** A reference to an object, most of the time. */
  protected object(): void {
    if (this.random.chance(0.5)) this.emit(`new ${this.random.pick(CLASSES)}`);
    else this.value("ref", 1);
  }

  protected value(type: "int" | "ref", depth: number): void {
    const random = this.random;
    if (depth > 0 && random.chance(0.6) && this.compute(type, depth)) return;
    const locals = this.names.filter((_, i) => this.types[i] === type);
    if (locals.length > 0 && random.chance(0.8)) return this.emit(`load ${random.pick(locals)}`);
    if (type === "int") return this.emit(`iconst ${random.between(-100, 100)}`);
    if (this.callees.natives.includes("static_set") && random.chance(0.2)) {
      return this.emit("invoke static_get");
    }
    this.emit(random.chance(0.15) ? "null" : `new ${random.pick(CLASSES)}`);
  }

  protected compute(type: "int" | "ref", depth: number): boolean {
    const random = this.random;
    switch (random.below(5)) {
      case 0:
        this.object();
        this.emit(
          type === "int" ? `geti ${random.pick(WORDS.ints)}` : `getr ${random.pick(WORDS.refs)}`,
        );
        return true;
      case 1:
        return this.upcall(type, depth);
      case 2:
      case 3:
        return this.call(type, depth);
    }
    if (type === "ref") {
      this.value("ref", 0);
      this.emit("dup");
      this.emit("pop");
      return true;
    }
    if (random.chance(0.2)) {
      this.value("ref", depth - 1);
      this.value("ref", depth - 1);
      this.emit("same");
      return true;
    }
    this.value("int", depth - 1);
    this.value("int", depth - 1);
    this.emit(random.pick(["add", "sub", "mul", "and", "xor"]));
    return true;
  }

  protected call(type: "int" | "ref", depth: number): boolean {
    const fitting = this.callees.callees.filter(({ result }) => result === type);
    if (fitting.length === 0 || this.calls >= 4) return false;
    this.calls++;
    const { name, params } = this.random.pick(fitting);
    for (const param of params) this.value(param, depth - 1 > 0 ? 1 : 0);
    this.emit(`invoke ${name}`);
    return true;
  }

  protected upcall(type: "int" | "ref", depth: number): boolean {
    const fitting = this.callees.callees.filter(({ result, params }) =>
      result === type && params.length === 1 && params[0] === type
    );
    if (fitting.length === 0 || this.calls >= 4) return false;
    this.calls++;
    this.emit(`iconst @${this.random.pick(fitting).name}`);
    this.value(type, depth - 1 > 0 ? 1 : 0);
    this.emit(`invoke ${type === "ref" ? "upcall_ref" : this.random.pick(["upcall", "blind"])}`);
    return true;
  }
}
