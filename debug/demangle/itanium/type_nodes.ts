/**
 * Types that are written around what they declare.
 *
 * @module
 */
import { Node, type Output, type Scope, type Shape } from "./node.ts";
import { packIn, Parameter } from "./parts.ts";

/** A node, and the scope it is to be printed in. */
interface Resolved {
  readonly node: Node;
  readonly scope: Scope | undefined;
}

/** What a type is when it is a template parameter: its argument. */
function resolved(node: Node, out: Output, scope: Scope | undefined): Resolved {
  let found: Resolved = { node, scope };
  while (found.node instanceof Parameter && out.lambda === undefined) {
    out.step();
    const { scope: inner } = found;
    found = { node: found.node.element(out, inner), scope: inner?.outer };
  }
  return found;
}

/** A type with `const`, `volatile`, `restrict`, `_Complex` or a vendor's qualifier behind it. */
export class Qualified extends Node {
  /** One qualifier; some have a part of their own behind their name. */
  constructor(readonly type: Node, readonly qualifier: string, readonly args?: Node) {
    super();
  }

  protected override printLeft(out: Output): void {
    const { base, qualified, qualifiers } = this.#chain(out);
    out.within(qualified.scope, () => qualified.node.left(out));
    if (shapeOf(base, out) === "function") out.add("(");
    for (const each of qualifiers) {
      out.add(` ${each.qualifier}`);
      each.args?.print(out);
    }
  }

  protected override printRight(out: Output): void {
    const { base } = this.#chain(out);
    if (shapeOf(base, out) === "function") out.add(")");
    out.within(base.scope, () => base.node.right(out));
  }

  override shape(out: Output): Shape {
    const shape = shapeOf(this.#chain(out).base, out);
    return shape === "function" ? "other" : shape;
  }

  protected override hasSuffix(out: Output): boolean {
    const { base } = this.#chain(out);
    return out.within(base.scope, () => base.node.hasRight(out));
  }

  override parts(): readonly Node[] {
    return this.args === undefined ? [this.type] : [this.type, this.args];
  }

  /**
   * The type without its qualifiers, what they stand behind, and the qualifiers as they are printed.
   * Those of an array are its elements'. One that an argument brings along is not told twice.
   */
  #chain(out: Output): {
    readonly base: Resolved;
    readonly qualified: Resolved;
    readonly qualifiers: readonly Qualified[];
  } {
    let qualifiers: Qualified[] = [this];
    let base: Resolved | undefined;
    let at = resolved(this.type, out, out.scope);
    while (true) {
      const { node } = at;
      if (node instanceof Qualified) {
        const isKnown = node.args === undefined &&
          qualifiers.some((each) => each.qualifier === node.qualifier);
        if (!isKnown) qualifiers.unshift(node);
      } else {
        base ??= at;
        if (!(node instanceof ArrayType)) break;
        qualifiers = qualifiers.reverse();
      }
      at = resolved(node.type, out, at.scope);
      out.step();
    }
    return { base, qualified: at, qualifiers };
  }
}

function shapeOf({ node, scope }: Resolved, out: Output): Shape {
  return out.within(scope, () => node.shape(out));
}

/** Characters behind which `(` of a pointer to a function needs no space. */
const OPENED = /[ (*]/;
/** The same for members. */
const SPACE = / /;

/** Prints `type` up to the place of a pointer. */
function openPointer(type: Node, out: Output, spaced: RegExp): void {
  type.left(out);
  const shape = type.shape(out);
  if (shape === "array") out.add(" (");
  else if (shape === "function") out.add(spaced.test(out.last) ? "(" : " (");
}

/** Prints `type` behind the place of a pointer. */
function closePointer(type: Node, out: Output): void {
  if (type.shape(out) !== "other") out.add(")");
  type.right(out);
}

/** A pointer. */
export class Pointer extends Node {
  /** To that type. */
  constructor(readonly type: Node) {
    super();
  }

  protected override printLeft(out: Output): void {
    openPointer(this.type, out, OPENED);
    out.add("*");
  }

  protected override printRight(out: Output): void {
    closePointer(this.type, out);
  }

  protected override hasSuffix(out: Output): boolean {
    return this.type.hasRight(out);
  }

  override parts(): readonly Node[] {
    return [this.type];
  }
}

/** A reference. References to references collapse, as in the language. */
export class Reference extends Node {
  /** To that type, `&` or `&&`. */
  constructor(readonly type: Node, readonly sign: "&" | "&&") {
    super();
  }

  protected override printLeft(out: Output): void {
    const { sign, referred } = this.#collapsed(out);
    out.within(referred.scope, () => openPointer(referred.node, out, OPENED));
    out.add(sign);
  }

  protected override printRight(out: Output): void {
    const { referred } = this.#collapsed(out);
    out.within(referred.scope, () => closePointer(referred.node, out));
  }

  protected override hasSuffix(out: Output): boolean {
    const { referred } = this.#collapsed(out);
    return out.within(referred.scope, () => referred.node.hasRight(out));
  }

  override parts(): readonly Node[] {
    return [this.type];
  }

  /** What is referred to in the end, and by which sign. */
  #collapsed(out: Output): { readonly sign: string; readonly referred: Resolved } {
    let { sign } = this;
    let referred = resolved(this.type, out, out.scope);
    while (referred.node instanceof Reference) {
      if (referred.node.sign === "&") sign = "&";
      referred = resolved(referred.node.type, out, referred.scope);
    }
    return { sign, referred };
  }
}

