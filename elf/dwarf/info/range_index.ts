/**
 * Ranges of addresses that may be in one another, or overlap, and whose they are.
 *
 * @module
 */
import { type Address, ascendingOrder, countNotAbove } from "../../../bytes/mod.ts";
import { DwarfError } from "../errors.ts";

/** Ranges that one index may have. */
const RANGE_LIMIT = 2 ** 21;

/** So few ranges are always looked through one by one, as most indexes are of one function, */
const FEW = 16;

/** and so many at most, for so many look-ups: putting them in order takes longer than these. */
const MANY = 4096;
const OFTEN = 64;

/** Ranges by their addresses. All are added before the first look-up. */
export class RangeIndex {
  #begins: number[] = [];
  /** Ends and owners, in turn. */
  #rest: number[] = [];
  /** Look-ups so far. */
  #asked = 0;
  /** Where the owner of addresses changes, and who it is from there on; −1 for nobody. */
  #starts: number[] | undefined;
  readonly #changes: number[] = [];
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
    const begins = this.#begins;
    if (begins.length >= RANGE_LIMIT) {
      const message = `Index has over ${RANGE_LIMIT} ranges, expected fewer`;
      throw new DwarfError("index", message, { source: ".debug_info" });
    }
    begins.push(begin);
    this.#rest.push(end, owner);
  }

  /** Owner of an address; of several ranges that have it, the preferred one. */
  at(address: Address): number | undefined {
    if (this.#starts === undefined) {
      const count = this.#begins.length;
      if (count <= FEW || count <= MANY && this.#asked++ < OFTEN) return this.#search(address);
      this.#starts = this.#flatten();
    }
    const owner = this.#changes[countNotAbove(this.#starts, address) - 1] ?? -1;
    return owner < 0 ? undefined : owner;
  }

  #search(address: Address): number | undefined {
    const begins = this.#begins;
    const rest = this.#rest;
    const isLast = this.#preferred === "last";
    let latest = -Infinity;
    let owner: number | undefined;
    for (let i = begins.length - 1; i >= 0; i--) {
      const begin = begins[i]!;
      if (!(begin <= address && address < rest[2 * i]!) || begin < latest) continue;
      owner = rest[2 * i + 1]!;
      if (isLast) break;
      latest = begin;
    }
    return owner;
  }

  /** Goes through all ranges from the first address on. */
  #flatten(): number[] {
    const begins = this.#begins;
    const rest = this.#rest;
    const order = ascendingOrder(begins);
    const starts: number[] = [];
    const changes = this.#changes;
    let reach = -Infinity;
    for (let first = 0, end = 1; first < order.length; first = end++) {
      const i = order[first]!;
      const begin = begins[i]!;
      if (begin > reach && first > 0) {
        starts.push(reach);
        changes.push(-1);
      }
      reach = rest[2 * i]!;
      for (; end < order.length && begins[order[end]!]! < reach; end++) {
        reach = Math.max(reach, rest[2 * order[end]!]!);
      }
      if (end > first + 1) this.#flattenInside(order.subarray(first, end), starts);
      else {
        starts.push(begin);
        changes.push(rest[2 * i + 1]!);
      }
    }
    starts.push(reach);
    changes.push(-1);
    this.#begins = this.#rest = [];
    return starts;
  }

  /**
   * Of ranges that begin together, the one that was added first is put last. Those that it covers
   * are left out: linkers leave very many at address 0, of functions that they have dropped.
   */
  #firstLast(order: Uint32Array): Uint32Array {
    const begins = this.#begins;
    let count = 0;
    for (let at = 0; at < order.length;) {
      const begin = begins[order[at]!]!;
      const first = count;
      let reach = -Infinity;
      for (; at < order.length && begins[order[at]!] === begin; at++) {
        const end = this.#rest[2 * order[at]!]!;
        if (end <= reach) continue;
        reach = end;
        order[count++] = order[at]!;
      }
      if (count > first + 1) order.subarray(first, count).reverse();
    }
    return order.subarray(0, count);
  }

  /** Goes through ranges that are in one another, with those that are open. */
  #flattenInside(order: Uint32Array, starts: number[]): void {
    const begins = this.#begins;
    const rest = this.#rest;
    const changes = this.#changes;
    const byNumber = this.#preferred === "last";
    if (!byNumber) order = this.#firstLast(order);
    // What is open is named by what makes it preferred: its number as added, or in the order.
    const open = new Heap();
    const endOf = (rank: number) => rest[2 * (byNumber ? rank : order[rank]!)]!;
    const ownerOf = (rank: number) =>
      rank < 0 ? -1 : rest[2 * (byNumber ? rank : order[rank]!) + 1]!;
    for (let next = 0; next < order.length || open.greatest >= 0;) {
      const begin = next < order.length ? begins[order[next]!]! : Infinity;
      let at = open.greatest < 0 ? Infinity : endOf(open.greatest);
      if (at <= begin) {
        // Ranges that were not preferred may have ended before.
        while (open.greatest >= 0 && endOf(open.greatest) <= at) open.pop();
      } else {
        at = begin;
        open.push(byNumber ? order[next]! : next);
        next++;
      }
      // Of several changes at one address the last counts.
      if (starts.length > 0 && starts[starts.length - 1] === at) {
        starts.pop();
        changes.pop();
      }
      starts.push(at);
      changes.push(ownerOf(open.greatest));
    }
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
