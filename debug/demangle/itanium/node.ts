/**
 * What a demangled name consists of, and its text as it grows. A type of C++ is written around what
 * it declares, so each part prints in two halves: `int (*` and `) [3]`.
 *
 * @module
 */
import { fail } from "../failure.ts";
import { DEEPEST, LONGEST_TEXT, MOST_STEPS } from "../limits.ts";

/** What a type is, as far as pointers to it must know. */
export type Shape = "function" | "array" | "other";

/** A part of a name. */
export abstract class Node {
  /** Prints what stands before the declared name. */
  protected abstract printLeft(out: Output): void;

  /** Prints what stands behind it. */
  protected printRight(_out: Output): void {}

  /** What a pointer to this is written around. */
  shape(_out: Output): Shape {
    return "other";
  }

  /** Whether anything is printed behind the declared name, to be asked once. */
  protected hasSuffix(out: Output): boolean {
    return this.shape(out) !== "other";
  }

  /** Prints what stands before the declared name, within the bounds. */
  left(out: Output): void {
    out.enter();
    this.printLeft(out);
    out.leave();
  }

  /** Prints what stands behind it, within the bounds. */
  right(out: Output): void {
    out.enter();
    this.printRight(out);
    out.leave();
  }

  /** Whether anything is printed behind the declared name. */
  hasRight(out: Output): boolean {
    out.enter();
    const has = this.hasSuffix(out);
    out.leave();
    return has;
  }

  /** Parts in which parameter packs are looked for. */
  parts(): readonly Node[] {
    return NONE;
  }

  /** Whether it stands in an expression without parentheses. */
  get isSimple(): boolean {
    return false;
  }

  /** Name that constructors and destructors of this take. */
  get baseName(): Node {
    return this;
  }

  /** Whether a template of it tells no return type: constructors, destructors, conversions. */
  get hasNoReturnType(): boolean {
    return false;
  }

  /** Prints it whole. */
  print(out: Output): void {
    this.left(out);
    this.right(out);
  }
}

const NONE: readonly Node[] = [];

/** Template arguments that parameters stand for, and those of the templates around. */
export interface Scope {
  /** Arguments of the innermost template. */
  readonly args: readonly Node[];
  /** Scope its arguments were written in. */
  readonly outer: Scope | undefined;
}

/** Collects text; gives up when a bound is passed. */
export class Output {
  /** What was printed. */
  text = "";
  /** Last character added, even if it was taken back. */
  last = "";
  /** Which element of a parameter pack is printed; -1 for all of them. */
  packIndex = -1;
  /** Arguments of the templates around. */
  scope: Scope | undefined;
  /** Arguments of the template whose name is being printed. */
  naming: readonly Node[] | undefined;
  /** Names of the template parameters of the lambda whose parameters are printed. */
  lambda: readonly string[] | undefined;
  #depth = 0;
  #steps = 0;

  /** Adds text. */
  add(text: string): void {
    if (text === "") return;
    this.text += text;
    this.last = text.charAt(text.length - 1);
    if (this.text.length > LONGEST_TEXT) fail();
  }

  /** Counts one part that is looked at. */
  step(): void {
    if (++this.#steps > MOST_STEPS) fail();
  }

  /** Begins a part. */
  enter(): void {
    this.step();
    if (++this.#depth > DEEPEST) fail();
  }

  /** Ends a part. */
  leave(): void {
    this.#depth--;
  }

  /** Does something in another scope. */
  within<T>(scope: Scope | undefined, action: () => T): T {
    const before = this.scope;
    this.scope = scope;
    this.enter();
    const result = action();
    this.leave();
    this.scope = before;
    return result;
  }

  /**
   * Prints parts with commas between. As the tools of the GNU project do, a part that prints nothing
   * (an empty pack) loses its comma only at the end of the list.
   */
  list(nodes: readonly Node[]): void {
    const first = nodes[0];
    if (first === undefined) return;
    first.print(this);
    const before: string[] = [];
    const after: number[] = [];
    for (let i = 1; i < nodes.length; i++) {
      before.push(this.text);
      this.add(", ");
      after.push(this.text.length);
      nodes[i]!.print(this);
    }
    while (after.length > 0 && this.text.length === after.pop()) this.text = before.pop()!;
  }
}
