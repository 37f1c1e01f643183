/**
 * Decimal floating-point numbers of 4, 8 and 16 bytes: IEEE 754-2019, section 3.5.2, with the
 * coefficient as a binary integer, which is how x86-64 and AArch64 have them.
 *
 * @module
 */
import { integerOfBytes } from "../../../bytes/mod.ts";

/** How a format divides its bits below the sign. */
interface DecimalFormat {
  /** Bits of the exponent. */
  readonly exponentBits: number;
  /** Bits of the coefficient where its first three are not fixed. */
  readonly coefficientBits: number;
  /** Most decimal digits. */
  readonly digits: number;
  /** What is added to exponents. */
  readonly bias: number;
}

const FORMATS: ReadonlyMap<number, DecimalFormat> = new Map([
  [4, { exponentBits: 8, coefficientBits: 23, digits: 7, bias: 101 }],
  [8, { exponentBits: 10, coefficientBits: 53, digits: 16, bias: 398 }],
  [16, { exponentBits: 14, coefficientBits: 113, digits: 34, bias: 6176 }],
]);

/** A decimal number taken apart. */
export interface DecimalParts {
  /** Whether the sign bit is set. */
  readonly isNegative: boolean;
  /** What it is. */
  readonly kind: "finite" | "infinity" | "nan" | "signaling-nan";
  /** The number is `coefficient` times 10 to the power of `exponent`; of a NaN its payload. */
  readonly coefficient: bigint;
  /** Power of ten. */
  readonly exponent: number;
}

/** Takes a number apart; undefined if no format has so many bytes. */
export function decimalParts(bytes: Uint8Array): DecimalParts | undefined {
  const format = FORMATS.get(bytes.length);
  if (format === undefined) return undefined;
  const { exponentBits, coefficientBits, digits, bias } = format;
  const bits = integerOfBytes(bytes);
  const width = exponentBits + coefficientBits;
  const isNegative = bits >> BigInt(width) !== 0n;
  const top = (count: number) =>
    Number(bits >> BigInt(width - count) & ((1n << BigInt(count)) - 1n));
  const canonical = (value: bigint, most: number) => value < 10n ** BigInt(most) ? value : 0n;
  if (top(4) === 0b1111) {
    if (top(5) === 0b11110) return { isNegative, kind: "infinity", coefficient: 0n, exponent: 0 };
    const kind = top(6) === 0b111111 ? "signaling-nan" : "nan";
    const payload = BigInt.asUintN(coefficientBits - 3, bits);
    return { isNegative, kind, coefficient: canonical(payload, digits - 1), exponent: 0 };
  }
  // Coefficients that begin with 100 have the exponent two bits further down.
  const isLarge = top(2) === 0b11;
  const stored = isLarge ? coefficientBits - 2 : coefficientBits;
  const coefficient = BigInt.asUintN(stored, bits) |
    (isLarge ? 1n << BigInt(coefficientBits) : 0n);
  const exponent = Number(BigInt.asUintN(exponentBits, bits >> BigInt(stored))) - bias;
  return { isNegative, kind: "finite", coefficient: canonical(coefficient, digits), exponent };
}
