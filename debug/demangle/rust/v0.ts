/**
 * Rust's names of version 0 (Rust RFC 2603). Printed while they are read: what refers back is read
 * again where it stands.
 *
 * @module
 */
import { attempt, fail } from "../failure.ts";
import { Letters } from "../letters.ts";
import { LONGEST_NAME, LONGEST_TEXT } from "../limits.ts";
import { decodePunycode } from "./punycode.ts";
import { isCharacter } from "./character.ts";

const BASIC: Readonly<Record<string, string>> = {
  a: "i8",
  b: "bool",
  c: "char",
  d: "f64",
  e: "str",
  f: "f32",
  h: "u8",
  i: "isize",
  j: "usize",
  l: "i32",
  m: "u32",
  n: "i128",
  o: "u128",
  p: "_",
  s: "i16",
  t: "u16",
  u: "()",
  v: "...",
  x: "i64",
  y: "u64",
  z: "!",
};

/** Deepest nesting; a level takes few calls of the host. */
const DEEPEST_RUST = 1024;

class RustName extends Letters {
  protected override at = "_R".length;
  #out = "";
  #lifetimes = 0;
  #isSilent = false;

  constructor(name: string) {
    super(name, DEEPEST_RUST);
  }

  whole(): string {
    this.#path(true);
    // The crate that made an instance is not told.
    if (this.at < this.text.length) {
      this.#isSilent = true;
      this.#path(false);
    }
    if (this.at < this.text.length) fail();
    return this.#out;
  }

  #add(text: string): void {
    if (this.#isSilent) return;
    this.#out += text;
    if (this.#out.length > LONGEST_TEXT) fail();
  }

  /** A number of base 62 that ends with `_`: that alone is 0, `0_` is 1, … */
  #base62(): number {
    if (this.take("_")) return 0;
    let value = 0;
    while (!this.take("_")) {
      const code = this.next();
      const digit = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".indexOf(code);
      if (digit < 0) fail();
      value = value * 62 + digit;
    }
    return value + 1;
  }

