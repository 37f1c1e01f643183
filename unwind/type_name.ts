/**
 * Names of C++ types from the symbols of their type information (`_ZTI…`). Only what exception types are in practice: built-in types,
 * named classes, nested in namespaces or not, and pointers to these. Anything else keeps its mangled name: a complete demangler is a
 * library of its own, and none that is kept up is to be had. Itanium C++ ABI, section 5.1.
 *
 * @module
 */

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

  #nested(): string | undefined {
    const parts: string[] = [];
    if (this.#text.startsWith("St", this.#at)) {
      this.#at += 2;
      parts.push("std");
    }
    while (this.#text[this.#at] !== "E") {
      const part = this.#identifier();
      if (part === undefined) return undefined;
      parts.push(part);
    }
    this.#at++;
    return parts.join("::");
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

/** Name of the type a type information symbol stands for, or the symbol itself if it is not understood. */
export function typeNameOf(symbol: string): string {
  if (!symbol.startsWith("_ZTI")) return symbol;
  return new TypeParser(symbol.slice(4)).whole() ?? symbol;
}
