/**
 * Base types: DWARF 5, section 5.1.
 *
 * @module
 */
import { DW_AT, DW_ATE, type Entry } from "../../../elf/dwarf/mod.ts";
import { canonicalName } from "./canonical.ts";
import { languageOf } from "./language.ts";
import { bitSize, byteSize } from "./size.ts";
import type { BaseType, Encoding } from "./type.ts";

const ENCODINGS: ReadonlyMap<number, Encoding> = new Map<number, Encoding>([
  [DW_ATE.address, "address"],
  [DW_ATE.boolean, "boolean"],
  [DW_ATE.complexFloat, "complex"],
  [DW_ATE.decimalFloat, "decimal"],
  [DW_ATE.float, "float"],
  [DW_ATE.signed, "signed"],
  [DW_ATE.signedChar, "signed-char"],
  [DW_ATE.unsigned, "unsigned"],
  [DW_ATE.unsignedChar, "unsigned-char"],
  [DW_ATE.utf, "utf"],
]);

/** Whether values of an encoding are integers that may be negative. */
export function isSignedInteger({ encoding }: Pick<BaseType, "encoding">): boolean {
  return encoding === "signed" || encoding === "signed-char";
}

/** Whether values of an encoding are integers, characters, booleans or addresses. */
export function isInteger({ encoding }: Pick<BaseType, "encoding">): boolean {
  return encoding !== "float" && encoding !== "complex" && encoding !== "decimal" &&
    encoding !== "other";
}

/** Reads a base type. */
export function baseType(entry: Entry): BaseType {
  const language = languageOf(entry.unit);
  const { name } = entry;
  return {
    kind: "base",
    name: name === undefined || language !== "c++" && language !== "c" ? name : canonicalName(name),
    language,
    size: byteSize(entry) ?? Math.ceil((bitSize(entry) ?? 0) / 8),
    entry,
    encoding: ENCODINGS.get(entry.number(DW_AT.encoding) ?? 0) ?? "other",
  };
}
