/**
 * Parts of names that are a mere text, or lists of others, and template parameters.
 *
 * @module
 */
import { fail } from "../failure.ts";
import { Node, type Output, type Scope, type Shape } from "./node.ts";

/** A name as it is written. */
export class Name extends Node {
  /** Of that text. */
  constructor(readonly text: string) {
    super();
  }

  protected override printLeft(out: Output): void {
    out.add(this.text);
  }

  override get isSimple(): boolean {
    return true;
  }
}

/** How numbers of a type are written. */
export type Suffix = "" | "u" | "l" | "ul" | "ll" | "ull" | "bool" | "float" | undefined;

/** A built-in type. */
export class Builtin extends Node {
  /** Of that name; numbers of it are written with that suffix, or with a cast if there is none. */
  constructor(readonly text: string, readonly suffix?: Suffix) {
    super();
  }

  protected override printLeft(out: Output): void {
    out.add(this.text);
  }
}

/** A text in front of a part: `vtable for A`. */
export class Prefixed extends Node {
  /** That text before that part. */
  constructor(readonly text: string, readonly part: Node) {
    super();
  }

  protected override printLeft(out: Output): void {
    out.add(this.text);
    this.part.print(out);
  }

  override parts(): readonly Node[] {
    return [this.part];
  }
}

/** A part and a text behind it. */
export class Suffixed extends Node {
  /** That text behind that part. */
  constructor(readonly part: Node, readonly text: string) {
    super();
  }

  protected override printLeft(out: Output): void {
    this.part.print(out);
    out.add(this.text);
  }

  override parts(): readonly Node[] {
    return [this.part];
  }

  override get baseName(): Node {
    return this.part.baseName;
  }

  override get hasNoReturnType(): boolean {
    return this.part.hasNoReturnType;
  }

  override get isSimple(): boolean {
    return this.part.isSimple;
  }
}

/** Two parts with a text between: `A-in-B`. */
export class Joined extends Node {
  /** Both parts. */
  constructor(readonly first: Node, readonly between: string, readonly second: Node) {
    super();
  }

  protected override printLeft(out: Output): void {
    this.first.print(out);
    out.add(this.between);
    this.second.print(out);
  }

  override parts(): readonly Node[] {
    return [this.first, this.second];
  }
}

/** Parts with commas between. */
export class List extends Node {
  /** Of these parts. */
  constructor(readonly nodes: readonly Node[], readonly before = "", readonly after = "") {
    super();
  }

  protected override printLeft(out: Output): void {
    out.add(this.before);
    out.list(this.nodes);
    out.add(this.after);
  }

  override parts(): readonly Node[] {
    return this.nodes;
  }
}

/** Template arguments that one parameter pack stands for. */
export class Pack extends List {}

/** A template parameter: it prints the argument that the scope has for it. */
export class Parameter extends Node {
  /** Parameter of that number, of the innermost template that is in scope. */
  constructor(readonly index: number) {
    super();
  }

  /** The argument; gives up if there is none. */
  argument(scope: Scope | undefined): Node {
    const found = scope?.args[this.index];
    return found ?? fail();
  }

  /** The argument, or the element of it that is being printed. Gives up if there is none. */
  element(out: Output, scope: Scope | undefined): Node {
    const found = this.argument(scope);
    if (!(found instanceof Pack) || out.packIndex < 0) return found;
    return found.nodes[out.packIndex] ?? fail();
  }

  /** Asks the argument, in the scope it was written in. */
  #ask<T>(out: Output, ask: (argument: Node) => T): T {
    out.step();
    const { scope } = out;
    const found = this.element(out, scope);
    return out.within(scope?.outer, () => ask(found));
  }

  protected override printLeft(out: Output): void {
    // A lambda's own parameters have no arguments, and most of them no declaration.
    if (out.lambda !== undefined) out.add(out.lambda[this.index] ?? `auto:${this.index + 1}`);
    else this.#ask(out, (argument) => argument.left(out));
  }

  protected override printRight(out: Output): void {
    if (out.lambda === undefined) this.#ask(out, (argument) => argument.right(out));
  }

  override shape(out: Output): Shape {
    return out.lambda !== undefined ? "other" : this.#ask(out, (argument) => argument.shape(out));
  }

  protected override hasSuffix(out: Output): boolean {
    return out.lambda === undefined && this.#ask(out, (argument) => argument.hasRight(out));
  }
}

/**
 * The parameter pack that an expansion is over; undefined if it is over none, or over packs of
 * function parameters only.
 */
export function packIn(node: Node, out: Output): Pack | undefined {
  if (node instanceof Parameter) {
    const found = node.argument(out.scope);
    return found instanceof Pack ? found : undefined;
  }
  out.enter();
  let found: Pack | undefined;
  for (const part of node.parts()) {
    found = packIn(part, out);
    if (found !== undefined) break;
  }
  out.leave();
  return found;
}
