/**
 * Lists of numbers that grow, eight bytes or four each.
 *
 * @module
 */

/** Numbers in a typed array, which is replaced by one of twice the size when it is full. */
export class NumberList<T extends Float64Array | Uint32Array> {
  /** The numbers, with room behind them. */
  values: T;
  /** How many there are. */
  count = 0;
  readonly #make: (size: number) => T;

  /** @param make makes an array of a size */
  constructor(make: (size: number) => T) {
    this.#make = make;
    this.values = make(1024);
  }

  /** Adds a number at the end. */
  push(value: number): void {
    if (this.count === this.values.length) {
      const larger = this.#make(2 * this.count);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count++] = value;
  }
}

/** Numbers that may be addresses or offsets. */
export type Float64List = NumberList<Float64Array>;

/** An empty list of numbers that may be addresses or offsets. */
export function float64List(): Float64List {
  return new NumberList((size) => new Float64Array(size));
}

/** An empty list of 32-bit numbers without a sign. */
export function uint32List(): NumberList<Uint32Array> {
  return new NumberList((size) => new Uint32Array(size));
}
