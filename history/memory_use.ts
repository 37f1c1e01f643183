/**
 * How much memory snapshots take that have parts in common.
 *
 * @module
 */

import type { Snapshot } from "../kernel/snapshot/mod.ts";

/** About what a snapshot takes beside page contents: measured, with all that it shares. */
const RECORDS = 8192;

/** Counts the bytes of snapshots: page contents once, and for the rest a fixed number. */
export class MemoryUse {
  /** How many snapshots have pages in a buffer. Pages are allocated several at once. */
  readonly #buffers = new Map<ArrayBufferLike, number>();
  #bytes = 0;

  /** Bytes of all. */
  get bytes(): number {
    return this.#bytes;
  }

  /** One more. */
  add(snapshot: Snapshot): void {
    this.#bytes += RECORDS;
    for (const buffer of buffersOf(snapshot)) {
      const count = this.#buffers.get(buffer) ?? 0;
      if (count === 0) this.#bytes += buffer.byteLength;
      this.#buffers.set(buffer, count + 1);
    }
  }

  /** One less. */
  remove(snapshot: Snapshot): void {
    this.#bytes -= RECORDS;
    for (const buffer of buffersOf(snapshot)) {
      const count = this.#buffers.get(buffer) ?? 1;
      if (count > 1) {
        this.#buffers.set(buffer, count - 1);
        continue;
      }
      this.#bytes -= buffer.byteLength;
      this.#buffers.delete(buffer);
    }
  }
}

function buffersOf({ ram }: Snapshot): Set<ArrayBufferLike> {
  const buffers = new Set<ArrayBufferLike>();
  let last: ArrayBufferLike | undefined;
  for (const { buffer } of ram.pages) {
    if (buffer !== last) buffers.add(buffer);
    last = buffer;
  }
  return buffers;
}
