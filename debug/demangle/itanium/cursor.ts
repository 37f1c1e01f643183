/**
 * Numbers and names in the mangled text, and the parts that later ones may refer to.
 *
 * @module
 */
import { attempt, fail } from "../failure.ts";
import { Letters } from "../letters.ts";
import { DEEPEST } from "../limits.ts";
import type { Node } from "./node.ts";

/** Reads letters, numbers and references. */
export class Cursor extends Letters {
  /** Parts that `S_`, `S0_`, … stand for. */
  protected readonly substitutions: Node[] = [];

  /** At the beginning of a text. */
  constructor(text: string) {
    super(text, DEEPEST);
  }

  /** What `read` gives; if that is undefined, or it gives up, everything is as before. */
  protected maybe<T>(read: () => T | undefined): T | undefined {
    const { at, depth } = this;
    const known = this.substitutions.length;
    const result = attempt(read);
    if (result !== undefined) return result;
    this.at = at;
    this.depth = depth;
    this.substitutions.length = known;
    return undefined;
  }

  /** Makes a part one that can be referred to. */
  protected remember<T extends Node>(node: T): T {
    this.substitutions.push(node);
    return node;
  }

  /** Digits, as they stand there. */
  protected digits(): string {
    const from = this.at;
    while (isDigit(this.peek())) this.at++;
    return this.text.slice(from, this.at);
  }

  /** A number without a sign. */
  protected number(): number {
    const value = Number(this.digits() || fail());
    return value <= 0x7fffffff ? value : fail();
  }

  /** A number that may begin with `n` for minus, as it is written. */
  protected signed(): string {
    const sign = this.take("n") ? "-" : "";
    return sign + (this.digits() || fail());
  }

  /** `_` is 0, `0_` is 1, … */
  protected compact(): number {
    if (this.take("_")) return 0;
    const value = this.number();
    this.expect("_");
    return value + 1;
  }

  /** A name of so many characters as the number before it says. */
  protected identifier(): string {
    const length = this.number();
    const end = this.at + length;
    if (length === 0 || end > this.text.length) fail();
    const name = this.text.slice(this.at, end);
    this.at = end;
    return /^_GLOBAL_[._$]N/.test(name) ? "(anonymous namespace)" : name;
  }

  /** What tells apart local names that are the same. */
  protected discriminator(): void {
    if (!this.take("_")) return;
    const isLong = this.take("_");
    const value = this.number();
    if (isLong && value >= 10) this.expect("_");
  }
}

/** Whether it is a decimal digit. */
export function isDigit(letter: string): boolean {
  return letter >= "0" && letter <= "9";
}

/** Whether it is a small letter. */
export function isLower(letter: string): boolean {
  return letter >= "a" && letter <= "z";
}

/** Whether it is a capital letter. */
export function isUpper(letter: string): boolean {
  return letter >= "A" && letter <= "Z";
}
