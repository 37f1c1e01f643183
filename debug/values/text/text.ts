/**
 * Values as text, as gdb writes them with `print pretty off`.
 *
 * @module
 */
import type { Absence } from "../types/absence.ts";
import { isAggregate, plainType, type Type } from "../types/type.ts";
import { formatOf } from "../value/float_format.ts";
import type { Value } from "../value/value.ts";
import { absenceText } from "./absence_text.ts";
import { charText, quotePrefix, rustCharText } from "./char_text.ts";
import { characterName, characterSize } from "./characters.ts";
import { arrayText, pointedByteString, pointedString } from "./array_text.ts";
import { decimalText } from "./decimal_text.ts";
import { enumText } from "./enum_text.ts";
import { floatText } from "./float_text.ts";
import { memberPointerText } from "./member_pointer_text.ts";
import { rustStructText } from "./rust_text.ts";
import { structText } from "./struct_text.ts";
import { Budget, type TextOptions } from "./budget.ts";

export type { TextOptions } from "./budget.ts";

/**
 * A value as gdb writes it: `{x = 1, y = 2}`, `0x4006f4 "text"`, `<optimized out>`. Of a frame that
 * gdb would guess registers for, it says that they are not saved.
 */
export function valueText(value: Value, options: TextOptions = {}): string {
  return new Budget(options, write).text(value);
}

function write(value: Value, budget: Budget): string {
  const plain = plainType(value.type);
  const { absence } = value;
  if (absence !== undefined && !isToldByParts(absence, plain, budget)) return absenceText(absence);
  switch (plain.kind) {
    case "void":
      return "void";
    case "base":
      return baseText(value, budget);
    case "enum":
      return enumText(plain, value.integer ?? 0n);
    case "pointer":
      return pointerText(value, budget);
    case "reference":
    case "rvalue-reference":
      return referenceText(value, budget);
    case "array":
      return arrayText(value, budget);
    case "struct":
    case "class":
    case "union":
      return plain.language === "rust"
        ? rustStructText(value, plain, budget)
        : structText(value, plain, budget);
    case "range":
      return `${value.integer ?? 0n}`;
    case "function":
      return budget.address(value.address ?? 0n, "code");
    case "member-pointer":
      return memberPointerText(value, plain, budget);
    case "unspecified":
      return plain.size === undefined ? "<unknown type>" : addressText(value.integer ?? 0n);
  }
}

/** Of a part that is lost as a whole gdb tells so for each of its own parts, if it has some. */
function isToldByParts(absence: Absence, type: Type, budget: Budget): boolean {
  const isLost = absence.state === "optimized-out" && budget.depth > 0;
  return isLost && isAggregate(type) && type.language !== "rust";
}

function baseText(value: Value, budget: Budget): string {
  const plain = plainType(value.type);
  if (plain.kind !== "base") return "";
  switch (plain.encoding) {
    case "float": {
      const format = formatOf(plain, value.context.frame.machine);
      const { float } = value;
      return format === undefined || float === undefined
        ? "<invalid float value>"
        : floatText(float, format);
    }
    case "decimal": {
      const { decimal } = value;
      return decimal === undefined ? "<invalid float value>" : decimalText(decimal);
    }
    case "complex": {
      const [real, imaginary] = value.complexParts!;
      return `${budget.text(real)} + ${budget.text(imaginary)}i`;
    }
    case "boolean": {
      const { integer } = value;
      return integer === 0n ? "false" : integer === 1n ? "true" : `${integer}`;
    }
  }
  const { integer = 0n } = value;
  if (plain.size === 0) return plain.name ?? "0";
  const isRustChar = plain.language === "rust" && plain.encoding === "utf";
  if (isRustChar) return `${integer} ${rustCharText(Number(integer))}`;
  const size = characterSize(value.type);
  if (size === undefined) return `${integer}`;
  const code = Number(BigInt.asUintN(8 * plain.size, integer));
  const prefix = quotePrefix(characterName(value.type) ?? plain.name);
  return `${integer} ${prefix}${charText(code, size)}`;
}

function addressText(address: bigint): string {
  return `0x${address.toString(16)}`;
}

function pointerText(value: Value, budget: Budget): string {
  const plain = plainType(value.type);
  const address = value.integer;
  if (plain.kind !== "pointer" || address === undefined) return "";
  const what = plainType(plain.target).kind === "function" ? "code" : "data";
  const text = budget.address(address, what);
  if (address === 0n) return text;
  if (plain.language === "rust") {
    const bytes = pointedByteString(value, budget);
    return bytes === undefined ? text : `${text} ${bytes}`;
  }
  const string = pointedString(value, budget);
  return string === undefined ? text : `${text} ${string}`;
}

function referenceText(value: Value, budget: Budget): string {
  const address = `@${addressText(value.integer ?? 0n)}`;
  const { target } = value;
  return target === undefined || !budget.followsReferences
    ? address
    : `${address}: ${budget.inside().text(target)}`;
}
