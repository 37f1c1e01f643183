/**
 * Arrays and strings as gdb writes them.
 *
 * @module
 */
import { plainType, type Type } from "../types/type.ts";
import type { Contents, Hole } from "../value/contents.ts";
import type { Value } from "../value/value.ts";
import { readMemory } from "../frame/memory.ts";
import type { Budget } from "./budget.ts";
import { quotePrefix, stringText, utf8Codes } from "./char_text.ts";
import { characterName, characterSize } from "./characters.ts";

/** An array: a string, or its elements. */
export function arrayText(value: Value, budget: Budget): string {
  const plain = plainType(value.type);
  const count = value.length;
  if (plain.kind !== "array") return "";
  const [open, close] = plain.language === "rust" ? ["[", "]"] : ["{", "}"];
  if (count === undefined) return `${open}${close}`;
  const size = characterSize(plain.element);
  const isString = size !== undefined && count > 0 && !plain.isVector;
  if (isString && value.contents.holes.length === 0) return arrayString(value, size, budget);
  const parts: string[] = [];
  const inner = budget.inside();
  const { written } = budget;
  const { contents } = value;
  const bytes = plainType(plain.element).size ?? 0;
  const known = bytes === 0 ? 0 : Math.min(count, Math.floor(contents.bytes.length / bytes));
  let i = 0;
  // Of arrays in arrays only what is innermost counts.
  const isOuter = plainType(plain.element).kind === "array" && size === undefined;
  for (; i < count && written.count < budget.elements;) {
    const each = value.element(i);
    let end = i + 1;
    while (end < known && budget.mayCompare(bytes) && isSame(contents, { bytes, i, end })) end++;
    // In a vector gdb takes bytes for numbers.
    const isNumber = plain.isVector && size !== undefined && each.absence === undefined;
    const text = isNumber ? `${each.integer}` : inner.text(each);
    if (end - i >= budget.repeats) {
      parts.push(`${text} <repeats ${end - i} times>`);
      written.count += budget.repeats;
      i = end;
    } else {
      parts.push(text);
      if (!isOuter) written.count++;
      i++;
    }
  }
  return `${open}${parts.join(", ")}${i < count ? "..." : ""}${close}`;
}

/** Whether two elements are the same, bit for bit. */
function isSame(
  { bytes: all, holes }: Contents,
  { bytes, i, end }: { readonly bytes: number; readonly i: number; readonly end: number },
): boolean {
  if (holes.length > 0) {
    const left = stateOf(holes, 8 * bytes * i, 8 * bytes);
    if (left !== stateOf(holes, 8 * bytes * end, 8 * bytes) || left === "partial") return false;
  }
  const from = bytes * i;
  const to = bytes * end;
  for (let k = 0; k < bytes; k++) {
    if (all[from + k] !== all[to + k]) return false;
  }
  return true;
}

/** Why bits are not there; undefined if they are. */
function stateOf(holes: readonly Hole[], begin: number, bits: number): string | undefined {
  const hole = holes.find((each) => each.begin < begin + bits && each.end > begin);
  if (hole === undefined) return undefined;
  return hole.begin <= begin && hole.end >= begin + bits ? hole.absence.state : "partial";
}

/** An array of characters. The zero at its end is not written; a run at the limit is, as a whole. */
function arrayString(value: Value, size: number, budget: Budget): string {
  const { bytes } = value.contents;
  const codes = codesOf(bytes, size);
  if (codes.at(-1) === 0) codes.pop();
  let end = Math.min(codes.length, budget.elements);
  while (end > 0 && end < codes.length && codes[end] === codes[end - 1]) end++;
  const isCut = end < codes.length;
  codes.length = end;
  const plain = plainType(value.type);
  return stringText(size === 1 ? utf8Codes(codes) : codes, {
    repeats: budget.repeats,
    size,
    prefix: plain.kind === "array" ? quotePrefix(characterName(plain.element)) : "",
    isCut,
  });
}

function codesOf(bytes: Uint8Array, size: number): number[] {
  if (size === 1) return [...bytes];
  const codes: number[] = [];
  for (let at = 0; at + size <= bytes.length; at += size) {
    let code = 0;
    for (let i = size - 1; i >= 0; i--) code = code * 256 + bytes[at + i]!;
    codes.push(code);
  }
  return codes;
}

/** The string that a pointer to characters points to; undefined if it points to others. */
export function pointedString(value: Value, budget: Budget): string | undefined {
  const plain = plainType(value.type);
  if (plain.kind !== "pointer") return undefined;
  const size = characterSize(plain.target);
  if (size === undefined) return undefined;
  const codes: number[] = [];
  const address = value.integer ?? 0n;
  let isCut = true;
  while (codes.length < budget.elements) {
    const at = address + BigInt(size * codes.length);
    const { bytes, missing } = readMemory(value.context.frame.memory, at, size);
    if (missing.length > 0) {
      const failed = `<error: Cannot access memory at address 0x${at.toString(16)}>`;
      return codes.length === 0 ? failed : `${string(codes, { size, plain, budget })}${failed}`;
    }
    const [code = 0] = codesOf(bytes, size);
    if (code === 0) {
      isCut = false;
      break;
    }
    codes.push(code);
  }
  return `${string(codes, { size, plain, budget })}${isCut ? "..." : ""}`;
}

function string(
  codes: readonly number[],
  { size, plain, budget }: {
    readonly size: number;
    readonly plain: { readonly target: Type };
    readonly budget: Budget;
  },
): string {
  const prefix = quotePrefix(characterName(plain.target));
  const { repeats } = budget;
  const characters = size === 1 ? utf8Codes(codes) : codes;
  return stringText(characters, { repeats, size, prefix, isCut: false });
}

/** The bytes that a pointer of Rust to an array of bytes points to; undefined if it does not. */
export function pointedByteString(value: Value, budget: Budget): string | undefined {
  const array = value.target;
  const plain = array === undefined ? undefined : plainType(array.type);
  if (array === undefined || plain?.kind !== "array" || plain.element.name !== "u8") {
    return undefined;
  }
  const { bytes, holes } = array.contents;
  if (holes.length > 0 || bytes.length === 0) return undefined;
  const { elements, repeats } = budget;
  const isCut = bytes.length > elements;
  const codes = [...bytes.subarray(0, elements)];
  return `b${stringText(codes, { repeats, size: 1, prefix: "", isCut })}`;
}

/** Bytes that a pointer points to; undefined if they cannot all be read. */
export function pointedBytes(pointer: Value, size: number): Uint8Array | undefined {
  const address = pointer.integer;
  if (address === undefined) return undefined;
  const { bytes, missing } = readMemory(pointer.context.frame.memory, address, size);
  return missing.length > 0 ? undefined : bytes;
}
