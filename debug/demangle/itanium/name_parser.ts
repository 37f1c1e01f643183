/**
 * Reads names, and what compilers name beside functions and data. Itanium C++ ABI, sections 5.1.2
 * to 5.1.4 and 5.1.7 to 5.1.10.
 *
 * @module
 */
import { fail } from "../failure.ts";
import { ABBREVIATIONS } from "./builtins.ts";
import { isDigit, isLower, isUpper } from "./cursor.ts";
import { ExpressionParser } from "./expression_parser.ts";
import {
  Conversion,
  DefaultArgument,
  Encoding,
  Lambda,
  type LambdaParameter,
  Local,
  MemberName,
  Nested,
  Structor,
  tellsReturnType,
  Template,
  Unnamed,
} from "./name_nodes.ts";
import type { Node } from "./node.ts";
import { Joined, List, Name, Suffixed } from "./parts.ts";
import type { FunctionSuffix } from "./type_nodes.ts";
import { QUALIFIERS } from "./type_parser.ts";

/** An abbreviation of the standard library. */
class Abbreviated extends Name {
  constructor(text: string, readonly base: Node) {
    super(text);
  }

  override get baseName(): Node {
    return this.base;
  }
}

/** A module, or a partition of one; only names in it are printed with it. */
class ModuleName extends Joined {}

const STD = new Name("std");

/** Most tags of one name. */
const MOST_TAGS = 64;

/** Reads names. */
export class NameParser extends ExpressionParser {
  /** Reads a function with its types, or data. */
  protected encoding(): Node {
    return this.nested(() => {
      const letter = this.peek();
      if (letter === "T" || letter === "G") return this.special();
      const named = this.name();
      const next = this.peek();
      if (next === "" || next === "E") return named;
      return new Encoding(named, this.signature(tellsReturnType(named)));
    });
  }

  /** Reads what is neither a function nor data. */
  protected special(): Node {
    return fail();
  }

  protected override mangled(): Node {
    this.take("_");
    this.expect("Z");
    return this.encoding();
  }

  protected override isAbbreviation(node: Node): boolean {
    return node instanceof Abbreviated;
  }

  /** Reads a name with its scope. */
  protected override name(): Node {
    return this.nested(() => {
      switch (this.peek()) {
        case "N":
          return this.#nestedName();
        case "Z":
          return this.#local();
        case "S":
          return this.#substitutedName();
        default:
          return this.#withArguments(this.#inModule(undefined), true);
      }
    });
  }

