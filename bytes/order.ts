/**
 * Order: finding a place in what is sorted, and sorting many numbers together with what belongs to
 * them.
 *
 * @module
 */

/**
 * How many of the first `count` indices come before a place that is looked for: all for which
 * `isBefore` is true, which must be the first ones. A binary search.
 */
export function partitionPoint(count: number, isBefore: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of numbers that ascend are not above a value. */
export function countNotAbove(values: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Indices of numbers in ascending order of these; of equal ones the first comes first. Numbers that
 * ascend already, and whole numbers that are not far apart, take a fraction of the time that a sort
 * with a comparison takes.
 */
export function ascendingOrder(values: ArrayLike<number>): Uint32Array {
  const count = values.length;
  let ascends = true;
  let least = Infinity;
  let most = -Infinity;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    if (value < most) ascends = false;
    else most = value;
    if (value < least) least = value;
  }
  const order = new Uint32Array(count);
  if (ascends || !((most - least + 1) * count <= Number.MAX_SAFE_INTEGER)) {
    for (let i = 0; i < count; i++) order[i] = i;
    return ascends ? order : order.sort((a, b) => values[a]! - values[b]! || a - b);
  }
  // One number holds a value's distance from the least and its index.
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = (values[i]! - least) * count + i;
  keys.sort();
  for (let i = 0; i < count; i++) order[i] = keys[i]! % count;
  return order;
}
