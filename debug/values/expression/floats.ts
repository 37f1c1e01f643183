/**
 * Floating-point numbers of all sizes: IEEE 754's of 2, 4, 8 and 16 bytes, and the x87's of 10
 * bytes, which is stored in 12 or 16.
 *
 * @module
 */
import { bytesOfInteger, integerOfBytes } from "../../../bytes/mod.ts";

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

/** The JavaScript number nearest to one taken apart. */
export function nearest({ isNegative, kind, significand, exponent }: FloatParts): number {
  const sign = isNegative ? -1 : 1;
  if (kind === "infinity") return sign * Infinity;
  if (kind !== "finite") return NaN;
  // Number() rounds to nearest; the power is applied in two steps so that none overflows.
  const half = Math.trunc(exponent / 2);
  return sign * Number(significand) * 2 ** half * 2 ** (exponent - half);
}

/** What a number is apart from how its bits are stored. */
export type FloatNumber = Omit<FloatParts, "fraction">;

/** A JavaScript number taken apart. */
export function partsOfNumber(value: number): FloatNumber {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value, true);
  return floatParts(new Uint8Array(view.buffer), DOUBLE);
}

/** An integer as a number taken apart. */
export function partsOfInteger(value: bigint): FloatNumber {
  const isNegative = value < 0n;
  return { isNegative, kind: "finite", significand: isNegative ? -value : value, exponent: 0 };
}

/** The integer nearest to a number in the direction of 0; 0 for what is no finite number. */
export function truncated({ isNegative, kind, significand, exponent }: FloatNumber): bigint {
  if (kind !== "finite") return 0n;
  const size = exponent < 0 ? significand >> BigInt(-exponent) : significand << BigInt(exponent);
  return isNegative ? -size : size;
}

/** Bytes of a number in a format, rounded to nearest, to even in the middle. */
export function bytesOfFloat(
  number: FloatNumber,
  { format, size }: { readonly format: FloatFormat; readonly size: number },
): Uint8Array {
  const { exponentBits, fractionBits, isExplicit } = format;
  const stored = fractionBits + (isExplicit ? 1 : 0);
  const [biased, fraction] = encoded(number, format);
  const sign = number.isNegative ? 1n << BigInt(exponentBits) : 0n;
  const bits = (sign | BigInt(biased)) << BigInt(stored) | BigInt.asUintN(stored, fraction);
  return bytesOfInteger(bits, size);
}

/** Exponent as it is stored, and significand with its leading one. */
function encoded(
  { kind, significand, exponent }: FloatNumber,
  { exponentBits, fractionBits }: FloatFormat,
): [biased: number, significand: bigint] {
  const most = 2 ** exponentBits - 1;
  const bias = most >> 1;
  const leading = 1n << BigInt(fractionBits);
  if (kind === "infinity") return [most, leading];
  if (kind !== "finite") return [most, leading | leading >> 1n];
  if (significand === 0n) return [0, 0n];
  const power = exponent + significand.toString(2).length - 1;
  let unit = Math.max(power, 1 - bias) - fractionBits;
  let whole = rounded(significand, exponent - unit);
  if (whole === 2n * leading) {
    whole = leading;
    unit++;
  }
  const biased = whole < leading ? 0 : unit + fractionBits + bias;
  return biased >= most ? [most, leading] : [biased, whole];
}

/** `value` times 2 to the power of `shift`, rounded. */
function rounded(value: bigint, shift: number): bigint {
  if (shift >= 0) return value << BigInt(shift);
  const floor = value >> BigInt(-shift);
  const rest = value - (floor << BigInt(-shift));
  const half = 1n << BigInt(-shift - 1);
  return rest > half || rest === half && (floor & 1n) === 1n ? floor + 1n : floor;
}
