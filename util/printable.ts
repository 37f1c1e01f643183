/**
 * Text of others, where it is shown.
 *
 * @module
 */

/** Text whose control characters, which a terminal would obey, are replaced. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, "\ufffd");
}

/** The beginning of a text of which there is room for at most so many characters, at least one. */
export function shortened(text: string, most: number): string {
  const characters = [...text];
  if (characters.length <= most) return text;
  return `${characters.slice(0, most - 1).join("")}…`;
}
