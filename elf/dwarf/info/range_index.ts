/**
 * Ranges of addresses that may overlap, and whose they are.
 *
 * @module
 */
import type { Address } from "../../../bytes/mod.ts";
import { DwarfError } from "../errors.ts";

/** Ranges that one index may have: more than any program has functions. */
const RANGE_LIMIT = 2 ** 22;

/** Ranges by their addresses. Ranges are added first; the first look-up sorts them. */
export class RangeIndex {
  #begins: number[] | Float64Array = [];
  #ends: number[] | Float64Array = [];
  #owners: number[] | Float64Array = [];
  /** Largest end of a range and of all before it. */
  #reaches: Float64Array | undefined;
  readonly #preferred: "first" | "last";

  /** @param preferred Which of several ranges that begin at one address has it, as added */
  constructor(preferred: "first" | "last") {
    this.#preferred = preferred;
  }

  /** How many ranges there are. */
  get size(): number {
    return this.#begins.length;
  }

  /** Adds a range, before the first look-up. */
  add(begin: Address, end: Address, owner: number): void {
    if (!Array.isArray(this.#begins)) throw new TypeError("Cannot add to an index in use");
    if (this.#begins.length >= RANGE_LIMIT) {
      const message = `Index has over ${RANGE_LIMIT} ranges, expected fewer`;
      throw new DwarfError("index", message, { source: ".debug_info" });
    }
    this.#begins.push(begin);
    (this.#ends as number[]).push(end);
    (this.#owners as number[]).push(owner);
  }

  /**
   * Owner of an address; of several ranges that have it, the one that begins last, and of those
   * that begin there, the preferred one.
   */
  at(address: Address): number | undefined {
    const reaches = this.#reaches ??= this.#sort();
    const begins = this.#begins;
    let low = 0;
    let high = begins.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (begins[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    for (let i = low - 1; i >= 0 && reaches[i]! > address; i--) {
      if (this.#ends[i]! > address) return this.#owners[i];
    }
    return undefined;
  }

  #sort(): Float64Array {
    const begins = this.#begins;
    // The search begins at the end.
    const sign = this.#preferred === "first" ? -1 : 1;
    const order = Uint32Array.from(begins.keys())
      .sort((a, b) => begins[a]! - begins[b]! || (a - b) * sign);
    const sorted = (values: number[] | Float64Array) => {
      const out = new Float64Array(order.length);
      for (let i = 0; i < order.length; i++) out[i] = values[order[i]!]!;
      return out;
    };
    this.#begins = sorted(begins);
    const ends = this.#ends = sorted(this.#ends);
    this.#owners = sorted(this.#owners);
    const reaches = new Float64Array(ends.length);
    let reach = -Infinity;
    for (let i = 0; i < ends.length; i++) reaches[i] = reach = Math.max(reach, ends[i]!);
    return reaches;
  }
}
