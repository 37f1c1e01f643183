/**
 * Notices that a walk has come back to a state it was in, with room for one state only (Brent,
 * 1980): a state is kept, and replaced whenever the number of steps doubles, so that it is in the
 * cycle some time.
 *
 * @module
 */
import type { Address } from "../../bytes/mod.ts";

/** Finds cycles of walks. */
export class CycleFinder {
  #pc: Address = NaN;
  #cfa: Address = NaN;
  #keepAt = 2;

  /** Whether step number `index` is in the state kept; steps must be given in order. */
  returns(index: number, pc: Address, cfa: Address): boolean {
    if (pc === this.#pc && cfa === this.#cfa) return true;
    if (index === this.#keepAt) {
      this.#keepAt *= 2;
      this.#pc = pc;
      this.#cfa = cfa;
    }
    return false;
  }
}
