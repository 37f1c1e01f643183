/**
 * A binary search among sequences of rows.
 *
 * @module
 */
import type { Address } from "../../../bytes/mod.ts";

/** How many of a list, which is sorted by where they begin, begin at or below an address. */
export function countBegun(
  list: readonly { readonly begin: Address }[],
  address: Address,
): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]!.begin <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}
