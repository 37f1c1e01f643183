/**
 * Seeded random numbers for workloads and tests: the same seed gives the same sequence everywhere.
 *
 * The generator is xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), its state
 * filled from the seed by splitmix32.
 *
 * @module
 */

function rotateLeft(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** A deterministic stream of random numbers. */
export class Prng {
  readonly #state = new Uint32Array(4);

  /**
   * Begins a stream.
   * @param seed any integer; its low 32 bits count
   */
  constructor(seed: number) {
    let state = seed >>> 0;
    for (let index = 0; index < 4; index++) {
      state = (state + 0x9e3779b9) >>> 0;
      let word = state;
      word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
      this.#state[index] = word ^ (word >>> 15);
    }
  }

  /** The next 32 random bits, as an unsigned integer. */
  next(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#state;
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const mixed = d ^ b;
    this.#state[0] = a ^ mixed;
    this.#state[1] = b ^ c ^ a;
    this.#state[2] = c ^ a ^ (b << 9);
    this.#state[3] = rotateLeft(mixed, 11);
    return result;
  }

  /**
   * A random integer.
   * @param low smallest result
   * @param high largest result, less than 2**32 above `low`
   */
  between(low: number, high: number): number {
    const span = high - low + 1;
    // Rejection keeps every value equally likely when the span does not divide 2**32.
    const limit = 2 ** 32 - (2 ** 32 % span);
    for (;;) {
      const bits = this.next();
      if (bits < limit) return low + (bits % span);
    }
  }

  /** True once in `n` times, on average. */
  oneIn(n: number): boolean {
    return this.between(1, n) === 1;
  }
}
