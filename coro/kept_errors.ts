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

/** Bytes of a text that the guest keeps of an error, its zero byte included. */
const TEXT_SIZE = 128;

/** What the guest is told of an error: as text, with a zero byte at its end. */
export function textOf(error: unknown): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(TEXT_SIZE);
  try {
    new TextEncoder().encodeInto(String(error), bytes.subarray(0, -1));
  } catch {
    // What cannot be said is not said.
  }
  return bytes;
}
