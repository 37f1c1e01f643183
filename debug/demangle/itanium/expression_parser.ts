/**
 * Reads expressions. Itanium C++ ABI, section 5.1.6.
 *
 * @module
 */
import { fail } from "../failure.ts";
import { isDigit } from "./cursor.ts";
import { between, call, countOf, Literal, prefixed, Printed } from "./expression_nodes.ts";
import { Nested } from "./name_nodes.ts";
import type { Node } from "./node.ts";
import { Builtin, List, Name, packIn, Parameter, Prefixed } from "./parts.ts";
import { type Operator, OPERATORS } from "./operators.ts";
import { TypeParser } from "./type_parser.ts";
import { Expansion, printOperand } from "./type_nodes.ts";

/** Reads expressions; names are read by the class made of it. */
export abstract class ExpressionParser extends TypeParser {
  /** Reads a name without its scope. */
  protected abstract unqualified(): Node;
  /** Reads a mangled name inside of another. */
  protected abstract mangled(): Node;

  /** Reads an expression. */
  protected override expression(): Node {
    return this.nested(() => this.#expression());
  }

  #expression(): Node {
    const letter = this.peek();
    if (letter === "L") return this.primary();
    if (letter === "T") return this.templateParameter();
    if (isDigit(letter)) return this.#nameWithArguments();
    switch (letter + this.peek(1)) {
      case "on":
        return this.#nameWithArguments();
      case "sr":
        return this.#scoped();
      case "sp":
        this.at += 2;
        return new Expansion(this.expression());
      case "fp":
      case "fL":
        return this.#functionParameterOrFold();
      case "fl":
      case "fr":
      case "fR":
        return this.#fold();
      case "il":
        this.at += 2;
        return new List(this.#expressions(), "{", "}");
      case "tl":
        return this.#typedList();
      case "di":
      case "dx":
      case "dX":
        return this.#designated();
      case "gs":
        this.at += 2;
        return new Prefixed("::", this.expression());
      case "sZ":
        return this.#packSize();
      case "sP":
        return this.#argumentCount();
      case "cv":
        return this.#conversion();
      case "tr":
        this.at += 2;
        return new Printed([], (out) => out.add("throw"));
      case "tw":
        this.at += 2;
        return prefixed({ code: "tw", text: "throw", form: "prefix" }, this.expression());
    }
    if (letter === "u") return this.#vendorExpression();
    if (letter === "v" && isDigit(this.peek(1))) return this.#vendorOperator();
    return this.#operation(this.operator());
  }

  /** Reads an operator's code. */
  protected operator(): Operator {
    return OPERATORS.get(this.text.slice(this.at, this.at += 2)) ?? fail();
  }

  #operation(operator: Operator): Node {
    switch (operator.form) {
      case "prefix":
        return this.#prefix(operator);
      case "binary": {
        const first = this.expression();
        const isMember = operator.code === "dt" || operator.code === "pt";
        return between(operator, first, isMember ? this.#member() : this.expression());
      }
      case "call": {
        const callee = this.expression();
        return call(callee, new List(this.#expressions()));
      }
      case "index": {
        const array = this.expression();
        const index = this.expression();
        return new Printed([array, index], (out) => {
          printOperand(array, out);
          out.add("[");
          index.print(out);
          out.add("]");
        });
      }
      case "conditional": {
        const parts = [this.expression(), this.expression(), this.expression()] as const;
        return new Printed(parts, (out) => {
          printOperand(parts[0], out);
          out.add("?");
          printOperand(parts[1], out);
          out.add(" : ");
          printOperand(parts[2], out);
        });
      }
      case "cast": {
        const type = this.type();
        const operand = this.expression();
        return new Printed([type, operand], (out) => {
          out.add(`${operator.text}<`);
          type.print(out);
          out.add(">(");
          operand.print(out);
          out.add(")");
        });
      }
      case "type":
        return this.#ofType(operator);
      case "new":
        return this.#new();
      default:
        return fail();
    }
  }

  #prefix(operator: Operator): Node {
    const { code, text } = operator;
    if ((code !== "mm" && code !== "pp") || this.take("_")) {
      return prefixed(operator, this.expression());
    }
    const operand = this.expression();
    return new Printed([operand], (out) => {
      printOperand(operand, out);
      out.add(text);
    });
  }

  #ofType(operator: Operator): Node {
    const isType = /^(at|st|ti)$/.test(operator.code);
    const operand = isType ? this.type() : this.expression();
    if (operator.code !== "st") return prefixed(operator, operand);
    return new List([operand], "sizeof (", ")");
  }

  /** What stands behind `.` or `->`. */
  #member(): Node {
    const start = this.peek() + this.peek(1);
    return start === "gs" || start === "sr" ? this.expression() : this.#nameWithArguments();
  }

  #nameWithArguments(): Node {
    return this.withArguments(this.#plainName());
  }

