/**
 * What may be written of a value.
 *
 * @module
 */
import { absenceOf } from "../types/absence.ts";
import { absenceText } from "./absence_text.ts";
import type { Value } from "../value/value.ts";

/** What is at an address: a function, a variable, or a class's table of virtual functions. */
export type AddressKind = "code" | "data" | "vtable";

/** Names what is at an address. */
export type NameOf = (address: bigint, what: AddressKind) => string | undefined;

/** How values are written. Limits are gdb's by default. */
export interface TextOptions {
  /** Most elements of arrays and characters of strings; default 200. */
  readonly elements?: number;
  /** How often an element is repeated before that is said in words; default 10. */
  readonly repeats?: number;
  /** Whether what a reference refers to is written; default true. */
  readonly references?: boolean;
  /** The name of the function, or of the variable, at an address, such as `function+4`. */
  readonly nameOf?: NameOf;
}

/** Writes a value. */
export type Writer = (value: Value, budget: Budget) => string;

/** Deepest nesting that is written. */
export const DEPTH = 20;
/** Most parts of one value that are written. */
export const VALUES = 10_000;
/** Most bytes of arrays that are looked through for repetitions. */
const COMPARED = 1 << 22;

/** What is left of the limits while a value is written. */
export class Budget {
  /** Most elements of one array or characters of one string. */
  readonly elements: number;
  /** How often an element is repeated before that is said. */
  readonly repeats: number;
  /** Whether what a reference refers to is written. */
  readonly followsReferences: boolean;
  /** How deep in structures and arrays. */
  readonly depth: number;
  /** Elements written so far, of all arrays in the value. */
  readonly written: { count: number; values: number; compared: number };
  readonly #write: Writer;
  #virtualBases: Set<string> = new Set();
  readonly #options: TextOptions;

  /** The limits of the options. */
  constructor(options: TextOptions, write: Writer, from?: Budget) {
    this.#options = options;
    this.#write = write;
    this.elements = options.elements ?? 200;
    this.repeats = options.repeats ?? 10;
    this.followsReferences = options.references ?? true;
    this.depth = from === undefined ? 0 : from.depth + 1;
    this.written = from?.written ?? { count: 0, values: 0, compared: 0 };
  }

  /** The same limits one level further in, for another object. */
  inside(): Budget {
    return new Budget(this.#options, this.#write, this);
  }

  /** The same limits one level further in, for a base class of the same object. */
  ofBase(): Budget {
    const inner = this.inside();
    inner.#virtualBases = this.#virtualBases;
    return inner;
  }

  /** Notes that a virtual base class is written; false if it has been for this object. */
  first(virtualBase: string): boolean {
    if (this.#virtualBases.has(virtualBase)) return false;
    this.#virtualBases.add(virtualBase);
    return true;
  }

  /** Whether one more element of so many bytes may be compared with the one before. */
  mayCompare(bytes: number): boolean {
    return (this.written.compared += bytes) < COMPARED;
  }

  /** A value as text; dots if enough has been written, or structures are too deep. */
  text(value: Value): string {
    if (this.depth > DEPTH || this.written.values++ > VALUES) return "{...}";
    try {
      return this.#write(value, this);
    } catch (error) {
      return absenceText(absenceOf(error));
    }
  }

  /** An address with the name of what is there. */
  address(address: bigint, what: AddressKind): string {
    const name = this.#options.nameOf?.(address, what);
    return `0x${address.toString(16)}${name === undefined ? "" : ` <${name}>`}`;
  }
}