/** A pointer to a member. */
export class MemberPointer extends Pointer {
  /** To a member of that type, of that class. */
  constructor(readonly owner: Node, type: Node) {
    super(type);
  }

  protected override printLeft(out: Output): void {
    openPointer(this.type, out, SPACE);
    if (out.last !== "(") out.add(" ");
    this.owner.print(out);
    out.add("::*");
  }

  override parts(): readonly Node[] {
    return [this.owner, this.type];
  }
}

/** An array. */
export class ArrayType extends Node {
  /** Of that type; the dimension may be unknown. */
  constructor(readonly type: Node, readonly dimension: Node | undefined) {
    super();
  }

  protected override printLeft(out: Output): void {
    this.type.left(out);
  }

  protected override printRight(out: Output): void {
    out.add(out.last === "]" ? "[" : " [");
    this.dimension?.print(out);
    out.add("]");
    this.type.right(out);
  }

  override shape(): Shape {
    return "array";
  }

  override parts(): readonly Node[] {
    return this.dimension === undefined ? [this.type] : [this.type, this.dimension];
  }
}

/** What stands behind the parameters of a function: ` const`, ` noexcept(…)`. */
export interface FunctionSuffix {
  /** The text. */
  readonly text: string;
  /** What stands in parentheses behind it. */
  readonly args?: Node;
}

/** A function type. */
export class FunctionType extends Node {
  /** Of these parameters; the return type is not always known. */
  constructor(
    readonly result: Node | undefined,
    readonly parameters: readonly Node[],
    readonly suffixes: readonly FunctionSuffix[],
  ) {
    super();
  }

  protected override printLeft(out: Output): void {
    if (this.result === undefined) return;
    this.result.left(out);
    if (!this.result.hasRight(out)) out.add(" ");
  }

  protected override printRight(out: Output): void {
    this.signature(out, this.suffixes);
    this.result?.right(out);
  }

  /** Prints the parameters and what stands behind them. */
  signature(out: Output, suffixes: readonly FunctionSuffix[]): void {
    out.add("(");
    out.list(this.parameters);
    out.add(")");
    for (const { text, args } of suffixes) {
      out.add(text);
      if (args === undefined) continue;
      out.add("(");
      args.print(out);
      out.add(")");
    }
  }

  override shape(): Shape {
    return "function";
  }

  override parts(): readonly Node[] {
    const { result, parameters } = this;
    return result === undefined ? parameters : [result, ...parameters];
  }
}

/** A pack expansion: the pattern once for each element of the pack. */
export class Expansion extends Node {
  /** Of that pattern. */
  constructor(readonly pattern: Node) {
    super();
  }

  protected override printLeft(out: Output): void {
    const pack = out.lambda !== undefined ? undefined : packIn(this.pattern, out);
    if (pack === undefined) {
      printOperand(this.pattern, out);
      out.add("...");
      return;
    }
    const before = out.packIndex;
    for (let i = 0; i < pack.nodes.length; i++) {
      if (i > 0) out.add(", ");
      out.packIndex = i;
      this.pattern.print(out);
    }
    out.packIndex = before;
  }
}

/** Prints a part of an expression, in parentheses unless it is a mere name. */
export function printOperand(node: Node, out: Output): void {
  if (node.isSimple) return node.print(out);
  out.add("(");
  node.print(out);
  out.add(")");
}
