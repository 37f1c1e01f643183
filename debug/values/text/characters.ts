/**
 * Which types are of characters.
 *
 * @module
 */
import { plainType, type Type } from "../types/type.ts";
import { quotePrefix } from "./char_text.ts";

/** Name among those around a type by which gdb knows a wide character. */
export function characterName(type: Type): string | undefined {
  let at = type;
  for (let i = 0; i < 100; i++) {
    if (at.kind === "typedef") {
      if (quotePrefix(at.name) !== "") return at.name;
      at = at.target;
    } else if (at.kind === "qualified") at = at.target;
    else return at.kind === "base" && quotePrefix(at.name) !== "" ? at.name : undefined;
  }
  return undefined;
}

/** Size of a type's characters; undefined if values are no characters. */
export function characterSize(type: Type): number | undefined {
  const plain = plainType(type);
  if (plain.kind !== "base" || plain.language === "rust") return undefined;
  // C has no other integers of one byte; gdb takes all for characters.
  const isByte = plain.size === 1 && plain.encoding !== "boolean" && plain.encoding !== "other";
  const isCharacter = isByte || plain.encoding === "utf" || characterName(type) !== undefined;
  return isCharacter && plain.size > 0 && plain.size <= 4 ? plain.size : undefined;
}
