/**
 * Punycode (RFC 3492), as Rust's names have identifiers that are not ASCII.
 *
 * @module
 */
import { isCharacter } from "./character.ts";

/**
 * Text of `basic` with the characters inserted that `deltas` tells of, in letters and digits;
 * undefined if that is not well formed.
 */
export function decodePunycode(basic: string, deltas: string): string | undefined {
  const points = Array.from(basic, (letter) => letter.codePointAt(0)!);
  let at = 0;
  let point = 128;
  let place = 0;
  let bias = 72;
  let isFirst = true;
  while (at < deltas.length) {
    const before = place;
    let weight = 1;
    for (let k = 36;; k += 36) {
      const digit = digitOf(deltas.charCodeAt(at++));
      if (digit === undefined) return undefined;
      place += digit * weight;
      if (place > 0x7fffffff) return undefined;
      const threshold = Math.min(26, Math.max(1, k - bias));
      if (digit < threshold) break;
      weight *= 36 - threshold;
      if (weight > 0x7fffffff) return undefined;
    }
    const count = points.length + 1;
    bias = adapted(place - before, count, isFirst);
    isFirst = false;
    point += Math.floor(place / count);
    place %= count;
    if (!isCharacter(point)) return undefined;
    points.splice(place++, 0, point);
  }
  return String.fromCodePoint(...points);
}

function digitOf(code: number): number | undefined {
  if (code >= 97 && code <= 122) return code - 97;
  return code >= 48 && code <= 57 ? code - 48 + 26 : undefined;
}

function adapted(difference: number, count: number, isFirst: boolean): number {
  let delta = Math.floor(difference / (isFirst ? 700 : 2));
  delta += Math.floor(delta / count);
  let k = 0;
  for (; delta > 455; k += 36) delta = Math.floor(delta / 35);
  return k + Math.floor(36 * delta / (delta + 38));
}
