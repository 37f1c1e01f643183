/**
 * Plain data: what can be listed, copied, compared and written to a file, and holds no behavior.
 *
 * @module
 */

/**
 * Bytes, numbers, texts, and lists and records of them. No functions, no class instances but the
 * two typed arrays.
 */
export type Plain =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Uint32Array
  | readonly Plain[]
  | { readonly [name: string]: Plain };

/** Bytes that are no plain data: where, and what was expected. */
export class PlainError extends Error {
  /** Class name, for messages. */
  override readonly name = "PlainError";
  /** Offset of the byte that is wrong. */
  readonly offset: number;

  /** Makes the error. */
  constructor(message: string, offset: number) {
    super(`${message}, at offset ${offset}`);
    this.offset = offset;
  }
}

/**
 * The first byte of each value. Lengths and counts are LEB128 numbers; so are integers, whose sign
 * is in the lowest bit.
 */
const Tag = {
  UNDEFINED: 0,
  NULL: 1,
  FALSE: 2,
  TRUE: 3,
  INTEGER: 4,
  DOUBLE: 5,
  BIGINT: 6,
  STRING: 7,
  BYTES: 8,
  WORDS: 9,
  LIST: 10,
  RECORD: 11,
} as const;

/** Lists and records may lie this deep in each other. */
const DEPTH_LIMIT = 200;

/** Writes plain data as bytes. The same data gives the same bytes. */
export function encodePlain(value: Plain): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writer.value(value);
  return writer.take();
}

/**
 * Reads what {@linkcode encodePlain} has written.
 * @throws {PlainError} if the bytes are something else
 */
export function decodePlain(bytes: Uint8Array): Plain {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  reader.end();
  return value;
}

/**
 * A copy of what must be plain data, all the way down.
 * @param path what to call it in messages
 * @throws {TypeError} naming the first place where it is none
 */
export function copyPlain(value: unknown, path = "value", depth = 0): Plain {
  const refuse = (what: string): never => {
    throw new TypeError(`${path} is ${what}, expected plain data`);
  };
  if (typeof value === "function" || typeof value === "symbol") return refuse(`a ${typeof value}`);
  if (typeof value !== "object" || value === null) return value as Plain;
  if (depth > DEPTH_LIMIT) return refuse("too deep");
  if (value instanceof Uint8Array || value instanceof Uint32Array) return value.slice();
  if (Array.isArray(value)) {
    return value.map((item, i) => copyPlain(item, `${path}[${i}]`, depth + 1));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return refuse(`a ${value.constructor?.name}`);
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) =>
      [name, copyPlain(field, `${path}.${name}`, depth + 1)] as const
    ),
  );
}

class Writer {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  value(value: Plain): void {
    switch (typeof value) {
      case "undefined":
        return this.#byte(Tag.UNDEFINED);
      case "boolean":
        return this.#byte(value ? Tag.TRUE : Tag.FALSE);
      case "number":
        return this.#number(value);
      case "bigint":
        this.#byte(Tag.BIGINT);
        return this.#bigint(value);
      case "string":
        this.#byte(Tag.STRING);
        return this.#counted(new TextEncoder().encode(value));
    }
    if (value === null) return this.#byte(Tag.NULL);
    if (value instanceof Uint8Array) {
      this.#byte(Tag.BYTES);
      return this.#counted(value);
    }
    if (value instanceof Uint32Array) return this.#words(value);
    if (Array.isArray(value)) {
      this.#byte(Tag.LIST);
      this.#count(value.length);
      for (const item of value) this.value(item);
      return;
    }
    this.#byte(Tag.RECORD);
    const fields = Object.entries(value);
    this.#count(fields.length);
    for (const [name, field] of fields) {
      this.#counted(new TextEncoder().encode(name));
      this.value(field);
    }
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      this.#byte(Tag.INTEGER);
      return this.#bigint(BigInt(value));
    }
    this.#byte(Tag.DOUBLE);
    const double = new DataView(new ArrayBuffer(8));
    double.setFloat64(0, value, true);
    this.#raw(new Uint8Array(double.buffer));
  }

  #bigint(value: bigint): void {
    let rest = value < 0n ? (-value << 1n) | 1n : value << 1n;
    for (; rest >= 0x80n; rest >>= 7n) this.#byte(Number(rest & 0x7fn) | 0x80);
    this.#byte(Number(rest));
  }

  #count(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#byte(rest % 0x80 | 0x80);
    this.#byte(rest);
  }

  #words(words: Uint32Array): void {
    this.#byte(Tag.WORDS);
    this.#count(words.length);
    for (const word of words) this.#count(word);
  }

  #counted(bytes: Uint8Array): void {
    this.#count(bytes.length);
    this.#raw(bytes);
  }

  #raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  #room(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + size));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) this.#refuse("Expected the end");
  }

  value(depth: number): Plain {
    if (depth > DEPTH_LIMIT) this.#refuse("Expected less depth");
    const tag = this.#byte();
    switch (tag) {
      case Tag.UNDEFINED:
        return undefined;
      case Tag.NULL:
        return null;
      case Tag.FALSE:
        return false;
      case Tag.TRUE:
        return true;
      case Tag.INTEGER:
        return this.#integer();
      case Tag.DOUBLE: {
        const bytes = this.#raw(8);
        return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
      }
      case Tag.BIGINT:
        return this.#bigint();
      case Tag.STRING:
        return this.#text();
      case Tag.BYTES:
        return this.#raw(this.#count()).slice();
      case Tag.WORDS:
        return this.#words();
      case Tag.LIST: {
        const list: Plain[] = [];
        for (let count = this.#count(); count > 0; count--) list.push(this.value(depth + 1));
        return list;
      }
      case Tag.RECORD:
        return this.#record(depth);
      default:
        return this.#refuse(`Expected a value, found tag ${tag}`);
    }
  }

  #record(depth: number): Plain {
    const fields: [string, Plain][] = [];
    for (let count = this.#count(); count > 0; count--) {
      fields.push([this.#text(), this.value(depth + 1)]);
    }
    return Object.fromEntries(fields);
  }

  #integer(): number {
    const value = Number(this.#bigint());
    if (!Number.isSafeInteger(value)) this.#refuse("Expected an integer below 2^53");
    return value;
  }

  #bigint(): bigint {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      if (shift > 140n) this.#refuse("Expected a shorter integer");
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return (value & 1n) === 0n ? value >> 1n : -(value >> 1n);
  }

  #count(): number {
    let value = 0;
    for (let scale = 1;; scale *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (value >= 2 ** 32) this.#refuse("Expected a smaller count");
      if (byte < 0x80) return value;
    }
  }

  #words(): Uint32Array {
    const count = this.#count();
    if (count > this.#bytes.length - this.#at) this.#refuse(`Expected ${count} words`);
    return Uint32Array.from({ length: count }, () => this.#count());
  }

  #text(): string {
    return new TextDecoder().decode(this.#raw(this.#count()));
  }

  #raw(size: number): Uint8Array {
    const end = this.#at + size;
    if (end > this.#bytes.length) {
      this.#refuse(`Expected ${size} bytes, ${this.#bytes.length - this.#at} are left`);
    }
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) this.#refuse("Expected more bytes");
    this.#at++;
    return byte;
  }

  #refuse(message: string): never {
    throw new PlainError(message, this.#at);
  }
}