  #substitutedName(): Node {
    if (this.take("St")) {
      return this.#withArguments(new Nested(STD, this.#inModule(undefined)), true);
    }
    const known = this.substitution(false);
    return this.nameInModule(known) ?? this.#withArguments(known, false);
  }

  protected override nameInModule(known: Node): Node | undefined {
    return known instanceof ModuleName
      ? this.#withArguments(this.#inModule(known), true)
      : undefined;
  }

  #withArguments(name: Node, isNew: boolean): Node {
    if (isNew && this.peek() === "I") this.remember(name);
    return this.withArguments(name);
  }

  #nestedName(): Node {
    this.expect("N");
    const suffixes: FunctionSuffix[] = [];
    if (this.take("H")) fail();
    for (const [letter, qualifier] of Object.entries(QUALIFIERS)) {
      if (this.take(letter)) suffixes.unshift({ text: ` ${qualifier}` });
    }
    if (this.take("R")) suffixes.push({ text: " &" });
    else if (this.take("O")) suffixes.push({ text: " &&" });
    const prefix = this.#prefix();
    return suffixes.length === 0 ? prefix : new MemberName(prefix, suffixes);
  }

  /** Reads the parts of a nested name up to `E`. Each but the last can be referred to. */
  #prefix(): Node {
    let scope: Node | undefined;
    let module: ModuleName | undefined;
    while (true) {
      const letter = this.peek();
      let isKnown = false;
      if (letter === "I") {
        if (scope === undefined || module !== undefined) fail();
        scope = new Template(scope, this.templateArguments());
      } else if (letter === "S") {
        if (this.take("St")) {
          if (scope !== undefined) fail();
          scope = STD;
          isKnown = true;
        } else {
          const known = this.substitution(true);
          if (known instanceof ModuleName) {
            module = known;
            continue;
          }
          if (scope !== undefined) fail();
          scope = known;
          isKnown = true;
        }
      } else if (letter === "T") {
        if (scope !== undefined) fail();
        scope = this.templateParameter();
      } else if (letter === "D" && /^[Tt]$/.test(this.peek(1))) {
        if (scope !== undefined) fail();
        scope = this.decltype();
      } else if (letter === "M" && scope !== undefined) {
        // The initializer of a member; what was read names it already.
        this.at++;
        continue;
      } else {
        const part = this.#inModule(module, scope);
        module = undefined;
        scope = scope === undefined ? part : new Nested(scope, part);
      }
      if (this.take("E")) return scope;
      if (!isKnown) this.remember(scope);
    }
  }

  /** Reads the module that the next name is in, if it says one, and then that name. */
  #inModule(known: ModuleName | undefined, scope?: Node): Node {
    return this.#unqualified(scope, this.#module(known));
  }

  /** Reads a module's name; it may go on from one that is known. */
  #module(known?: ModuleName): ModuleName | undefined {
    let module = known;
    while (this.take("W")) {
      const isPartition = this.take("P");
      const name = new Name(this.identifier());
      const sign = isPartition ? ":" : module === undefined ? "" : ".";
      module = this.remember(new ModuleName(module ?? new Name(""), sign, name));
    }
    return module;
  }

  /** Reads the name of a module. */
  protected moduleName(): Node {
    const known = this.peek() === "S" ? this.substitution(false) : undefined;
    if (known !== undefined && !(known instanceof ModuleName)) fail();
    return this.#module(known) ?? fail();
  }

  protected override unqualified(): Node {
    return this.#unqualified(undefined, undefined);
  }

  #unqualified(scope: Node | undefined, module: ModuleName | undefined): Node {
    const plain = this.#plainName(scope);
    return this.#tagged(module === undefined ? plain : new InModule(plain, module));
  }

  /** Reads the tags of a name, if it has any. */
  #tagged(name: Node): Node {
    let tagged = name;
    for (let tags = 0; this.take("B"); tags++) {
      if (tags === MOST_TAGS) fail();
      tagged = new Suffixed(tagged, `[abi:${this.identifier()}]`);
    }
    return tagged;
  }

  #plainName(scope: Node | undefined): Node {
    const letter = this.peek();
    if (isDigit(letter)) return new Name(this.identifier());
    if (isLower(letter)) return this.#operatorName();
    switch (letter) {
      case "C":
        return this.#constructorName(scope ?? fail());
      case "D":
        if (this.take("DC")) return this.#binding();
        return this.#destructorName(scope ?? fail());
      case "L": {
        this.at++;
        const name = new Name(this.identifier());
        this.discriminator();
        return name;
      }
      case "U":
        return this.#unnamed();
      default:
        return fail();
    }
  }

  #operatorName(): Node {
    this.take("on");
    if (this.take("cv")) {
      const before = this.inConversion;
      this.inConversion = true;
      const type = this.type();
      this.inConversion = before;
      return new Conversion(type);
    }
    if (this.take("li")) return new OperatorName(`operator"" ${this.identifier()}`);
    if (this.peek() === "v" && isDigit(this.peek(1))) {
      this.at += 2;
      return new OperatorName(`operator ${this.identifier()}`);
    }
    const operator = this.operator();
    const space = isLower(operator.text.charAt(0)) ? " " : "";
    return new OperatorName(`operator${space}${operator.text}`);
  }

  #constructorName(scope: Node): Node {
    this.at++;
    const inherited = this.take("I");
    if (!/^[1-5]$/.test(this.next())) fail();
    if (inherited) return new Structor("", this.type().baseName);
    return new Structor("", scope.baseName);
  }

  #destructorName(scope: Node): Node {
    this.at++;
    if (!/^[0-5]$/.test(this.next())) fail();
    return new Structor("~", scope.baseName);
  }

  #binding(): Node {
    const names: Node[] = [];
    do names.push(new Name(this.identifier())); while (!this.take("E"));
    return new List(names, "[", "]");
  }

  /** Reads a lambda's type, or another type without a name. */
  #unnamed(): Node {
    if (this.take("Ut")) return this.remember(new Unnamed(`{unnamed type#${this.compact() + 1}}`));
    this.expect("Ul");
    const declared: LambdaParameter[] = [];
    for (let head = this.#head(); head !== undefined; head = this.#head()) {
      declared.push({ kind: head.kind, name: `$${head.letters}${declared.length}` });
    }
    const types = this.signature(false).parameters;
    this.expect("E");
    return new Lambda(declared, types, this.compact() + 1);
  }

  /** Reads the declaration of a template parameter; undefined if there is none. */
  #head(): { readonly kind: Node; readonly letters: string } | undefined {
    const isPack = this.take("Tp");
    const dots = isPack ? "..." : "";
    if (this.take("Ty")) return { kind: new Name(`typename${dots}`), letters: "T" };
    if (this.take("Tn")) return { kind: new Suffixed(this.type(), dots), letters: "N" };
    if (!this.take("Tt")) return isPack ? fail() : undefined;
    const heads: Node[] = [];
    this.nested(() => {
      while (!this.take("E")) heads.push((this.#head() ?? fail()).kind);
    });
    return { kind: new List(heads, "template<", `> class${dots}`), letters: "TT" };
  }

  #local(): Node {
    this.expect("Z");
    const owner = this.encoding();
    this.expect("E");
    if (this.take("s")) {
      this.discriminator();
      return new Local(owner, new Name("string literal"));
    }
    if (this.take("d")) {
      const number = this.compact() + 1;
      return new Local(owner, new DefaultArgument(number, this.name()));
    }
    const inner = this.name();
    if (!(inner instanceof Lambda)) this.discriminator();
    return new Local(owner, inner);
  }

  protected override substitution(inPrefix: boolean): Node {
    this.expect("S");
    const letter = this.peek();
    if (letter === "_" || isDigit(letter) || isUpper(letter)) return this.#reference();
    this.at++;
    const found = ABBREVIATIONS.get(letter) ?? fail();
    const isNamed = inPrefix && /^[CD]$/.test(this.peek());
    const abbreviated = new Abbreviated(isNamed ? found.full : found.short, new Name(found.base));
    const node = this.#tagged(abbreviated);
    return node === abbreviated ? node : this.remember(node);
  }

  /** `_` is the first, `0_` the second, … in base 36. */
  #reference(): Node {
    let index = 0;
    if (!this.take("_")) {
      while (!this.take("_")) {
        const letter = this.next();
        if (!isDigit(letter) && !isUpper(letter)) fail();
        index = index * 36 + parseInt(letter, 36);
        if (index > this.substitutions.length) fail();
      }
      index++;
    }
    return this.substitutions[index] ?? fail();
  }
}

/** An operator's name, which stands in parentheses in expressions. */
class OperatorName extends Name {
  override get isSimple(): boolean {
    return false;
  }
}

/** A name in a module. */
class InModule extends Joined {
  constructor(name: Node, module: ModuleName) {
    super(name, "@", module);
  }

  override get baseName(): Node {
    return this.first.baseName;
  }
}
