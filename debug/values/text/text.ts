/**
 * Values as text, as gdb writes them with `print pretty off`.
 *
 * @module
 */
import { floatFormat } from "../expression/floats.ts";
import { plainType } from "../types/type.ts";
import { formatOf } from "../value/float_format.ts";
import type { Value } from "../value/value.ts";
import { absenceText } from "./absence_text.ts";
import { charText, quotePrefix } from "./char_text.ts";
import { characterName } from "./characters.ts";
import { arrayText, pointedString } from "./array_text.ts";
import { enumText } from "./enum_text.ts";
import { floatText } from "./float_text.ts";
import { rustStructText } from "./rust_text.ts";
import { structText } from "./struct_text.ts";
import { Budget, type TextOptions } from "./budget.ts";

export type { TextOptions } from "./budget.ts";

/**
 * A value as gdb writes it: `{x = 1, y = 2}`, `0x4006f4 "text"`, `<optimized out>`. Of a frame that
 * gdb would guess registers for, it says that they are not saved.
 */
export function valueText(value: Value, options: TextOptions = {}): string {
  return write(value, new Budget(options, write));
}

function write(value: Value, budget: Budget): string {
  if (budget.depth > 20) return "{...}";
  const plain = plainType(value.type);
  const { absence } = value;
  if (absence !== undefined) return absenceText(absence);
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
      return named(value.address ?? 0n, "code", budget);
    case "member-pointer":
      return memberPointerText(value, budget);
    case "unspecified":
      return plain.size === undefined ? "<unknown type>" : addressText(value.integer ?? 0n);
  }
}

function baseText(value: Value, budget: Budget): string {
  const plain = plainType(value.type);
  if (plain.kind !== "base") return "";
  const { machine } = value.context.frame;
  switch (plain.encoding) {
    case "float": {
      const format = formatOf(plain, machine) ?? floatFormat(plain.size);
      const { float } = value;
      return format === undefined || float === undefined
        ? "<invalid float value>"
        : floatText(float, format);
    }
    case "complex": {
      const [real, imaginary] = value.complexParts!;
      return `${budget.text(real)} + ${budget.text(imaginary)}i`;
    }
    case "boolean": {
      const { integer } = value;
      return integer === 0n ? "false" : integer === 1n ? "true" : `${integer}`;
    }
    case "signed-char":
    case "unsigned-char":
    case "utf": {
      const integer = value.integer ?? 0n;
      const code = Number(BigInt.asUintN(8 * plain.size, integer));
      const size = plain.language === "rust" ? 4 : plain.size;
      return `${integer} ${quotePrefix(plain.name)}${charText(code, size)}`;
    }
  }
  const { integer = 0n } = value;
  // gdb takes wide characters of C, which are integers, for characters by their name.
  return characterName(value.type) === undefined
    ? `${integer}`
    : `${integer} ${quotePrefix(characterName(value.type))}${
      charText(Number(BigInt.asUintN(8 * plain.size, integer)), plain.size)
    }`;
}

function addressText(address: bigint): string {
  return `0x${address.toString(16)}`;
}

/** An address with the name of what is there. */
function named(address: bigint, what: "code" | "data", budget: Budget): string {
  const name = budget.nameOf(address, what);
  return `${addressText(address)}${name === undefined ? "" : ` <${name}>`}`;
}

function pointerText(value: Value, budget: Budget): string {
  const plain = plainType(value.type);
  const address = value.integer;
  if (plain.kind !== "pointer" || address === undefined) return "";
  const text = named(
    address,
    plainType(plain.target).kind === "function" ? "code" : "data",
    budget,
  );
  if (address === 0n || plain.language === "rust") return text;
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

function memberPointerText(value: Value, budget: Budget): string {
  const { integer } = value;
  if (integer !== undefined) return integer === -1n ? "NULL" : `${integer}`;
  const { bytes } = value.contents;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return bytes.length < 16 ? "" : named(view.getBigUint64(0, true), "code", budget);
}
