/**
 * Inflate for compressed ELF sections (RFC 1950 and RFC 1951). JavaScript runtimes offer decompression only asynchronously, and reading a
 * table must not be asynchronous for the sake of the rare compressed `.debug_frame`.
 *
 * @module
 */

/** A canonical Huffman code: how many codes each length has, and the symbols in code order. */
interface Huffman {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

const LENGTH_BASE = [
  3,
  4,
  5,
  6,
  7,
  8,
  9,
  10,
  11,
  13,
  15,
  17,
  19,
  23,
  27,
  31,
  35,
  43,
  51,
  59,
  67,
  83,
  99,
  115,
  131,
  163,
  195,
  227,
  258,
];
const DISTANCE_BASE = [
  1,
  2,
  3,
  4,
  5,
  7,
  9,
  13,
  17,
  25,
  33,
  49,
  65,
  97,
  129,
  193,
  257,
  385,
  513,
  769,
  1025,
  1537,
  2049,
  3073,
  4097,
  6145,
  8193,
  12289,
  16385,
  24577,
];
const CODE_LENGTH_ORDER = [
  16,
  17,
  18,
  0,
  8,
  7,
  9,
  6,
  10,
  5,
  11,
  4,
  12,
  3,
  13,
  2,
  14,
  1,
  15,
];

function lengthExtra(code: number): number {
  return code < 4 || code === 28 ? 0 : (code - 4) >> 2;
}

function distanceExtra(code: number): number {
  return code < 2 ? 0 : (code - 2) >> 1;
}

function huffman(lengths: Uint8Array): Huffman {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length]!++;
  const offsets = new Uint16Array(16);
  for (let i = 1; i < 15; i++) offsets[i + 1] = offsets[i]! + counts[i]!;
  const symbols = new Uint16Array(lengths.length);
  lengths.forEach((length, symbol) => {
    if (length !== 0) symbols[offsets[length]!++] = symbol;
  });
  return { counts, symbols };
}

/** Marks damage; never leaves this file. */
class Damaged extends Error {}

class Inflater {
  #input: Uint8Array;
  #at = 2;
  #bits = 0;
  #bitCount = 0;
  #output: Uint8Array;
  #length = 0;

  constructor(input: Uint8Array, size: number) {
    this.#input = input;
    this.#output = new Uint8Array(size);
  }

  run(): Uint8Array {
    const [method, flags] = this.#input;
    if (
      method === undefined || flags === undefined || (method & 15) !== 8 ||
      ((method << 8) | flags) % 31 !== 0 || (flags & 32) !== 0
    ) throw new Damaged();
    let last = false;
    while (!last) {
      last = this.#take(1) === 1;
      const type = this.#take(2);
      if (type === 0) this.#stored();
      else if (type === 1) this.#fixed();
      else if (type === 2) this.#dynamic();
      else throw new Damaged();
    }
    if (this.#length !== this.#output.length) throw new Damaged();
    return this.#output;
  }

  #take(count: number): number {
    while (this.#bitCount < count) {
      const byte = this.#input[this.#at++];
      if (byte === undefined) throw new Damaged();
      this.#bits |= byte << this.#bitCount;
      this.#bitCount += 8;
    }
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#bitCount -= count;
    return value;
  }

  #symbol(code: Huffman): number {
    let value = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length < 16; length++) {
      value |= this.#take(1);
      const count = code.counts[length]!;
      if (value - count < first) return code.symbols[index + value - first]!;
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    throw new Damaged();
  }

  #put(byte: number): void {
    if (this.#length >= this.#output.length) throw new Damaged();
    this.#output[this.#length++] = byte;
  }

  #stored(): void {
    this.#bits = 0;
    this.#bitCount = 0;
    const low = this.#take(16);
    if ((low ^ 0xffff) !== this.#take(16)) throw new Damaged();
    for (let i = 0; i < low; i++) this.#put(this.#take(8));
  }

  #fixed(): void {
    const lengths = new Uint8Array(288);
    lengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
    this.#codes(huffman(lengths), huffman(new Uint8Array(30).fill(5)));
  }

  #dynamic(): void {
    const literals = this.#take(5) + 257;
    const distances = this.#take(5) + 1;
    const codes = this.#take(4) + 4;
    const lengths = new Uint8Array(19);
    for (let i = 0; i < codes; i++) {
      lengths[CODE_LENGTH_ORDER[i]!] = this.#take(3);
    }
    const lengthCode = huffman(lengths);
    const all = new Uint8Array(literals + distances);
    for (let i = 0; i < all.length;) {
      const symbol = this.#symbol(lengthCode);
      if (symbol < 16) {
        all[i++] = symbol;
        continue;
      }
      const value = symbol === 16 ? all[i - 1] : 0;
      const repeat = symbol === 16
        ? 3 + this.#take(2)
        : symbol === 17
        ? 3 + this.#take(3)
        : 11 + this.#take(7);
      if (value === undefined || i + repeat > all.length) throw new Damaged();
      all.fill(value, i, i + repeat);
      i += repeat;
    }
    this.#codes(
      huffman(all.subarray(0, literals)),
      huffman(all.subarray(literals)),
    );
  }

  #codes(literal: Huffman, distance: Huffman): void {
    for (;;) {
      const symbol = this.#symbol(literal);
      if (symbol === 256) return;
      if (symbol < 256) {
        this.#put(symbol);
        continue;
      }
      const lengthCode = symbol - 257;
      const base = LENGTH_BASE[lengthCode];
      if (base === undefined) throw new Damaged();
      const length = base + this.#take(lengthExtra(lengthCode));
      const distanceCode = this.#symbol(distance);
      const far = DISTANCE_BASE[distanceCode];
      if (far === undefined) throw new Damaged();
      const from = this.#length - far - this.#take(distanceExtra(distanceCode));
      if (from < 0) throw new Damaged();
      for (let i = 0; i < length; i++) this.#put(this.#output[from + i]!);
    }
  }
}

/** Inflates a zlib stream of exactly `size` output bytes; undefined if the stream is damaged. The checksum is not looked at. */
export function inflateZlib(
  input: Uint8Array,
  size: number,
): Uint8Array | undefined {
  try {
    return new Inflater(input, size).run();
  } catch (error) {
    if (error instanceof Damaged) return undefined;
    throw error;
  }
}
