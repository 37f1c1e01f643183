/**
 * Characters and strings as gdb writes them.
 *
 * @module
 */

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [7, "\\a"],
  [8, "\\b"],
  [9, "\\t"],
  [10, "\\n"],
  [11, "\\v"],
  [12, "\\f"],
  [13, "\\r"],
  [27, "\\033"],
  [92, "\\\\"],
]);

/** What is added to the code of a character that several bytes stand for. */
const UNITS = 2 ** 32;

/** Bytes of a string as characters: UTF-8 where it is any, else each byte by itself. */
export function utf8Codes(bytes: readonly number[]): number[] {
  if (bytes.every((byte) => byte < 0x80)) return [...bytes];
  const codes: number[] = [];
  for (let i = 0; i < bytes.length;) {
    const byte = bytes[i]!;
    const size = byte < 0xc2 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 1;
    const code = size === 1 ? undefined : decoded(bytes.slice(i, i + size));
    codes.push(code === undefined ? byte : UNITS + code);
    i += code === undefined ? 1 : size;
  }
  return codes;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The printable character that bytes stand for; undefined if they stand for none. */
function decoded(bytes: readonly number[]): number | undefined {
  try {
    const text = UTF8.decode(Uint8Array.from(bytes));
    const code = text.codePointAt(0)!;
    return code >= 0xa0 && /^[^\p{C}\p{Z}]$|^\u00a0$/u.test(text) ? code : undefined;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** What stands before a quote for each kind of character, by its size. */
export function quotePrefix(typeName: string | undefined): string {
  switch (typeName) {
    case "wchar_t":
      return "L";
    case "char16_t":
      return "u";
    case "char32_t":
      return "U";
  }
  return "";
}

/** A character inside quotes. */
function inQuotes(code: number, quote: string, size: number): string {
  const known = ESCAPES.get(code);
  if (known !== undefined) return known;
  if (code === quote.charCodeAt(0)) return `\\${quote}`;
  if (code >= UNITS) return String.fromCodePoint(code - UNITS);
  const isPrintable = code >= 32 && code < 127 || size > 1 && code >= 160 && code < 0x110000 &&
      !(code >= 0xd800 && code < 0xe000);
  if (isPrintable) return String.fromCodePoint(code);
  // Larger units are written byte by byte.
  let text = "";
  for (let i = 0, rest = code; i < size; i++, rest = Math.floor(rest / 256)) {
    text += `\\${(rest % 256).toString(8).padStart(3, "0")}`;
  }
  return text;
}

/** A character in quotes. */
export function charText(code: number, size: number): string {
  return `'${inQuotes(code, "'", size)}'`;
}

/** A character of Rust in quotes. */
export function rustCharText(code: number): string {
  const known = RUST_ESCAPES.get(code);
  if (known !== undefined) return `'${known}'`;
  if (code >= 32 && code < 127) return `'${String.fromCharCode(code)}'`;
  const hex = code.toString(16);
  return code <= 255 ? `'\\x${hex.padStart(2, "0")}'` : `'\\u{${hex.padStart(6, "0")}}'`;
}

const RUST_ESCAPES: ReadonlyMap<number, string> = new Map([
  [0, "\\0"],
  [9, "\\t"],
  [10, "\\n"],
  [13, "\\r"],
  [39, "\\'"],
  [92, "\\\\"],
]);

/** How a string is written. */
export interface StringOptions {
  /** How often a character is repeated before that is said in words. */
  readonly repeats: number;
  /** Bytes of a character. */
  readonly size: number;
  /** What stands before a quote. */
  readonly prefix: string;
  /** Whether more characters follow. */
  readonly isCut: boolean;
}

/** Characters as a string literal, or several with what is repeated between them. */
export function stringText(
  codes: readonly number[],
  { repeats, size, prefix, isCut }: StringOptions,
): string {
  const parts: string[] = [];
  let literal = "";
  const close = () => {
    if (literal !== "") parts.push(`${prefix}"${literal}"`);
    literal = "";
  };
  for (let i = 0; i < codes.length;) {
    const code = codes[i]!;
    let end = i + 1;
    while (end < codes.length && codes[end] === code) end++;
    if (end - i > repeats) {
      close();
      parts.push(`${prefix}${charText(code, size)} <repeats ${end - i} times>`);
    } else literal += inQuotes(code, '"', size).repeat(end - i);
    i = end;
  }
  close();
  const text = parts.length === 0 ? `${prefix}""` : parts.join(", ");
  return isCut ? `${text}...` : text;
}
