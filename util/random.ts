/**
 * A small deterministic source of numbers: xoshiro128** (Blackman and Vigna, 2018), seeded through
 * SplitMix32. One seed, one sequence, on every machine.
 *
 * @module
 */

/** Where in its sequence a {@linkcode Random} is. */
export type RandomState = readonly [number, number, number, number];

/** Deterministic random numbers. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** A sequence that depends on nothing but the seed, taken modulo 2^32. */
  constructor(seed: number) {
    let state = seed | 0;
    const next = (): number => {
      state = state + 0x9e3779b9 | 0;
      let mixed = Math.imul(state ^ state >>> 16, 0x21f0aaad);
      mixed = Math.imul(mixed ^ mixed >>> 15, 0x735a2d97);
      return mixed ^ mixed >>> 15;
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next();
  }

  /** The next number, 0 to 2^32 − 1. */
  next(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul(product << 7 | product >>> 25, 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = this.#d << 11 | this.#d >>> 21;
    return result;
  }

  /** Where in the sequence it is. */
  save(): RandomState {
    return [this.#a, this.#b, this.#c, this.#d];
  }

  /** Goes on from somewhere in a sequence. */
  restore(state: RandomState): void {
    [this.#a, this.#b, this.#c, this.#d] = state;
  }

  /** A number from 0 to `limit` − 1; `limit` must be 1 to 2^32. */
  below(limit: number): number {
    return Math.floor(this.next() / 0x100000000 * limit);
  }

  /** An integer from `low` to `high`, both included; they are less than 2^32 apart. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True with the probability given, 0 to 1. */
  chance(probability: number): boolean {
    return this.next() < probability * 0x100000000;
  }

  /**
   * A number of the standard normal distribution: twelve evenly distributed ones less their mean.
   * It takes no logarithm, which might differ from one machine to another; beyond 6 there is none.
   */
  normal(): number {
    let sum = 0;
    for (let count = 0; count < 12; count++) sum += this.next();
    return sum / 0x100000000 - 6;
  }

  /** One of the items, which must not be empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
