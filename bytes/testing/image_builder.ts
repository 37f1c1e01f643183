/**
 * Builds byte images by hand, with labels, so that tests say what the bytes mean.
 *
 * @module
 */

/** Bytes under construction. Numbers are little-endian. */
export class ImageBuilder {
  #bytes: number[] = [];
  #labels: Map<string, number> = new Map();
  #fixups: { at: number; width: number; value: () => bigint }[] = [];

  /** Bytes so far. */
  get size(): number {
    return this.#bytes.length;
  }

  /** Gives the current position a name. */
  label(name: string): this {
    this.#labels.set(name, this.size);
    return this;
  }

  /** Position of a label; throws if it has not been set. */
  at(name: string): number {
    const found = this.#labels.get(name);
    if (found === undefined) throw new Error(`No label ${name}`);
    return found;
  }

  /** Bytes as given. */
  bytes(...bytes: readonly number[]): this {
    return this.append(bytes);
  }

  /** Any number of bytes. */
  append(bytes: Iterable<number>): this {
    for (const byte of bytes) this.#bytes.push(byte & 0xff);
    return this;
  }

  /** A number of `width` bytes, which may depend on labels set later. */
  number(width: number, value: bigint | number | (() => bigint | number)): this {
    const late = typeof value === "function" ? value : () => value;
    const at = this.size;
    this.#fixups.push({ at, width, value: () => BigInt(late()) });
    for (let i = 0; i < width; i++) this.#bytes.push(0);
    return this;
  }

  /** 16-bit number. */
  u16(value: number): this {
    return this.number(2, value);
  }

  /** 32-bit number. */
  u32(value: number | (() => number)): this {
    return this.number(4, value);
  }

  /** 64-bit number. */
  u64(value: bigint | (() => bigint)): this {
    return this.number(8, value);
  }

  /** Unsigned LEB128. */
  uleb(value: number | bigint): this {
    return this.bytes(...uleb(value));
  }

  /** Signed LEB128. */
  sleb(value: number | bigint): this {
    return this.bytes(...sleb(value));
  }

  /** Text and a NUL. */
  text(text: string): this {
    return this.append(new TextEncoder().encode(text)).bytes(0);
  }

  /** Fill bytes up to a multiple of `alignment`. */
  align(alignment: number, fill = 0): this {
    while (this.size % alignment !== 0) this.bytes(fill);
    return this;
  }

  /** The bytes, with everything that depended on labels filled in. */
  build(): Uint8Array {
    const out = Uint8Array.from(this.#bytes);
    for (const { at, width, value } of this.#fixups) {
      let rest = BigInt.asUintN(64, value());
      for (let i = 0; i < width; i++) {
        out[at + i] = Number(rest & 0xffn);
        rest >>= 8n;
      }
    }
    return out;
  }
}

/** Bytes of an unsigned LEB128 number. */
export function uleb(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? byte : byte | 0x80);
  } while (rest !== 0n);
  return bytes;
}

/** Bytes of a signed LEB128 number. */
export function sleb(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    if (rest === (byte >= 0x40 ? -1n : 0n)) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}
