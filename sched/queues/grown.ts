/**
 * Arrays indexed by thread, that grow with the largest number, and are saved without their zeros.
 *
 * @module
 */

/** A copy of an array in which an index has room, at least twice as long; zeros are added. */
export function grown<A extends Int32Array | Float64Array | Uint8Array>(
  array: A,
  index: number,
): A {
  const length = Math.max(16, array.length * 2, index + 1);
  const copy = new (array.constructor as new (length: number) => A)(length);
  copy.set(array);
  return copy;
}

/** The indices of an array at which it is positive, ascending, and what it has there. */
export function positives(array: Float64Array | Uint8Array): [index: number, value: number][] {
  const list: [number, number][] = [];
  array.forEach((value, index) => value > 0 && list.push([index, value]));
  return list;
}

/** Gives an array those values, which are all within its length, and zeros elsewhere. */
export function restorePositives(
  array: Float64Array,
  list: readonly (readonly [index: number, value: number])[],
): void {
  array.fill(0);
  for (const [index, value] of list) array[index] = value;
}
