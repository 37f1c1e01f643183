/**
 * Rust's older names: those of C++ with a hash as their last part, and with what C++ cannot say
 * written in letters.
 *
 * @module
 */
import { isCharacter } from "./character.ts";

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["SP", "@"],
  ["BP", "*"],
  ["RF", "&"],
  ["LT", "<"],
  ["GT", ">"],
  ["LP", "("],
  ["RP", ")"],
  ["C", ","],
]);

/** A part's text. What is no escape that Rust makes is told as it is, up to the end. */
function partText(part: string): string {
  let text = "";
  // The language has no names that begin with `$`; the compiler puts `_` before it.
  let at = part.startsWith("_$") ? 1 : 0;
  while (at < part.length) {
    const letter = part.charAt(at);
    if (letter === "$") {
      const end = part.indexOf("$", at + 1);
      const code = part.slice(at + 1, Math.max(end, at + 1));
      const character = ESCAPES.get(code) ?? fromCode(code);
      if (character === undefined) return text + part.slice(at);
      text += character;
      at = end + 1;
    } else if (part.startsWith("..", at)) {
      text += "::";
      at += 2;
    } else {
      text += letter;
      at++;
    }
  }
  return text;
}

function fromCode(code: string): string | undefined {
  if (!/^u[0-9a-f]{1,6}$/.test(code)) return undefined;
  const point = parseInt(code.slice(1), 16);
  if (!isCharacter(point)) return undefined;
  const isControl = point < 32 || (point >= 127 && point < 160);
  return isControl ? undefined : String.fromCodePoint(point);
}

/** The hash is 16 digits, not few of them different: text that only looks like one is kept. */
function isHash(part: string): boolean {
  return /^h[0-9a-f]{16}$/.test(part) && new Set(part.slice(1)).size >= 5;
}

/**
 * A readable form of an older mangled name of Rust, without its hash; undefined if it is none. What
 * the compiler appends behind the name is left out.
 */
export function demangleRustLegacy(name: string): string | undefined {
  if (!name.startsWith("_ZN") || !/17h[0-9a-f]{16}E/.test(name)) return undefined;
  const parts: string[] = [];
  let at = 3;
  while (name.charAt(at) !== "E") {
    const length = /^[1-9][0-9]{0,5}/.exec(name.slice(at, at + 6))?.[0];
    if (length === undefined) return undefined;
    at += length.length;
    const part = name.slice(at, at + Number(length));
    if (part.length < Number(length) || !/^[\w$.]*$/.test(part)) return undefined;
    parts.push(part);
    at += part.length;
  }
  const tail = name.slice(at + 1);
  if (tail !== "" && !/^[.@][\w.@$]*$/.test(tail)) return undefined;
  if (parts.length < 2 || !isHash(parts.pop()!)) return undefined;
  return parts.map(partText).join("::");
}
