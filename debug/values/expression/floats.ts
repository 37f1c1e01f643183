/**
 * Floating-point numbers of all sizes: IEEE 754's of 2, 4, 8 and 16 bytes, and the x87's of 10
 * bytes, which is stored in 12 or 16.
 *
 * @module
 */
import { integerOfBytes } from "../../../bytes/mod.ts";

/** How a format divides its bits. */
export interface FloatFormat {
  /** Bits of the exponent. */
  readonly exponentBits: number;
  /** Bits of the fraction, without a leading one that is not stored. */
  readonly fractionBits: number;
  /** Whether the leading one is stored. */
  readonly isExplicit: boolean;
}

const HALF: FloatFormat = { exponentBits: 5, fractionBits: 10, isExplicit: false };
const SINGLE: FloatFormat = { exponentBits: 8, fractionBits: 23, isExplicit: false };
const DOUBLE: FloatFormat = { exponentBits: 11, fractionBits: 52, isExplicit: false };
/** x87's extended precision. */
const EXTENDED: FloatFormat = { exponentBits: 15, fractionBits: 63, isExplicit: true };

/** The format that has 16 bytes of its own. */
export const BINARY128: FloatFormat = { exponentBits: 15, fractionBits: 112, isExplicit: false };
/** Google's format of 16 bits, which has a float's exponent. */
export const BRAIN: FloatFormat = { exponentBits: 8, fractionBits: 7, isExplicit: false };

/** Usual format of a size in bytes; undefined if there is none. 16 bytes are the x87's. */
export function floatFormat(size: number): FloatFormat | undefined {
  switch (size) {
    case 2:
      return HALF;
    case 4:
      return SINGLE;
    case 8:
      return DOUBLE;
    case 10:
    case 12:
    case 16:
      return EXTENDED;
  }
  return undefined;
}

/** A floating-point number taken apart. */
export interface FloatParts {
  /** Whether the sign bit is set. */
  readonly isNegative: boolean;
  /** What it is. */
  readonly kind: "finite" | "infinity" | "nan" | "invalid";
  /** The number is `significand` times 2 to the power of `exponent`. */
  readonly significand: bigint;
  /** Power of two. */
  readonly exponent: number;
  /** Bits of the fraction as they are stored. */
  readonly fraction: bigint;
}

/** Takes a number apart. */
export function floatParts(bytes: Uint8Array, format: FloatFormat): FloatParts {
  const bits = integerOfBytes(bytes);
  const { exponentBits, fractionBits, isExplicit } = format;
  const stored = fractionBits + (isExplicit ? 1 : 0);
  const fraction = BigInt.asUintN(stored, bits);
  const most = 2 ** exponentBits - 1;
  const biased = Number(BigInt.asUintN(exponentBits, bits >> BigInt(stored)));
  const isNegative = (bits >> BigInt(stored + exponentBits) & 1n) === 1n;
  const exponent = (biased === 0 ? 1 : biased) - (most >> 1) - fractionBits;
  const leading = 1n << BigInt(fractionBits);
  if (biased === most) {
    const rest = BigInt.asUintN(fractionBits, fraction);
    const kind = rest === 0n ? "infinity" : "nan";
    return { isNegative, kind, significand: 0n, exponent, fraction };
  }
  const isInvalid = isExplicit && biased !== 0 && (fraction & leading) === 0n;
  const significand = isExplicit || biased === 0 ? fraction : fraction | leading;
  return { isNegative, kind: isInvalid ? "invalid" : "finite", significand, exponent, fraction };
}

/** The nearest JavaScript number of a value of 2, 4, 8, 10, 12 or 16 (x87) bytes. */
export function floatOfBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length === 4) return view.getFloat32(0, true);
  if (bytes.length === 8) return view.getFloat64(0, true);
  const format = floatFormat(bytes.length);
  return format === undefined ? NaN : nearest(floatParts(bytes, format));
}

/** The JavaScript number nearest to one taken apart. */
export function nearest({ isNegative, kind, significand, exponent }: FloatParts): number {
  const sign = isNegative ? -1 : 1;
  if (kind === "infinity") return sign * Infinity;
  if (kind !== "finite") return NaN;
  // Number() rounds to nearest; the power is applied in two steps so that none overflows.
  const half = Math.trunc(exponent / 2);
  return sign * Number(significand) * 2 ** half * 2 ** (exponent - half);
}

/** Bytes of a number in the usual format of a size; zeros for a size that has none. */
export function bytesOfFloat(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  if (size === 4) view.setFloat32(0, value, true);
  else if (size === 8) view.setFloat64(0, value, true);
  else if (size >= 10) extend(value, bytes);
  else if (size === 2) view.setUint16(0, halfBits(value), true);
  return bytes;
}

/** A number in x87's format, which holds it exactly. */
function extend(value: number, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  const double = new DataView(new ArrayBuffer(8));
  double.setFloat64(0, value);
  const bits = double.getBigUint64(0);
  const sign = Number(bits >> 63n) << 15;
  const biased = Number(bits >> 52n & 0x7ffn);
  let fraction = BigInt.asUintN(52, bits) << 11n;
  let exponent = biased + 16383 - 1023;
  if (biased === 0x7ff) exponent = 0x7fff;
  if (biased !== 0) fraction |= 1n << 63n;
  else if (fraction === 0n) exponent = 0;
  else {
    exponent++;
    while (fraction >> 63n === 0n) {
      fraction = BigInt.asUintN(64, fraction << 1n);
      exponent--;
    }
  }
  view.setBigUint64(0, fraction, true);
  view.setUint16(8, sign | exponent, true);
}

/** A number rounded to half precision, to even where it is in the middle. */
function halfBits(value: number): number {
  const sign = Object.is(Math.sign(value), -0) || value < 0 ? 0x8000 : 0;
  if (value !== value) return 0x7e00;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(size === 0 ? 2 ** -14 : size)));
  const scaled = size / 2 ** (exponent - 10);
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const rounded = rest > 0.5 || rest === 0.5 && floor % 2 === 1 ? floor + 1 : floor;
  return sign | (rounded + (exponent + 14) * 1024);
}
