/**
 * Reads types. Itanium C++ ABI, section 5.1.5.
 *
 * @module
 */
import { fail } from "../failure.ts";
import { BUILTINS, LONG_BUILTINS } from "./builtins.ts";
import { Cursor, isDigit, isUpper } from "./cursor.ts";
import type { Node } from "./node.ts";
import { Builtin, List, Name, Pack, Parameter, Prefixed, Suffixed } from "./parts.ts";
import { Template } from "./name_nodes.ts";
import {
  ArrayType,
  Expansion,
  type FunctionSuffix,
  FunctionType,
  MemberPointer,
  Pointer,
  Qualified,
  Reference,
} from "./type_nodes.ts";

/** Qualifiers of types and member functions by their letters, in the order they are mangled in. */
export const QUALIFIERS: Readonly<Record<string, string>> = {
  r: "restrict",
  V: "volatile",
  K: "const",
};

const VOID = BUILTINS.get("v");

/** Whether a type can have no members. */
function isNoClass(type: Node): boolean {
  return [Builtin, Pointer, Reference, ArrayType, FunctionType]
    .some((each) => type instanceof each);
}

/** Reads types; names and expressions are read by the classes made of it. */
export abstract class TypeParser extends Cursor {
  /** Whether the type of a conversion function is read, whose template arguments may follow. */
  protected inConversion = false;

  /** Reads a name; the last part of a template is one that can be referred to already. */
  protected abstract name(): Node;
  /** Reads what `S…` stands for. */
  protected abstract substitution(inPrefix: boolean): Node;
  /** Reads the name behind a module; undefined if the part given is no module. */
  protected abstract nameInModule(known: Node): Node | undefined;
  /** Whether the part that was read last is an abbreviation that cannot be referred to. */
  protected abstract isAbbreviation(node: Node): boolean;
  /** Reads an expression. */
  protected abstract expression(): Node;
  /** Reads `L…E`. */
  protected abstract primary(): Node;

  /** Reads a type. */
  protected type(): Node {
    return this.nested(() => this.#type());
  }

  #type(): Node {
    const letter = this.peek();
    const builtin = BUILTINS.get(letter);
    if (builtin !== undefined) {
      this.at++;
      return builtin;
    }
    if (letter in QUALIFIERS || this.#startsException()) return this.remember(this.#qualified());
    switch (letter) {
      case "u":
        this.at++;
        return this.remember(this.#vendorType());
      case "P":
        this.at++;
        return this.remember(new Pointer(this.type()));
      case "R":
        this.at++;
        return this.remember(new Reference(this.type(), "&"));
      case "O":
        this.at++;
        return this.remember(new Reference(this.type(), "&&"));
      case "C":
        this.at++;
        return this.remember(new Qualified(this.type(), "_Complex"));
      case "G":
        this.at++;
        return this.remember(new Qualified(this.type(), "_Imaginary"));
      case "U":
        this.at++;
        return this.remember(this.#vendorQualified());
      case "F":
        return this.remember(this.functionType([]));
      case "A":
        return this.remember(this.#array());
      case "M": {
        this.at++;
        const owner = this.type();
        if (isNoClass(owner)) fail();
        return this.remember(new MemberPointer(owner, this.type()));
      }
      case "T":
        return this.#parameterType();
      case "S":
        return this.#substitutedType();
      case "D":
        return this.#longType();
      default:
        if (!isDigit(letter) && !/^[NZW]$/.test(letter)) fail();
        return this.remember(this.name());
    }
  }

  #substitutedType(): Node {
    const second = this.peek(1);
    if (!isDigit(second) && second !== "_" && !isUpper(second)) {
      const named = this.name();
      return this.isAbbreviation(named) ? named : this.remember(named);
    }
    const known = this.substitution(false);
    const inModule = this.nameInModule(known);
    if (inModule !== undefined) return this.remember(inModule);
    if (this.peek() !== "I") return known;
    return this.remember(new Template(known, this.templateArguments()));
  }

  #parameterType(): Node {
    const kind = this.peek(1);
    if (kind === "s" || kind === "u" || kind === "e") {
      this.at += 2;
      return this.remember(this.name());
    }
    const parameter = this.remember(this.templateParameter());
    if (this.peek() !== "I") return parameter;
    if (!this.inConversion) {
      return this.remember(new Template(parameter, this.templateArguments()));
    }
    // Of a conversion function, the only or the last arguments are those of the function itself.
    const before = this.inConversion;
    const template = this.maybe(() => {
      const args = this.templateArguments();
      return this.peek() === "I" ? new Template(parameter, args) : undefined;
    });
    this.inConversion = before;
    return template === undefined ? parameter : this.remember(template);
  }

  /** Reads `T_`, `T0_`, … or a parameter of a template around a lambda, `TL0__`. */
  protected templateParameter(): Node {
    this.expect("T");
    return new Parameter(this.compact());
  }

  #vendorType(): Node {
    return this.withArguments(new Name(this.identifier()));
  }

  #vendorQualified(): Node {
    const qualifier = this.identifier();
    const args = this.peek() === "I" ? new List(this.templateArguments(), "<", ">") : undefined;
    return new Qualified(this.type(), qualifier, args);
  }

