/**
 * The snapshots that are kept of a run: many close to where its user is, few far away.
 *
 * @module
 */

import type { Snapshot } from "../kernel/snapshot/mod.ts";
import { MemoryUse } from "./memory_use.ts";
import { comparePositions, type Position } from "./position.ts";

/** A snapshot and where it was taken. */
export interface Checkpoint {
  /** Where. */
  readonly position: Position;
  /** How many edits had been made before. */
  readonly edits: number;
  /** The machine. */
  readonly snapshot: Snapshot;
}

/**
 * Between two snapshots there is at most this part of their distance from where the user is: so
 * going back by a distance costs replaying a fixed part of it, and the snapshots of a run grow with
 * the logarithm of its length.
 */
const PART = 1 / 16;

/** Snapshots in the order of their instants. The first is where history begins. */
export class Checkpoints {
  readonly #list: Checkpoint[] = [];
  readonly #use = new MemoryUse();
  /** Snapshots that stand for changes from outside: as long as history begins before them. */
  readonly #pinned = new MemoryUse();
  readonly #limit: number;

  /** Keeps as many as fit into about `limit` bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** All, the earliest first. */
  get all(): readonly Checkpoint[] {
    return this.#list;
  }

  /** Where history begins. */
  get first(): Checkpoint {
    return this.#list[0] as Checkpoint;
  }

  /** About how many bytes they take, and what is pinned. */
  get bytes(): number {
    return this.#use.bytes + this.#pinned.bytes;
  }

  /** Counts a snapshot that is kept for another reason. */
  pin(snapshot: Snapshot): void {
    this.#pinned.add(snapshot);
  }

  /** It is kept no more. */
  unpin(snapshot: Snapshot): void {
    this.#pinned.remove(snapshot);
  }

  /** Whether what is pinned takes more than half of the room: history has to begin later then. */
  get isPinnedFull(): boolean {
    return this.#pinned.bytes > this.#limit / 2 && this.#list.length > 1;
  }

  /** Has history begin at the second one. */
  forgetFirst(): void {
    this.#drop(0);
  }

  /** The last one that is not behind an instant. */
  at(position: Position): Checkpoint | undefined {
    return this.#list[this.#after(position) - 1];
  }

  /** The last one before an instant. */
  before(position: Position): Checkpoint | undefined {
    const i = this.#after(position) - 1;
    const found = this.#list[i];
    return found !== undefined && comparePositions(found.position, position) === 0
      ? this.#list[i - 1]
      : found;
  }

  /** Index of the first one behind an instant. */
  #after(position: Position): number {
    let low = 0;
    let high = this.#list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { position: other } = this.#list[middle] as Checkpoint;
      if (comparePositions(other, position) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Adds one, in place of one of the same instant; drops others that are now too many. */
  add(checkpoint: Checkpoint): void {
    const i = this.#after(checkpoint.position);
    const same = this.#list[i - 1];
    if (same !== undefined && comparePositions(same.position, checkpoint.position) === 0) {
      this.#use.remove(same.snapshot);
      this.#list[i - 1] = checkpoint;
    } else this.#list.splice(i, 0, checkpoint);
    this.#use.add(checkpoint.snapshot);
    this.#thin(checkpoint.position);
  }

  /** Drops those behind an instant: history goes on otherwise there. */
  forgetAfter(position: Position): void {
    for (const { snapshot } of this.#list.splice(this.#after(position))) {
      this.#use.remove(snapshot);
    }
  }

  /** Drops what is too close to its neighbors for its distance, and more if memory is short. */
  #thin(near: Position): void {
    for (let i = this.#list.length - 2; i > 0; i--) if (this.#room(i, near) < PART) this.#drop(i);
    const limit = this.#limit - Math.min(this.#pinned.bytes, this.#limit / 2);
    while (this.#use.bytes > limit && this.#list.length > 2) {
      let least = 1;
      for (let i = 2; i < this.#list.length - 1; i++) {
        if (this.#room(i, near) < this.#room(least, near)) least = i;
      }
      // The first and the one just added are all that is left to choose from.
      this.#drop(least);
    }
  }

  /** How far apart the neighbors of one are, beside its distance. */
  #room(i: number, near: Position): number {
    const instant = (at: number): number => this.#list[at]?.position.instructions ?? 0;
    const distance = Math.abs(instant(i) - near.instructions);
    return (instant(i + 1) - instant(i - 1)) / Math.max(1, distance);
  }

  #drop(i: number): void {
    for (const { snapshot } of this.#list.splice(i, 1)) this.#use.remove(snapshot);
  }
}
