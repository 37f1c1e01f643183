/**
 * From a mangled name of C++ to a readable one: what compilers make besides functions and data, the
 * copies they make of functions, and the options of the text.
 *
 * @module
 */
import { attempt, fail } from "../failure.ts";
import { LONGEST_NAME } from "../limits.ts";
import { isDigit, isLower } from "./cursor.ts";
import { Encoding, withoutParameters } from "./name_nodes.ts";
import { NameParser } from "./name_parser.ts";
import { type Node, Output } from "./node.ts";
import { Joined, Prefixed } from "./parts.ts";

/** What of a function's type is told. */
export interface DemangleOptions {
  /** Whether parameters, and with them the return type of templates, are told; default true. */
  readonly parameters?: boolean;
  /** Whether the return type of a template is told; default true. */
  readonly returnType?: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  TV: "vtable for ",
  TT: "VTT for ",
  TI: "typeinfo for ",
  TS: "typeinfo name for ",
  TF: "typeinfo fn for ",
};

const NAMES: Readonly<Record<string, string>> = {
  TH: "TLS init function for ",
  TW: "TLS wrapper function for ",
  GV: "guard variable for ",
};

class SymbolParser extends NameParser {
  /** Reads the whole text. */
  whole(options: DemangleOptions): string {
    const global = /^_GLOBAL_[._$]([DI])_/.exec(this.text);
    const { parameters = true, returnType = true } = global === null ? options : {};
    const out = new Output();
    if (global !== null) {
      this.at = global[0].length;
      out.add(`global ${global[1] === "I" ? "con" : "de"}structors keyed to `);
      if (!this.text.startsWith("_Z", this.at)) return out.text + this.text.slice(this.at);
    }
    this.expect("_Z");
    const node = this.encoding();
    const tail = this.#clones();
    if (parameters) {
      if (this.at !== this.text.length) fail();
      if (node instanceof Encoding) node.printAs(out, returnType);
      else node.print(out);
      out.add(tail);
    } else withoutParameters(node).print(out);
    return out.text;
  }

  /** Reads the whole text as a type. */
  wholeType(): string {
    const out = new Output();
    this.type().print(out);
    if (this.at !== this.text.length) fail();
    return out.text;
  }

  /** What compilers append to the names of a function's copies. */
  #clones(): string {
    let tail = "";
    while (this.peek() === ".") {
      const from = this.at;
      if (isLetter(this.peek(1))) {
        this.at += 2;
        while (isLetter(this.peek())) this.at++;
      }
      while (this.peek() === "." && isDigit(this.peek(1))) {
        this.at++;
        this.digits();
      }
      if (this.at === from) break;
      tail += ` [clone ${this.text.slice(from, this.at)}]`;
    }
    return tail;
  }

  protected override special(): Node {
    const code = this.text.slice(this.at, this.at += 2);
    const ofType = TYPES[code];
    if (ofType !== undefined) return new Prefixed(ofType, this.type());
    const ofName = NAMES[code];
    if (ofName !== undefined) return new Prefixed(ofName, this.name());
    switch (code) {
      case "Th":
        this.at--;
        this.#offset();
        return new Prefixed("non-virtual thunk to ", this.encoding());
      case "Tv":
        this.at--;
        this.#offset();
        return new Prefixed("virtual thunk to ", this.encoding());
      case "Tc":
        this.#offset();
        this.#offset();
        return new Prefixed("covariant return thunk to ", this.encoding());
      case "TC": {
        const derived = this.type();
        this.number();
        this.expect("_");
        const base = this.type();
        return new Joined(new Prefixed("construction vtable for ", base), "-in-", derived);
      }
      case "TA":
        return new Prefixed("template parameter object for ", this.#templateObject());
      case "GR": {
        const name = this.name();
        const number = this.peek() === "_" || isDigit(this.peek()) ? this.#sequence() : 0;
        return new Prefixed(`reference temporary #${number} for `, name);
      }
      case "GI":
        return new Prefixed("initializer for module ", this.moduleName());
      case "GA":
        return new Prefixed("hidden alias for ", this.encoding());
      case "GT": {
        const isSafe = !this.take("n");
        if (isSafe) this.take("t");
        return new Prefixed(
          isSafe ? "transaction clone for " : "non-transaction clone for ",
          this.encoding(),
        );
      }
      default:
        return fail();
    }
  }

  /** A number of base 36 that ends with `_`; older compilers leave the end out. */
  #sequence(): number {
    const digits = /^[0-9A-Z]{0,8}/.exec(this.text.slice(this.at, this.at + 8))![0];
    this.at += digits.length;
    return this.take("_") && digits !== "" ? parseInt(digits, 36) + 1 : parseInt(digits || "0", 36);
  }

  #templateObject(): Node {
    if (this.peek() === "L") return this.primary();
    this.expect("X");
    const value = this.expression();
    this.expect("E");
    return value;
  }

  /** What a thunk adds to `this`. */
  #offset(): void {
    if (this.next() === "h") {
      this.signed();
      this.expect("_");
      return;
    }
    this.signed();
    this.expect("_");
    this.signed();
    this.expect("_");
  }
}

/** Whether names of copies may have it. */
function isLetter(letter: string): boolean {
  return isLower(letter) || letter === "_" || isDigit(letter);
}

/** A readable form of a mangled name of C++; undefined if it is none, or too large. */
export function demangleItanium(name: string, options: DemangleOptions = {}): string | undefined {
  if (!name.startsWith("_Z") && !name.startsWith("_GLOBAL_")) return undefined;
  if (name.length > LONGEST_NAME) return undefined;
  return attempt(() => new SymbolParser(name).whole(options));
}

/**
 * A readable form of a mangled type, as the names of C++'s `type_info` have it; undefined if it is
 * none, or too large.
 */
export function demangleType(name: string): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  return attempt(() => new SymbolParser(name).wholeType());
}