  #plainName(): Node {
    return this.take("dn") ? this.#destructor() : this.unqualified();
  }

  #destructor(): Node {
    return new Prefixed("~", isDigit(this.peek()) ? this.unqualified() : this.type());
  }

  #scoped(): Node {
    this.expect("sr");
    const levels = isDigit(this.peek()) ? this.maybe(() => this.#levels()) : undefined;
    if (levels === undefined) return new Nested(this.type(), this.#nameWithArguments());
    return this.withArguments(new Nested(levels, this.#plainName()));
  }

  /**
   * Reads the names of classes and namespaces up to `E`; undefined if no name follows. Older
   * compilers write one type there, without `E`.
   */
  #levels(): Node | undefined {
    let scope: Node | undefined;
    while (!this.take("E")) {
      if (!isDigit(this.peek())) return undefined;
      const level = this.withArguments(this.unqualified());
      scope = scope === undefined ? level : new Nested(scope, level);
    }
    return isDigit(this.peek()) || this.peek() === "o" || this.peek() === "d" ? scope : undefined;
  }

  #functionParameterOrFold(): Node {
    if (this.take("fpT")) return new Name("this");
    if (this.peek(1) === "L" && !isDigit(this.peek(2))) return this.#fold();
    this.at++;
    if (this.next() === "L") {
      this.number();
      this.expect("p");
    }
    while (/^[rVK]$/.test(this.peek())) this.at++;
    return new Name(`{parm#${this.compact() + 1}}`);
  }

  #fold(): Node {
    const kind = this.text.slice(this.at, this.at += 2);
    const operator = this.operator();
    const first = this.expression();
    const second = kind === "fL" || kind === "fR" ? this.expression() : undefined;
    return new Printed(second === undefined ? [first] : [first, second], (out) => {
      // The operands are told as they are written, not for each element of a pack.
      const before = out.packIndex;
      out.packIndex = -1;
      out.add("(");
      if (kind !== "fl") printOperand(first, out);
      if (kind === "fl") out.add(`...${operator.text}`);
      else if (kind === "fr") out.add(`${operator.text}...`);
      else out.add(`${operator.text}...${operator.text}`);
      if (kind === "fl") printOperand(first, out);
      if (second !== undefined) printOperand(second, out);
      out.add(")");
      out.packIndex = before;
    });
  }

  /** Reads expressions up to `E`. */
  #expressions(): Node[] {
    const nodes: Node[] = [];
    while (!this.take("E")) nodes.push(this.expression());
    return nodes;
  }

  #typedList(): Node {
    this.expect("tl");
    const type = this.type();
    const list = new List(this.#expressions(), "{", "}");
    return new Printed([type, list], (out) => {
      type.print(out);
      list.print(out);
    }, true);
  }

  #designated(): Node {
    const kind = this.text.slice(this.at, this.at += 2);
    const key = kind === "di" ? new Name(this.identifier()) : this.expression();
    const last = kind === "dX" ? this.expression() : undefined;
    const value = this.expression();
    const isPath = value instanceof Printed && value.of[0] instanceof Designator;
    const designator = new Designator(kind === "di" ? "." : "[", key, last);
    return new Printed([designator, value], (out) => {
      designator.print(out);
      if (!isPath) out.add("=");
      if (isPath) value.print(out);
      else printOperand(value, out);
    });
  }

  #packSize(): Node {
    this.at += 2;
    const operand = this.expression();
    return new Printed([operand], (out) => {
      const pack = packIn(operand, out);
      out.add(String(pack?.nodes.length ?? (operand instanceof Parameter ? fail() : 0)));
    });
  }

  #argumentCount(): Node {
    this.at += 2;
    const args: Node[] = [];
    while (!this.take("E")) args.push(this.#valueOrType());
    return new Printed(args, (out) => out.add(String(countOf(args, out))));
  }

  #valueOrType(): Node {
    return this.peek() === "L" ? this.primary() : this.type();
  }

  #conversion(): Node {
    this.at += 2;
    const type = this.type();
    const operand = this.take("_") ? new List(this.#expressions()) : this.expression();
    return new Printed([type, operand], (out) => {
      out.add("(");
      type.print(out);
      out.add(")");
      printOperand(operand, out);
    });
  }

  #new(): Node {
    const placement: Node[] = [];
    while (!this.take("_")) placement.push(this.expression());
    const type = this.type();
    const init = this.take("E")
      ? undefined
      : this.take("pi")
      ? new List(this.#expressions(), "(", ")")
      : this.peek() === "i"
      ? this.expression()
      : fail();
    if (init !== undefined && !(init instanceof List)) fail();
    return new Printed(init === undefined ? [type] : [...placement, type, init], (out) => {
      out.add("new ");
      if (placement.length > 0) new List(placement, "(", ") ").print(out);
      type.print(out);
      init?.print(out);
    });
  }

  #vendorExpression(): Node {
    this.at++;
    const name = this.identifier();
    const args: Node[] = [];
    while (!this.take("E")) {
      if (this.take("X")) {
        args.push(this.expression());
        this.expect("E");
      } else args.push(this.#valueOrType());
    }
    return new List(args, `${name}(`, ")");
  }

  #vendorOperator(): Node {
    this.at++;
    const arity = Number(this.next());
    const name = this.identifier();
    const args = Array.from({ length: arity }, () => this.expression());
    return new Printed(args, (out) => {
      out.add(`operator ${name}`);
      for (const each of args) printOperand(each, out);
    });
  }

  /** Reads `L…E`: a literal, or the name of something. */
  protected override primary(): Node {
    this.expect("L");
    if (this.peek() === "_" || this.peek() === "Z") {
      const named = this.mangled();
      this.expect("E");
      return named;
    }
    const type = this.type();
    if (this.take("E")) {
      return type instanceof Builtin && type.text === "decltype(nullptr)" ? type : fail();
    }
    const isNegative = this.take("n");
    const end = this.text.indexOf("E", this.at);
    if (end <= this.at) fail();
    const digits = this.text.slice(this.at, end);
    this.at = end + 1;
    return new Literal(type, digits, isNegative);
  }
}

/** The place of a value in a list: `.name`, `[index]`, `[first ... last]`. */
class Designator extends Printed {
  constructor(sign: "." | "[", key: Node, last: Node | undefined) {
    super(last === undefined ? [key] : [key, last], (out) => {
      out.add(sign);
      key.print(out);
      if (last !== undefined) {
        out.add(" ... ");
        last.print(out);
      }
      if (sign === "[") out.add("]");
    });
  }
}
