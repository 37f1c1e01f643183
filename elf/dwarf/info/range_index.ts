/**
 * Ranges of addresses that may be in one another, or overlap, and whose they are.
 *
 * @module
 */
import type { Address } from "../../../bytes/mod.ts";
import { DwarfError } from "../errors.ts";

/** Ranges that one index may have. */
const RANGE_LIMIT = 2 ** 22;

/** Ranges by their addresses. All are added before the first look-up. */
export class RangeIndex {
  // Most indexes are of one function, and small: typed arrays would cost more than they save.
  #begins: number[] = [];
  #ends: number[] = [];
  #owners: number[] = [];
  /** Where the owner of addresses changes, and who it is from there on; −1 for nobody. */
  #starts: number[] | undefined;
  #changes: number[] = [];
  readonly #preferred: "first" | "last";

  /** @param preferred Which of several ranges that begin at one address has it, as added */
  constructor(preferred: "first" | "last") {
    this.#preferred = preferred;
  }

  /** Adds a range of the owner of a number. Throws {@linkcode DwarfError} if there are too many. */
  add(begin: Address, end: Address, owner: number): void {
    if (this.#begins.length >= RANGE_LIMIT) {
      const message = `Index has over ${RANGE_LIMIT} ranges, expected fewer`;
      throw new DwarfError("index", message, { source: ".debug_info" });
    }
    this.#begins.push(begin);
    this.#ends.push(end);
    this.#owners.push(owner);
  }

  /**
   * Owner of an address; of several ranges that have it, the one that begins last, and of those
   * that begin there, the preferred one.
   */
  at(address: Address): number | undefined {
    const starts = this.#starts ??= this.#flatten();
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    const owner = low === 0 ? -1 : this.#changes[low - 1]!;
    return owner < 0 ? undefined : owner;
  }

  /** Goes through all ranges from the first address on, with those that are open on a stack. */
  #flatten(): number[] {
    const begins = this.#begins;
    const ends = this.#ends;
    const owners = this.#owners;
    const starts: number[] = [];
    const changes: number[] = [];
    const change = (at: Address, owner: number) => {
      // Of several changes at one address the last counts.
      if (starts.length > 0 && starts[starts.length - 1] === at) {
        changes[changes.length - 1] = owner;
      } else {
        starts.push(at);
        changes.push(owner);
      }
    };
    const open: number[] = [];
    const closeUpTo = (address: Address) => {
      while (open.length > 0 && ends[open[open.length - 1]!]! <= address) {
        const end = ends[open.pop()!]!;
        // Ranges below may have ended before.
        while (open.length > 0 && ends[open[open.length - 1]!]! <= end) open.pop();
        change(end, open.length === 0 ? -1 : owners[open[open.length - 1]!]!);
      }
    };
    for (const i of sorted(begins, this.#preferred)) {
      closeUpTo(begins[i]!);
      open.push(i);
      change(begins[i]!, owners[i]!);
    }
    closeUpTo(Infinity);
    this.#begins = this.#ends = this.#owners = [];
    this.#changes = changes;
    return starts;
  }
}

/** Indexes in the order of their values; of values that are equal the preferred comes last. */
function sorted(values: readonly number[], preferred: "first" | "last"): number[] {
  const order: number[] = [];
  let ascends = true;
  for (let i = 0; i < values.length; i++) {
    order.push(i);
    if (i > 0) {
      const step = values[i]! - values[i - 1]!;
      ascends &&= preferred === "last" ? step >= 0 : step > 0;
    }
  }
  const sign = preferred === "first" ? -1 : 1;
  return ascends ? order : order.sort((a, b) => values[a]! - values[b]! || (a - b) * sign);
}
