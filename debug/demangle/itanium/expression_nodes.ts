/**
 * Expressions, as they stand in template arguments and `decltype`.
 *
 * @module
 */
import { Encoding, Nested } from "./name_nodes.ts";
import { Node, type Output } from "./node.ts";
import { type Operator, prefixText } from "./operators.ts";
import { Builtin, type Pack, packIn } from "./parts.ts";
import { Expansion, printOperand } from "./type_nodes.ts";

/** A part whose text can be told by a function. */
export class Printed extends Node {
  /** Made of those parts, printed by that function. */
  constructor(
    readonly of: readonly Node[],
    readonly how: (out: Output) => void,
    readonly simple = false,
  ) {
    super();
  }

  protected override printLeft(out: Output): void {
    this.how(out);
  }

  override parts(): readonly Node[] {
    return this.of;
  }

  override get isSimple(): boolean {
    return this.simple;
  }
}

/** A number, or another value, of a type. */
export class Literal extends Node {
  /** Of that type, with the digits as they stand in the name. */
  constructor(readonly type: Node, readonly digits: string, readonly isNegative: boolean) {
    super();
  }

  protected override printLeft(out: Output): void {
    const { type, digits } = this;
    const suffix = type instanceof Builtin ? type.suffix : undefined;
    const sign = this.isNegative ? "-" : "";
    if (suffix === "bool" && sign === "" && /^[01]$/.test(digits)) {
      out.add(digits === "1" ? "true" : "false");
    } else if (suffix === undefined || suffix === "bool" || suffix === "float") {
      out.add("(");
      type.print(out);
      out.add(suffix === "float" ? `)${sign}[${digits}]` : `)${sign}${digits}`);
    } else out.add(sign + digits + suffix);
  }

  override parts(): readonly Node[] {
    return [this.type];
  }
}

/** An operator in front of its operand. */
export function prefixed(operator: Operator, operand: Node): Node {
  return new Printed([operand], (out) => {
    out.add(prefixText(operator));
    // The address of a member function is told without its parameters.
    const isMember = operator.code === "ad" && operand instanceof Encoding &&
      operand.named instanceof Nested;
    printOperand(isMember ? operand.named : operand, out);
  });
}

/** An operator between its operands. */
export function between(operator: Operator, first: Node, second: Node): Node {
  // The greater-than sign would end the template arguments.
  const isGreater = operator.text === ">";
  return new Printed([first, second], (out) => {
    if (isGreater) out.add("(");
    printOperand(first, out);
    out.add(operator.text);
    printOperand(second, out);
    if (isGreater) out.add(")");
  });
}

/** A function call. */
export function call(callee: Node, args: Node): Node {
  return new Printed([callee, args], (out) => {
    printOperand(callee instanceof Encoding ? callee.named : callee, out);
    printOperand(args, out);
  });
}

/** How many arguments a list of template arguments comes to. */
export function countOf(nodes: readonly Node[], out: Output): number {
  let count = 0;
  for (const node of nodes) {
    if (!(node instanceof Expansion)) {
      count++;
      continue;
    }
    const pack: Pack | undefined = packIn(node.pattern, out);
    count += pack?.nodes.length ?? 1;
  }
  return count;
}
