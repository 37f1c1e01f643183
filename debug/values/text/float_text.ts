/**
 * Floating-point numbers as text, exact in every digit that is written: as `printf`'s `%.*g`.
 *
 * @module
 */
import type { FloatFormat, FloatParts } from "../expression/floats.ts";

/** Digits that tell all numbers of a format apart, and one more, as gdb writes them. */
function digitsOf({ fractionBits }: FloatFormat): number {
  return 2 + Math.floor((fractionBits + 1) * 0.30103);
}

/** A number as gdb writes it. */
export function floatText(parts: FloatParts, format: FloatFormat): string {
  const sign = parts.isNegative ? "-" : "";
  switch (parts.kind) {
    case "infinity":
      return `${sign}inf`;
    case "nan":
      return `${sign}nan(0x${parts.fraction.toString(16)})`;
    case "invalid":
      return "<invalid float value>";
  }
  return `${sign}${general(parts, digitsOf(format))}`;
}

/** `%.*g` of a number that is not negative. */
function general({ significand, exponent }: FloatParts, digits: number): string {
  if (significand === 0n) return "0";
  const [mantissa, power] = decimal(significand, exponent, digits);
  const trimmed = mantissa.replace(/0+$/, "");
  if (power < -4 || power >= digits) {
    const rest = trimmed.slice(1);
    const size = Math.abs(power).toString().padStart(2, "0");
    return `${trimmed[0]}${rest === "" ? "" : `.${rest}`}e${power < 0 ? "-" : "+"}${size}`;
  }
  if (power < 0) return `0.${"0".repeat(-power - 1)}${trimmed}`;
  const whole = trimmed.slice(0, power + 1).padEnd(power + 1, "0");
  const fraction = trimmed.slice(power + 1);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

/**
 * Decimal digits of `significand` times 2 to the power of `exponent`, rounded to `digits` of them,
 * to even in the middle; and the power of ten of the first.
 */
function decimal(
  significand: bigint,
  exponent: number,
  digits: number,
): [mantissa: string, power: number] {
  const numerator = exponent > 0 ? significand << BigInt(exponent) : significand;
  const denominator = exponent < 0 ? 1n << BigInt(-exponent) : 1n;
  // The first guess of the power may be off by a little; it is corrected.
  let power = Math.floor(
    (significand.toString(2).length - 1 + exponent) * Math.LOG10E * Math.LN2,
  );
  for (;;) {
    const shift = digits - 1 - power;
    const top = shift >= 0 ? numerator * 10n ** BigInt(shift) : numerator;
    const bottom = shift >= 0 ? denominator : denominator * 10n ** BigInt(-shift);
    let quotient = top / bottom;
    const rest = 2n * (top % bottom);
    if (quotient >= 10n ** BigInt(digits)) {
      power++;
      continue;
    }
    if (rest > bottom || rest === bottom && (quotient & 1n) === 1n) quotient++;
    const text = quotient.toString();
    if (text.length > digits) return [text.slice(0, digits), power + 1];
    if (text.length < digits) {
      power--;
      continue;
    }
    return [text, power];
  }
}
