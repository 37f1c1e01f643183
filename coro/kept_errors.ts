/**
 * Errors of the host that the guest carries as numbers.
 *
 * @module
 */

/** Gives errors numbers, and finds them again. */
export class KeptErrors {
  readonly #errors = new Map<bigint, unknown>();
  #last = 0n;

  /** Puts an error away; returns its token. */
  keep(error: unknown): bigint {
    this.#errors.set(++this.#last, error);
    return this.#last;
  }

  /**
   * Takes an error of a token back. It may come again where a machine goes back in time, so the
   * last thousand stay; `undefined` if there is none.
   */
  get(token: bigint): { readonly error: unknown } | undefined {
    const found = this.#errors.has(token) ? { error: this.#errors.get(token) } : undefined;
    for (const old of this.#errors.keys()) {
      if (old >= this.#last - 1000n) break;
      this.#errors.delete(old);
    }
    return found;
  }
}
