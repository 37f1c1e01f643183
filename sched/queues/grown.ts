/**
 * Arrays indexed by thread, that grow with the largest number.
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
