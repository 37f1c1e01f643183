/**
 * Threads that wait for a change of a word in memory: by address space and address, in the order
 * they came.
 *
 * @module
 */

/** A word in memory. */
export interface FutexKey {
  /** Number of the task whose address space it is in; 0 for the kernel's. */
  readonly space: number;
  /** Virtual address. */
  readonly address: bigint;
}

/** The threads that wait for one word. */
export interface FutexRecord extends FutexKey {
  /** Their numbers, first come first. */
  readonly threads: readonly number[];
}

/** Waiting threads, by their numbers. A word that nobody waits for is not in the table. */
export class FutexTable {
  readonly #spaces = new Map<number, Map<bigint, number[]>>();

  /** The threads that wait for a word, first come first. */
  waiters({ space, address }: FutexKey): readonly number[] {
    return this.#spaces.get(space)?.get(address) ?? [];
  }

  /** A thread waits for a word, behind those that do. */
  add(key: FutexKey, thread: number): void {
    const words = this.#spaces.get(key.space) ?? new Map<bigint, number[]>();
    const threads = words.get(key.address) ?? [];
    threads.push(thread);
    words.set(key.address, threads);
    this.#spaces.set(key.space, words);
  }

  /** A thread that waits for a word waits no longer. */
  remove({ space, address }: FutexKey, thread: number): void {
    const words = this.#spaces.get(space);
    const threads = words?.get(address);
    const at = threads?.indexOf(thread) ?? -1;
    if (words === undefined || threads === undefined || at < 0) return;
    threads.splice(at, 1);
    if (threads.length > 0) return;
    words.delete(address);
    if (words.size === 0) this.#spaces.delete(space);
  }

  /** Everything there is to know. */
  save(): readonly FutexRecord[] {
    return [...this.#spaces].flatMap(([space, words]) =>
      Array.from(words, ([address, threads]) => ({ space, address, threads: threads.slice() }))
    );
  }

  /** Takes over what {@linkcode FutexTable.save} returned. */
  restore(records: readonly FutexRecord[]): void {
    this.#spaces.clear();
    for (const { threads, ...key } of records) {
      for (const thread of threads) this.add(key, thread);
    }
  }
}
