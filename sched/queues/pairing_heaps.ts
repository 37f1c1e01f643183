/**
 * Many queues in the order of a key over one range of numbers, each of which is in one queue at
 * most: pairing heaps (M. L. Fredman, R. Sedgewick, D. D. Sleator, R. E. Tarjan, "The Pairing Heap:
 * A New Form of Self-Adjusting Heap", Algorithmica 1, 1986). A heap is the number at its root, which
 * its owner keeps; the links are arrays indexed by number, so that a heap more costs nothing, and
 * nothing is allocated but when a larger number appears. Inserting costs the same always, removing
 * grows with the logarithm of the heap's size, on average over all operations.
 *
 *     root ──child──▶ a ◀─next/before─▶ b ◀──▶ c      no child has a smaller key than its parent;
 *                     └─child─▶ d …                    the first child's `before` is the parent
 *
 * @module
 */
import { grown } from "./grown.ts";

/** The empty heap, and no item. */
export const EMPTY = -1;

/** Heaps of numbers by key, the smallest first; equals by a second key. */
export class PairingHeaps {
  #child = new Int32Array(0);
  #next = new Int32Array(0);
  #before = new Int32Array(0);
  #keys = new Float64Array(0);
  #ties = new Float64Array(0);

  /** The key of an item; if it is in no heap, what it was when it left. */
  key(item: number): number {
    return this.#keys[item]!;
  }

  /** The second key of an item. */
  tie(item: number): number {
    return this.#ties[item]!;
  }

  /**
   * Adds an item that is in no heap.
   * @param root the heap, {@linkcode EMPTY} if nothing is in it
   * @param at its keys: any numbers but NaN
   * @returns the heap's new root
   */
  insert(root: number, item: number, key: number, tie: number): number {
    if (item >= this.#keys.length) this.#grow(item);
    this.#keys[item] = key;
    this.#ties[item] = tie;
    this.#child[item] = this.#next[item] = this.#before[item] = EMPTY;
    return root === EMPTY ? item : this.#meld(root, item);
  }

  /** Removes an item that is in the heap; returns the new root. */
  remove(root: number, item: number): number {
    const rest = this.#combine(this.#child[item]!);
    if (item === root) return rest;
    const before = this.#before[item]!;
    const next = this.#next[item]!;
    if (this.#child[before] === item) this.#child[before] = next;
    else this.#next[before] = next;
    if (next !== EMPTY) this.#before[next] = before;
    return rest === EMPTY ? root : this.#meld(root, rest);
  }

  /** Gives an item of the heap another key; returns the new root. */
  change(root: number, item: number, key: number): number {
    const tie = this.#ties[item]!;
    return this.insert(this.remove(root, item), item, key, tie);
  }

  /** The items of a heap, in order. */
  list(root: number): number[] {
    const items = root === EMPTY ? [] : [root];
    for (let place = 0; place < items.length; place++) {
      let child = this.#child[items[place]!]!;
      for (; child !== EMPTY; child = this.#next[child]!) items.push(child);
    }
    return items.sort((a, b) => this.#precedes(a, b) ? -1 : 1);
  }

  #precedes(a: number, b: number): boolean {
    const key = this.#keys[a]!;
    const other = this.#keys[b]!;
    return key < other || (key === other && this.#ties[a]! < this.#ties[b]!);
  }

  /** Makes one heap of two roots: the later one becomes the other's first child. */
  #meld(a: number, b: number): number {
    const root = this.#precedes(b, a) ? b : a;
    const other = root === a ? b : a;
    const child = this.#child[root]!;
    this.#next[other] = child;
    if (child !== EMPTY) this.#before[child] = other;
    this.#before[other] = root;
    this.#child[root] = other;
    return root;
  }

  /** Makes one heap of siblings: in pairs from the first to the last, then all pairs backward. */
  #combine(first: number): number {
    let pairs = EMPTY;
    while (first !== EMPTY) {
      const a = first;
      const b = this.#next[a]!;
      first = b === EMPTY ? EMPTY : this.#next[b]!;
      const pair = b === EMPTY ? a : this.#meld(a, b);
      this.#next[pair] = pairs;
      pairs = pair;
    }
    if (pairs === EMPTY) return EMPTY;
    let root = pairs;
    pairs = this.#next[root]!;
    while (pairs !== EMPTY) {
      const pair = pairs;
      pairs = this.#next[pair]!;
      root = this.#meld(root, pair);
    }
    this.#next[root] = this.#before[root] = EMPTY;
    return root;
  }

  #grow(item: number): void {
    this.#child = grown(this.#child, item);
    this.#next = grown(this.#next, item);
    this.#before = grown(this.#before, item);
    this.#keys = grown(this.#keys, item);
    this.#ties = grown(this.#ties, item);
  }
}
