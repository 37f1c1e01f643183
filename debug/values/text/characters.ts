/**
 * Which types are of characters.
 *
 * @module
 */
import type { Type } from "../types/type.ts";
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
