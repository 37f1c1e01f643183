/**
 * Names of functions, data and classes.
 *
 * @module
 */
import { Node, type Output, type Scope } from "./node.ts";
import { Name } from "./parts.ts";
import type { FunctionSuffix, FunctionType } from "./type_nodes.ts";

/** A name in a namespace or class: `outer::inner`. */
export class Nested extends Node {
  /** Of both parts. */
  constructor(readonly outer: Node, readonly inner: Node) {
    super();
  }

  protected override printLeft(out: Output): void {
    this.outer.print(out);
    out.add("::");
    this.inner.print(out);
  }

  override get isSimple(): boolean {
    return true;
  }

  override get baseName(): Node {
    return this.inner instanceof Unnamed ? this.outer.baseName : this.inner.baseName;
  }

  override get hasNoReturnType(): boolean {
    return this.inner.hasNoReturnType;
  }

  override parts(): readonly Node[] {
    return [this.outer, this.inner];
  }
}

/** A type without a name; its constructors are called as the class around it. */
export class Unnamed extends Name {}

/** A template with its arguments. */
export class Template extends Node {
  /** Arguments of that template. */
  constructor(readonly template: Node, readonly args: readonly Node[]) {
    super();
  }

  protected override printLeft(out: Output): void {
    const before = out.naming;
    out.naming = this.args;
    this.template.print(out);
    out.naming = before;
    if (out.last === "<") out.add(" ");
    out.add("<");
    out.list(this.args);
    out.add(out.last === ">" ? " >" : ">");
  }

  override get baseName(): Node {
    return this.template.baseName;
  }

  override parts(): readonly Node[] {
    return [this.template, ...this.args];
  }
}

/** A name inside of a function. */
export class Local extends Node {
  /** That name in that function. */
  constructor(readonly owner: Node, readonly inner: Node) {
    super();
  }

  protected override printLeft(out: Output): void {
    if (this.owner instanceof Encoding) this.owner.printAs(out, false);
    else this.owner.print(out);
    out.add("::");
    this.inner.print(out);
  }

  override get baseName(): Node {
    return this.inner.baseName;
  }

  override get hasNoReturnType(): boolean {
    return this.inner.hasNoReturnType;
  }

  override parts(): readonly Node[] {
    return [this.owner, this.inner];
  }
}

/** The default argument of a function, and what is named in it. */
export class DefaultArgument extends Node {
  /** Of the parameter of that number, counted from the last one, from 1. */
  constructor(readonly number: number, readonly inner: Node) {
    super();
  }

  protected override printLeft(out: Output): void {
    out.add(`{default arg#${this.number}}::`);
    this.inner.print(out);
  }

  override get baseName(): Node {
    return this.inner.baseName;
  }
}

/** The name of a member function, with `const`, `&` and the like, which are printed far behind. */
export class MemberName extends Node {
  /** Of that name. */
  constructor(readonly inner: Node, readonly suffixes: readonly FunctionSuffix[]) {
    super();
  }

  protected override printLeft(out: Output): void {
    this.inner.print(out);
    for (const { text } of this.suffixes) out.add(text);
  }

  override get baseName(): Node {
    return this.inner.baseName;
  }

  override parts(): readonly Node[] {
    return [this.inner];
  }
}

/** A constructor, or with `~` a destructor. */
export class Structor extends Node {
  /** Of the class of that name. */
  constructor(readonly sign: "" | "~", readonly of: Node) {
    super();
  }

  protected override printLeft(out: Output): void {
    out.add(this.sign);
    this.of.print(out);
  }

  override get hasNoReturnType(): boolean {
    return true;
  }
}

/** A conversion function. */
export class Conversion extends Node {
  /** To that type. */
  constructor(readonly type: Node) {
    super();
  }

  protected override printLeft(out: Output): void {
    out.add("operator ");
    const { scope, naming } = out;
    // Its type may be made of the template's own arguments, which stand behind it.
    const inner: Scope | undefined = naming === undefined ? scope : { args: naming, outer: scope };
    out.within(inner, () => this.type.print(out));
  }

  override get hasNoReturnType(): boolean {
    return true;
  }

  override parts(): readonly Node[] {
    return [this.type];
  }
}

/** A template parameter that a lambda declares: `typename`, `int`, `template<…> class`. */
export interface LambdaParameter {
  /** What it is. */
  readonly kind: Node;
  /** Name that is made up for it. */
  readonly name: string;
}

/** A lambda's type. */
export class Lambda extends Node {
  /** With these parameters, the lambda of that number, from 1, that has them. */
  constructor(
    readonly declared: readonly LambdaParameter[],
    readonly parameters: readonly Node[],
    readonly number: number,
  ) {
    super();
  }

  protected override printLeft(out: Output): void {
    const before = out.lambda;
    out.lambda = this.declared.map(({ name }) => name);
    out.add("{lambda");
    for (const [i, { kind, name }] of this.declared.entries()) {
      out.add(i === 0 ? "<" : ", ");
      kind.print(out);
      out.add(` ${name}`);
    }
    out.add(this.declared.length > 0 ? ">(" : "(");
    out.list(this.parameters);
    out.lambda = before;
    out.add(`)#${this.number}}`);
  }
}

/** A function's name with its type. */
export class Encoding extends Node {
  /** Of both. */
  constructor(readonly named: Node, readonly type: FunctionType) {
    super();
  }

  protected override printLeft(out: Output): void {
    this.printAs(out, true);
  }

  /** Prints it with or without the return type. */
  printAs(out: Output, withResult: boolean): void {
    const { name, suffixes, args } = partsOf(this.named);
    const { type } = this;
    const { scope } = out;
    const inner: Scope | undefined = args === undefined ? scope : { args, outer: scope };
    out.within(inner, () => {
      if (withResult) type.left(out);
      name.print(out);
      type.signature(out, [...type.suffixes, ...suffixes]);
      if (withResult) type.result?.right(out);
    });
  }

  override parts(): readonly Node[] {
    return [this.named, this.type];
  }
}

/** What a function's name consists of. */
interface NameParts {
  /** The name without what is printed behind the parameters. */
  readonly name: Node;
  /** What is printed behind the parameters. */
  readonly suffixes: readonly FunctionSuffix[];
  /** Its template arguments. */
  readonly args: readonly Node[] | undefined;
}

/** Takes a function's name apart. */
function partsOf(named: Node): NameParts {
  if (named instanceof MemberName) {
    const { name, args } = partsOf(named.inner);
    return { name, suffixes: named.suffixes, args };
  }
  if (named instanceof Local) {
    const { name, suffixes, args } = partsOf(named.inner);
    return { name: name === named.inner ? named : new Local(named.owner, name), suffixes, args };
  }
  if (named instanceof DefaultArgument) {
    const { name, suffixes, args } = partsOf(named.inner);
    return { name: new DefaultArgument(named.number, name), suffixes, args };
  }
  return { name: named, suffixes: [], args: named instanceof Template ? named.args : undefined };
}

/** A function's name without parameters and return type. */
export function withoutParameters(node: Node): Node {
  return node instanceof Encoding || node instanceof MemberName || node instanceof Local
    ? partsOf(node instanceof Encoding ? node.named : node).name
    : node;
}

/** Whether the type of a function of that name begins with its return type. */
export function tellsReturnType(named: Node): boolean {
  if (named instanceof MemberName) return tellsReturnType(named.inner);
  if (named instanceof Local) return tellsReturnType(named.inner);
  if (named instanceof DefaultArgument) return tellsReturnType(named.inner);
  return named instanceof Template && !named.template.hasNoReturnType;
}
