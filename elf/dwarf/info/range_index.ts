/**
 * Ranges of addresses that may be in one another, or overlap, and whose they are.
 *
 * @module
 */
import { type Address, partitionPoint } from "../../../bytes/mod.ts";
import { DwarfError } from "../errors.ts";

/** Ranges that one index may have. */
const RANGE_LIMIT = 2 ** 21;

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

  /**
   * @param preferred Which of several ranges has an address: `last`, the one that was added last,
   * as what is inside comes after what it is in, even if that is in pieces; `first`, the one that
   * begins last and, of those that begin there, the one that was added first.
   */
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

  /** Owner of an address; of several ranges that have it, the preferred one. */
  at(address: Address): number | undefined {
    const starts = this.#starts ??= this.#flatten();
    const changed = partitionPoint(starts.length, (i) => starts[i]! <= address);
    const owner = changed === 0 ? -1 : this.#changes[changed - 1]!;
    return owner < 0 ? undefined : owner;
  }

  /** Goes through all ranges from the first address on, with those that are open. */
  #flatten(): number[] {
    const begins = this.#begins;
    const ends = this.#ends;
    const owners = this.#owners;
    const order = sorted(begins, this.#preferred);
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
    // What is open is named by what makes it preferred: its number as added, or in the order.
    const byNumber = this.#preferred === "last";
    const open = new Heap();
    const endOf = (rank: number) => ends[byNumber ? rank : order[rank]!]!;
    const ownerOf = (rank: number) => rank < 0 ? -1 : owners[byNumber ? rank : order[rank]!]!;
    for (let next = 0; next < order.length || open.greatest >= 0;) {
      const begin = next < order.length ? begins[order[next]!]! : Infinity;
      const end = open.greatest < 0 ? Infinity : endOf(open.greatest);
      if (end <= begin) {
        // Ranges that were not preferred may have ended before.
        while (open.greatest >= 0 && endOf(open.greatest) <= end) open.pop();
        change(end, ownerOf(open.greatest));
      } else {
        open.push(byNumber ? order[next]! : next);
        next++;
        change(begin, ownerOf(open.greatest));
      }
    }
    this.#begins = this.#ends = this.#owners = [];
    this.#changes = changes;
    return starts;
  }
}

/** Numbers of which the greatest is at hand: each is greater than the two that are below it. */
class Heap {
  readonly #numbers: number[] = [];

  /** The greatest number; −1 if there is none. */
  get greatest(): number {
    return this.#numbers.length === 0 ? -1 : this.#numbers[0]!;
  }

  push(number: number): void {
    const numbers = this.#numbers;
    let at = numbers.length;
    numbers.push(number);
    while (at > 0) {
      const above = (at - 1) >>> 1;
      if (numbers[above]! >= number) break;
      numbers[at] = numbers[above]!;
      at = above;
    }
    numbers[at] = number;
  }

  /** Takes the greatest number away. */
  pop(): void {
    const numbers = this.#numbers;
    const number = numbers.pop();
    if (number === undefined || numbers.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= numbers.length) break;
      if (below + 1 < numbers.length && numbers[below + 1]! > numbers[below]!) below++;
      if (numbers[below]! <= number) break;
      numbers[at] = numbers[below]!;
      at = below;
    }
    numbers[at] = number;
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