  /** A number with a letter before it; 0 if it is not there. */
  #optional(letter: string): number {
    return this.take(letter) ? this.#base62() + 1 : 0;
  }

  #disambiguator(): number {
    return this.#optional("s");
  }

  /** Reads again what stands further in front. */
  #back(read: () => void): void {
    const start = this.at - 1;
    const target = this.#base62() + "_R".length;
    if (target >= start) fail();
    if (this.#isSilent) return;
    const after = this.at;
    this.at = target;
    read();
    this.at = after;
  }

  #identifier(): string {
    const isPunycode = this.take("u");
    const digits = /^(0|[1-9][0-9]{0,6})/.exec(this.text.slice(this.at, this.at + 8))?.[0] ??
      fail();
    this.at += digits.length;
    this.take("_");
    const end = this.at + Number(digits);
    if (end > this.text.length) fail();
    const text = this.text.slice(this.at, end);
    this.at = end;
    if (!isPunycode) return text;
    const split = text.lastIndexOf("_");
    const decoded = decodePunycode(text.slice(0, Math.max(split, 0)), text.slice(split + 1));
    return text === "" ? fail() : decoded ?? fail();
  }

  #path(inValue: boolean): void {
    this.nested(() => this.#pathOf(this.next(), inValue));
  }

  #pathOf(tag: string, inValue: boolean): void {
    switch (tag) {
      case "C":
        this.#disambiguator();
        return this.#add(this.#identifier());
      case "N":
        return this.#nestedPath(inValue);
      case "M":
      case "X": {
        // Where the `impl` stands is not told.
        this.#disambiguator();
        const wasSilent = this.#isSilent;
        this.#isSilent = true;
        this.#path(inValue);
        this.#isSilent = wasSilent;
        return this.#implementation(tag === "X");
      }
      case "Y":
        return this.#implementation(true);
      case "I":
        this.#path(inValue);
        if (inValue) this.#add("::");
        this.#add("<");
        this.#list(() => this.#argument());
        return this.#add(">");
      case "B":
        return this.#back(() => this.#path(inValue));
      default:
        return fail();
    }
  }

  #nestedPath(inValue: boolean): void {
    const kind = this.next();
    if (!/^[a-zA-Z]$/.test(kind)) fail();
    this.#path(inValue);
    const number = this.#disambiguator();
    const name = this.#identifier();
    if (/^[A-Z]$/.test(kind)) {
      const shown = kind === "C" ? "closure" : kind === "S" ? "shim" : kind;
      this.#add(`::{${shown}${name === "" ? "" : ":"}${name}#${number}}`);
    } else if (name !== "") this.#add(`::${name}`);
  }

  #implementation(ofTrait: boolean): void {
    this.#add("<");
    this.#type();
    if (ofTrait) {
      this.#add(" as ");
      this.#path(false);
    }
    this.#add(">");
  }

  /** Reads up to `E`; how many there were. */
  #list(read: () => void, between = ", "): number {
    let count = 0;
    for (; !this.take("E"); count++) {
      if (count > 0) this.#add(between);
      read();
    }
    return count;
  }

  #argument(): void {
    if (this.take("L")) this.#lifetime(this.#base62());
    else if (this.take("K")) this.#constant();
    else this.#type();
  }

  #lifetime(index: number): void {
    this.#add("'");
    if (index === 0) return this.#add("_");
    const depth = this.#lifetimes - index;
    if (depth < 0) fail();
    this.#add(depth < 26 ? String.fromCharCode(97 + depth) : `_${depth}`);
  }

  /** Reads what may have lifetimes of its own. */
  #binder(read: () => void): void {
    const count = this.#optional("G");
    if (count > LONGEST_NAME) fail();
    if (count > 0) {
      this.#add("for<");
      for (let i = 0; i < count && !this.#isSilent; i++) {
        if (i > 0) this.#add(", ");
        this.#lifetimes++;
        this.#lifetime(1);
      }
      if (this.#isSilent) this.#lifetimes += count;
      this.#add("> ");
    }
    read();
    this.#lifetimes -= count;
  }

  #type(): void {
    this.nested(() => this.#typeOf(this.next()));
  }

  #typeOf(tag: string): void {
    const basic = BASIC[tag];
    if (basic !== undefined) return this.#add(basic);
    switch (tag) {
      case "R":
      case "Q": {
        this.#add("&");
        if (this.take("L")) {
          const index = this.#base62();
          if (index !== 0) {
            this.#lifetime(index);
            this.#add(" ");
          }
        }
        if (tag === "Q") this.#add("mut ");
        return this.#type();
      }
      case "P":
        this.#add("*const ");
        return this.#type();
      case "O":
        this.#add("*mut ");
        return this.#type();
      case "A":
      case "S":
        this.#add("[");
        this.#type();
        if (tag === "A") {
          this.#add("; ");
          this.#constant();
        }
        return this.#add("]");
      case "T": {
        this.#add("(");
        if (this.#list(() => this.#type()) === 1) this.#add(",");
        return this.#add(")");
      }
      case "F":
        return this.#binder(() => this.#function());
      case "D":
        this.#add("dyn ");
        this.#binder(() => this.#list(() => this.#trait(), " + "));
        this.expect("L");
        return this.#bound(this.#base62());
      case "B":
        return this.#back(() => this.#type());
      default:
        return this.#pathOf(tag, false);
    }
  }

  #bound(lifetime: number): void {
    if (lifetime === 0) return;
    this.#add(" + ");
    this.#lifetime(lifetime);
  }

  #function(): void {
    if (this.take("U")) this.#add("unsafe ");
    if (this.take("K")) {
      const abi = this.take("C") ? "C" : this.#identifier().replaceAll("_", "-");
      this.#add(`extern "${abi}" `);
    }
    this.#add("fn(");
    this.#list(() => this.#type());
    this.#add(")");
    if (this.take("u")) return;
    this.#add(" -> ");
    this.#type();
  }

  /** A trait with what its associated types are. */
  #trait(): void {
    let isOpen = this.#openPath();
    while (this.take("p")) {
      this.#add(isOpen ? ", " : "<");
      isOpen = true;
      this.#add(this.#identifier());
      this.#add(" = ");
      this.#type();
    }
    if (isOpen) this.#add(">");
  }

  /** Reads a path; if it ends with arguments, `>` is left to the caller. */
  #openPath(): boolean {
    let isOpen = false;
    this.nested(() => {
      if (this.take("B")) this.#back(() => isOpen = this.#openPath());
      else if (this.take("I")) {
        this.#path(false);
        this.#add("<");
        this.#list(() => this.#argument());
        isOpen = true;
      } else this.#path(false);
    });
    return isOpen;
  }

  #constant(): void {
    this.nested(() => {
      const tag = this.next();
      if (tag === "B") return this.#back(() => this.#constant());
      if (tag === "p") return this.#add("_");
      if (/^[hjmotyailnsx]$/.test(tag)) {
        const sign = /^[ailnsx]$/.test(tag) && this.take("n") ? "-" : "";
        const value = this.#hex();
        return this.#add(sign + (value.length > 16 ? `0x${value}` : BigInt(`0x${value}`)));
      }
      if (tag === "b") {
        const value = this.#hex();
        return this.#add(value === "0" ? "false" : value === "1" ? "true" : fail());
      }
      if (tag === "c") return this.#add(quoted(parseInt(this.#hex(), 16)));
      fail();
    });
  }

  /** Digits of base 16 up to `_`. */
  #hex(): string {
    const from = this.at;
    while (/^[0-9a-f]$/.test(this.peek())) this.at++;
    const digits = this.text.slice(from, this.at);
    this.expect("_");
    return digits.replace(/^0+(?=.)/, "") || "0";
  }
}

/** A character as Rust writes it. */
function quoted(point: number): string {
  if (!isCharacter(point)) return fail();
  const known: Readonly<Record<number, string>> = {
    9: "\\t",
    10: "\\n",
    13: "\\r",
    39: "\\'",
    92: "\\\\",
  };
  const escape = known[point];
  if (escape !== undefined) return `'${escape}'`;
  return point >= 32 && point < 127
    ? `'${String.fromCharCode(point)}'`
    : `'\\u{${point.toString(16)}}'`;
}

/**
 * A readable form of a name of version 0 of Rust's mangling, without the hashes of crates; undefined
 * if it is none, or too large. What the compiler appends behind `.` is left out.
 */
export function demangleRustV0(name: string): string | undefined {
  if (!/^_R[A-Z]/.test(name) || name.length > LONGEST_NAME) return undefined;
  const end = name.search(/[.@$]/);
  const mangled = end < 0 ? name : name.slice(0, end);
  if (!/^\w+$/.test(mangled)) return undefined;
  return attempt(() => new RustName(mangled).whole());
}
