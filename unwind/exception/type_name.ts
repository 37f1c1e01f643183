/**
 * Names from C++ symbols, as far as exceptions and simple backtraces need them. Of types, what
 * exception types are in practice: built-in types, named classes, nested in namespaces or not, and
 * pointers to these. Of functions, the path of names without parameters, which serves the older
 * form of Rust's symbols too. Anything else keeps its mangled name: a complete demangler is a
 * library of its own, and no sound one is to be had. Itanium C++ ABI, section 5.1.
 *
 * @module
 */
import { contiguousBytes, type MemoryReader, readWord } from "../walk/mod.ts";

const BUILTIN: Readonly<Record<string, string>> = {
  v: "void",
  w: "wchar_t",
  b: "bool",
  c: "char",
  a: "signed char",
  h: "unsigned char",
  s: "short",
  t: "unsigned short",
  i: "int",
  j: "unsigned int",
  l: "long",
  m: "unsigned long",
  x: "long long",
  y: "unsigned long long",
  n: "__int128",
  o: "unsigned __int128",
  f: "float",
  d: "double",
  e: "long double",
  g: "__float128",
};

const STANDARD: Readonly<Record<string, string>> = {
  t: "std",
  a: "std::allocator",
  b: "std::basic_string",
  s: "std::string",
  i: "std::istream",
  o: "std::ostream",
  d: "std::iostream",
};

class TypeParser {
  #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): string | undefined {
    const name = this.#type();
    return this.#at === this.#text.length ? name : undefined;
  }

  #type(): string | undefined {
    // Pointers and qualifiers stand before what they apply to.
    let suffix = "";
    for (; /[PK]/.test(this.#text[this.#at] ?? ""); this.#at++) {
      suffix = (this.#text[this.#at] === "P" ? "*" : " const") + suffix;
    }
    const base = this.#base();
    return base && base + suffix;
  }

  #base(): string | undefined {
    const letter = this.#text[this.#at] ?? "";
    const builtin = BUILTIN[letter];
    if (builtin !== undefined) {
      this.#at++;
      return builtin;
    }
    if (letter === "N") {
      this.#at++;
      return this.#nested();
    }
    if (letter === "S") return this.#standard();
    return this.#identifier();
  }

  /** The path of a function's names; what its parameters are is not looked at. */
  path(): string | undefined {
    if (this.#text[this.#at] !== "N") return this.#identifier();
    this.#at++;
    while (/[rVKRO]/.test(this.#text[this.#at] ?? "")) this.#at++;
    return this.#nested();
  }

  #nested(): string | undefined {
    const parts: string[] = [];
    if (this.#text.startsWith("St", this.#at)) {
      this.#at += 2;
      parts.push("std");
    }
    while (this.#text[this.#at] !== "E") {
      const part = this.#identifier() ?? this.#structor(parts.at(-1));
      if (part === undefined) return undefined;
      parts.push(part);
    }
    this.#at++;
    return parts.join("::");
  }

  /** A constructor or destructor of the class named last. */
  #structor(owner: string | undefined): string | undefined {
    const kind = /^(?:C[1-3]|D[0-2])/.exec(this.#text.slice(this.#at, this.#at + 2))?.[0];
    if (kind === undefined || owner === undefined) return undefined;
    this.#at += 2;
    return kind.startsWith("D") ? `~${owner}` : owner;
  }

  #standard(): string | undefined {
    const base = STANDARD[this.#text[this.#at + 1] ?? ""];
    if (base === undefined) return undefined;
    this.#at += 2;
    if (base !== "std") return base;
    const name = this.#identifier();
    return name && `std::${name}`;
  }

  #identifier(): string | undefined {
    const digits = /^[1-9][0-9]{0,3}/.exec(this.#text.slice(this.#at))?.[0];
    if (digits === undefined) return undefined;
    const from = this.#at + digits.length;
    const end = from + Number(digits);
    if (end > this.#text.length) return undefined;
    this.#at = end;
    const name = this.#text.slice(from, end);
    return name.startsWith("_GLOBAL__N") ? "(anonymous namespace)" : name;
  }
}

/**
 * Name of the type a type information symbol stands for, or the symbol itself if it is not
 * understood.
 */
export function typeNameOf(symbol: string): string {
  if (!symbol.startsWith("_ZTI")) return symbol;
  return new TypeParser(symbol.slice(4)).whole() ?? symbol;
}

/**
 * Name of the function a symbol stands for, without its parameters: `deep::Error::~Error` for
 * `_ZN4deep5ErrorD1Ev`. Templates, operators and anything else that is not a plain path give the
 * symbol itself. The hash that ends Rust's older symbols is left out.
 */
export function functionNameOf(symbol: string): string {
  if (!symbol.startsWith("_Z")) return symbol;
  const rest = symbol.slice(2);
  const name = new TypeParser(rest).path();
  return name?.replace(/::h[0-9a-f]{16}$/, "") ?? symbol;
}

/** Longest name looked at, in bytes. */
const NAME_LIMIT = 256;

/**
 * Name of the type whose type information (`std::type_info`) is at `typeInfo` in the program's
 * memory; the mangled name if it is not understood, undefined if it cannot be read. The second word
 * of type information points at the name, without `_ZTI`.
 */
export function typeNameAt(memory: MemoryReader, typeInfo: bigint): string | undefined {
  const address = readWord(memory, typeInfo + 8n);
  const window = address === undefined ? undefined : contiguousBytes(memory, address);
  if (window === undefined) return undefined;
  const text = window.bytes.subarray(0, NAME_LIMIT);
  const end = text.indexOf(0);
  const bytes = end < 0 ? text : text.subarray(0, end);
  // A star says that the name is to be compared by address.
  const mangled = new TextDecoder().decode(bytes).replace(/^\*/, "");
  const symbol = `_ZTI${mangled}`;
  const name = typeNameOf(symbol);
  return name === symbol ? mangled : name;
}
