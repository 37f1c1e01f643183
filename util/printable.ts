/**
 * Text of others, on a terminal.
 *
 * @module
 */

/** Text whose control characters, which a terminal would obey, are replaced. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, "\ufffd");
}
