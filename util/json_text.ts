/**
 * Reads JSON (RFC 8259) and says where it is wrong: `JSON.parse` does not always tell the place,
 * takes the last of several fields of one name, and ends with the stack where text is deep enough.
 *
 * @module
 */

/** Lists and records may lie this deep in each other. */
const DEPTH_LIMIT = 200;

/** Text that is no JSON: where, what is there, and what was expected. */
export class JsonSyntaxError extends Error {
  /** Class name, for messages. */
  override readonly name = "JsonSyntaxError";
  /** Line, from 1. */
  readonly line: number;
  /** Column in UTF-16 code units, from 1. */
  readonly column: number;
  /** What is there. */
  readonly found: string;
  /** What was expected. */
  readonly expected: string;

  /** Makes the error of a place in a text. */
  constructor(text: string, options: { at: number; expected: string; found?: string }) {
    const { at, expected } = options;
    const before = text.slice(0, at).split("\n");
    const line = before.length;
    const column = before[line - 1]!.length + 1;
    const there = text.codePointAt(at);
    const found = options.found ??
      (there === undefined ? "the end" : JSON.stringify(String.fromCodePoint(there)));
    super(
      `Cannot read JSON at line ${line}, column ${column}: found ${found}, expected ${expected}`,
    );
    this.line = line;
    this.column = column;
    this.found = found;
    this.expected = expected;
  }
}

/**
 * Reads a JSON text.
 * @throws {JsonSyntaxError} if it is none, a record has two fields of one name, or it is deeper
 *   than 200 lists and records
 */
export function parseJson(text: string): unknown {
  return new Parser(text).document();
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;
/** A string up to its end, as far as it is right. */
// deno-lint-ignore no-control-regex
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;
const WORDS = [["true", true], ["false", false], ["null", null]] as const;

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): unknown {
    const value = this.#value(0);
    if (this.#next() !== "") this.#fail("nothing more");
    return value;
  }

  /** The next character that is no space, `""` at the end. */
  #next(): string {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
    return this.#text.charAt(this.#at);
  }

  #fail(expected: string, at = this.#at): never {
    throw new JsonSyntaxError(this.#text, { at, expected });
  }

  #value(depth: number): unknown {
    const first = this.#next();
    if (first === "{" || first === "[") {
      if (depth === DEPTH_LIMIT) this.#fail(`at most ${DEPTH_LIMIT} levels`);
      this.#at++;
      return first === "{" ? this.#record(depth + 1) : this.#list(depth + 1);
    }
    if (first === '"') return this.#string();
    NUMBER.lastIndex = this.#at;
    const number = NUMBER.exec(this.#text);
    if (number !== null) {
      this.#at = NUMBER.lastIndex;
      return Number(number[0]);
    }
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return this.#fail("a value");
  }

  #string(): string {
    const start = this.#at;
    STRING.lastIndex = start;
    STRING.test(this.#text);
    this.#at = STRING.lastIndex;
    if (this.#text.charAt(this.#at) !== '"') {
      this.#fail(
        this.#text.charAt(this.#at) === "\\" ? "an escape of JSON" : 'the end of a string, "',
      );
    }
    this.#at++;
    return JSON.parse(this.#text.slice(start, this.#at));
  }

  #list(depth: number): unknown[] {
    const list: unknown[] = [];
    if (this.#ends("]")) return list;
    do list.push(this.#value(depth)); while (this.#goesOn("]"));
    return list;
  }

  #record(depth: number): Record<string, unknown> {
    const record: Record<string, unknown> = {};
    if (this.#ends("}")) return record;
    do {
      if (this.#next() !== '"') this.#fail("the name of a field, in quotation marks");
      const at = this.#at;
      const name = this.#string();
      if (Object.hasOwn(record, name)) {
        const found = `a second ${JSON.stringify(name)}`;
        throw new JsonSyntaxError(this.#text, { at, found, expected: "a field once" });
      }
      if (this.#next() !== ":") this.#fail('":"');
      this.#at++;
      const value = this.#value(depth);
      Object.defineProperty(record, name, {
        ...{ value, writable: true, enumerable: true, configurable: true },
      });
    } while (this.#goesOn("}"));
    return record;
  }

  #ends(end: string): boolean {
    if (this.#next() !== end) return false;
    this.#at++;
    return true;
  }

  /** Whether a comma follows, and not the end. */
  #goesOn(end: string): boolean {
    if (this.#ends(end)) return false;
    if (this.#text.charAt(this.#at) !== ",") this.#fail(`"," or "${end}"`);
    this.#at++;
    return true;
  }
}