  #longType(): Node {
    const letter = this.peek(1);
    const builtin = LONG_BUILTINS.get(letter);
    if (builtin !== undefined) {
      this.at += 2;
      return builtin;
    }
    switch (letter) {
      case "T":
      case "t":
        return this.remember(this.decltype());
      case "p":
        this.at += 2;
        return this.remember(new Expansion(this.type()));
      case "v":
        this.at += 2;
        return this.remember(this.#vector());
      case "F":
        this.at += 2;
        return this.#float();
      case "B":
      case "U":
        this.at += 2;
        return this.#bitInt(letter === "U");
      default:
        return fail();
    }
  }

  /** Reads `decltype`. */
  protected decltype(): Node {
    this.at += 2;
    const expression = this.expression();
    this.expect("E");
    return new Prefixed("decltype (", new Suffixed(expression, ")"));
  }

  #vector(): Node {
    const size = this.take("_") ? this.expression() : new Name(this.digits() || fail());
    this.expect("_");
    return new Qualified(this.type(), "__vector", new List([size], "(", ")"));
  }

  /** `DF16_` and the like. */
  #float(): Node {
    const bits = this.number();
    if (bits === 16 && this.take("b")) return new Builtin("std::bfloat16_t", "float");
    const extended = this.take("x");
    if (!extended) this.expect("_");
    return new Builtin(`_Float${bits}${extended ? "x" : ""}`, "float");
  }

  #bitInt(unsigned: boolean): Node {
    const bits = isDigit(this.peek()) ? new Name(this.digits()) : this.expression();
    this.expect("_");
    return new List([bits], `${unsigned ? "unsigned" : "signed"} _BitInt(`, ")");
  }

  #array(): Node {
    this.expect("A");
    const letter = this.peek();
    const dimension = letter === "_"
      ? undefined
      : isDigit(letter)
      ? new Name(this.digits())
      : this.expression();
    this.expect("_");
    return new ArrayType(this.type(), dimension);
  }

  #startsException(): boolean {
    return this.peek() === "D" && /^[xoOw]$/.test(this.peek(1));
  }

  /** Reads qualifiers and what they are of; in front of a function they are those of `this`. */
  #qualified(): Node {
    const qualifiers: string[] = [];
    const suffixes: FunctionSuffix[] = [];
    while (true) {
      const qualifier = QUALIFIERS[this.peek()];
      if (qualifier !== undefined) {
        this.at++;
        qualifiers.push(qualifier);
      } else if (this.#startsException()) suffixes.push(this.#exception());
      else break;
      if (qualifiers.length + suffixes.length > 16) fail();
    }
    if (this.peek() === "F") {
      const innermostFirst = qualifiers.reverse().map((text) => ({ text: ` ${text}` }));
      return this.functionType([...suffixes.reverse(), ...innermostFirst]);
    }
    if (suffixes.length > 0) fail();
    return qualifiers.reduceRight((type, each) => new Qualified(type, each), this.type());
  }

  #exception(): FunctionSuffix {
    this.at++;
    switch (this.next()) {
      case "x":
        return { text: " transaction_safe" };
      case "o":
        return { text: " noexcept" };
      case "O": {
        const condition = this.expression();
        this.expect("E");
        return { text: " noexcept", args: condition };
      }
      default: {
        const types = new List(this.types());
        this.expect("E");
        return { text: " throw", args: types };
      }
    }
  }

  /** Reads a function type with the suffixes given, to which it may add a reference. */
  protected functionType(suffixes: readonly FunctionSuffix[]): FunctionType {
    this.expect("F");
    this.take("Y");
    const type = this.signature(true, suffixes);
    const reference = this.take("R") ? " &" : this.take("O") ? " &&" : undefined;
    this.expect("E");
    return reference === undefined
      ? type
      : new FunctionType(type.result, type.parameters, [...suffixes, { text: reference }]);
  }

  /** Reads the types of a function. */
  protected signature(
    withResult: boolean,
    suffixes: readonly FunctionSuffix[] = [],
  ): FunctionType {
    // Old compilers of Java mark return types.
    const result = this.take("J") || withResult ? this.type() : undefined;
    const types = this.types();
    return new FunctionType(result, types.length === 1 && types[0] === VOID ? [] : types, suffixes);
  }

  /** Reads types up to the end of a list. */
  protected types(): Node[] {
    const types: Node[] = [];
    while (true) {
      const letter = this.peek();
      if (letter === "" || letter === "E" || letter === ".") break;
      if ((letter === "R" || letter === "O") && this.peek(1) === "E") break;
      types.push(this.type());
    }
    return types.length === 0 ? fail() : types;
  }

  /** Reads template arguments, `I…E` or `J…E`. */
  protected templateArguments(): Node[] {
    return this.nested(() => {
      if (!this.take("I")) this.expect("J");
      const before = this.inConversion;
      this.inConversion = false;
      const args: Node[] = [];
      while (!this.take("E")) args.push(this.#templateArgument());
      this.inConversion = before;
      return args;
    });
  }

  /** Reads the arguments of a template, if there are any. */
  protected withArguments(name: Node): Node {
    return this.peek() === "I" ? new Template(name, this.templateArguments()) : name;
  }

  #templateArgument(): Node {
    switch (this.peek()) {
      case "X": {
        this.at++;
        const expression = this.expression();
        this.expect("E");
        return expression;
      }
      case "L":
        return this.primary();
      case "I":
      case "J":
        return new Pack(this.templateArguments());
      default:
        return this.type();
    }
  }
}
