/**
 * Damage for fuzzers: sound bytes with a few small changes.
 *
 * @module
 */
import { joinBytes } from "../join_bytes.ts";
import type { Random } from "../random.ts";

/** Options of {@linkcode damaged}. */
export interface DamageOptions {
  /** Whether the copy has the size of the input; default false. */
  readonly keepSize?: boolean;
  /**
   * Most bytes of a copy, so that time per case says something about time per byte; default 4096.
   */
  readonly limit?: number;
}

const EDGES: readonly number[] = [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xfe, 0xff];

/** A damaged copy: bits flipped, bytes set, moved, left out or doubled, or the end cut off. */
export function damaged(
  random: Random,
  base: Uint8Array,
  { keepSize = false, limit = 4096 }: DamageOptions = {},
): Uint8Array {
  let bytes: Uint8Array = base.slice();
  for (let n = 1 + random.below(4); n > 0; n--) {
    const at = random.below(Math.max(1, bytes.length));
    switch (random.below(keepSize ? 4 : 7)) {
      case 0:
        bytes[at]! ^= 1 << random.below(8);
        break;
      case 1:
        bytes[at] = random.pick(EDGES);
        break;
      case 2:
        bytes[at] = random.next();
        break;
      case 3: {
        // A run of one byte, or of another part of the input.
        const from = random.below(bytes.length + 1);
        bytes.copyWithin(at, from, from + random.below(16));
        break;
      }
      case 4:
        bytes = bytes.slice(0, at);
        break;
      case 5:
        bytes = joinBytes([bytes.subarray(0, at), bytes.subarray(at + 1)]);
        break;
      default: {
        const from = random.below(bytes.length + 1);
        const piece = bytes.subarray(from, from + random.below(32));
        bytes = joinBytes([bytes.subarray(0, at), piece, bytes.subarray(at)]);
      }
    }
  }
  return bytes.length > limit ? bytes.slice(0, limit) : bytes;
}
