/**
 * Rules learned by frame walks: a small table in which each address has one place.
 *
 * @module
 */
import type { Address } from "../../bytes/mod.ts";
import type { CompiledRule } from "./compiled_rule.ts";

/** Places; a power of two. */
const SIZE = 2048;

/** Places next to each other that an address may be in. */
const WAYS = 4;

/**
 * Rules by lookup address. Where too many addresses want the same places, later rules drop earlier
 * ones.
 */
export class RuleCache {
  #addresses: Float64Array = new Float64Array(SIZE).fill(NaN);
  #rules: (CompiledRule | undefined)[] = new Array(SIZE).fill(undefined);
  #victim = 0;

  /** The rule for `address`, or undefined. */
  get(address: Address): CompiledRule | undefined {
    const first = firstPlace(address);
    const addresses = this.#addresses;
    for (let i = first; i < first + WAYS; i++) {
      if (addresses[i] === address) return this.#rules[i];
    }
    return undefined;
  }

  /** Keeps a rule. */
  put(address: Address, rule: CompiledRule): void {
    const first = firstPlace(address);
    let place = first;
    while (place < first + WAYS && !Number.isNaN(this.#addresses[place])) {
      place++;
    }
    if (place === first + WAYS) {
      place = first + this.#victim;
      this.#victim = (this.#victim + 1) % WAYS;
    }
    this.#addresses[place] = address;
    this.#rules[place] = rule;
  }

  /** Forgets every rule. */
  clear(): void {
    this.#addresses.fill(NaN);
    this.#rules.fill(undefined);
  }
}

function firstPlace(address: Address): number {
  // The low 32 bits of the number, spread: code of one program seldom differs above them.
  const spread = Math.imul(address | 0, 0x9e3779b1) >>> 21;
  return spread & (SIZE - WAYS);
}
