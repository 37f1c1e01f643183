/**
 * Numbers of characters.
 *
 * @module
 */

/** Whether a number is that of a character: one of Unicode that is no half of a surrogate pair. */
export function isCharacter(point: number): boolean {
  return point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}
