/**
 * Decimal floating-point numbers as text: every digit that they have, as the conversion
 * to-scientific-string of the General Decimal Arithmetic Specification writes them.
 *
 * @module
 */
import type { DecimalParts } from "../expression/decimals.ts";

/** A number as gdb writes it: `1.50`, `-1E+20`, `Infinity`, `NaN`. */
export function decimalText({ isNegative, kind, coefficient, exponent }: DecimalParts): string {
  const sign = isNegative ? "-" : "";
  const payload = coefficient === 0n ? "" : `${coefficient}`;
  switch (kind) {
    case "infinity":
      return `${sign}Infinity`;
    case "nan":
      return `${sign}NaN${payload}`;
    case "signaling-nan":
      return `${sign}sNaN${payload}`;
  }
  const digits = `${coefficient}`;
  const power = exponent + digits.length - 1;
  if (exponent > 0 || power < -6) {
    const rest = digits.slice(1);
    const fraction = rest === "" ? "" : `.${rest}`;
    return `${sign}${digits[0]}${fraction}E${power < 0 ? "-" : "+"}${Math.abs(power)}`;
  }
  if (exponent === 0) return sign + digits;
  const padded = digits.padStart(1 - exponent, "0");
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}
