/**
 * What the host writes to watched memory, as the machine's kernel or as its processor.
 *
 * @module
 */

import type { WatchWindow } from "../unicorn/mod.ts";
import type { WatchHit, WatchRange } from "./arch.ts";
import { PAGE_SIZE, type PhysicalMemory } from "./physical_memory.ts";

const PAGE = BigInt(PAGE_SIZE);
const PAGE_MASK = PAGE - 1n;

/** A write to watched bytes that is not told yet. */
interface HostWrite extends Pick<WatchHit, "range" | "address" | "before" | "by" | "pc"> {
  /** Index in RAM. */
  readonly offset: number;
}

/** What {@linkcode HostWrites} asks for. */
export interface HostWritesOptions {
  /** RAM. */
  readonly memory: PhysicalMemory;
  /** Page frames a page of a range is in now. */
  readonly framesOf: (range: WatchRange, page: bigint) => Iterable<bigint>;
  /** Program counter. */
  readonly pc: () => bigint;
}

/** The writes of the host since they were last taken. */
export class HostWrites {
  readonly #options: HostWritesOptions;
  #ranges: readonly WatchRange[] = [];
  #windows: readonly WatchWindow[] = [];
  #writes: HostWrite[] = [];
  /** Whose writes they are: the processor's while the CPU runs. */
  by: "cpu" | "kernel" = "kernel";

  /** Watches nothing yet. */
  constructor(options: HostWritesOptions) {
    this.#options = options;
  }

  /** Watches ranges, whose windows are given too, from now on. */
  watch(ranges: readonly WatchRange[], windows: readonly WatchWindow[]): void {
    this.#ranges = ranges;
    this.#windows = windows;
    this.#writes = this.#writes.filter(({ range }) => ranges.includes(range));
    this.#options.memory.onWrite = ranges.length === 0
      ? null
      : (offset, size) => this.#onWrite(offset, size);
  }

  /** Forgets what has been written. */
  clear(): void {
    this.#writes = [];
  }

  /** Whether anything has been written. */
  get any(): boolean {
    return this.#writes.length > 0;
  }

  /** What has been written; it is forgotten. */
  take(): WatchHit[] {
    const { bytes } = this.#options.memory;
    const hits = this.#writes.map(({ offset, ...write }): WatchHit => ({
      ...write,
      access: "write",
      value: bytes.slice(offset, offset + write.before.length),
    }));
    this.#writes = [];
    return hits;
  }

  /** Bytes of RAM are about to be written. */
  #onWrite(offset: number, size: number): void {
    for (let at = offset; at < offset + size;) {
      const begin = at % PAGE_SIZE;
      const end = Math.min(PAGE_SIZE, begin + offset + size - at);
      if (this.#windows.some((w) => w.writes && begin < w.end && end > w.begin)) {
        this.#onPageWrite(at - begin, { begin, end });
      }
      at += end - begin;
    }
  }

  /** A write within the page frame at an index of RAM. */
  #onPageWrite(index: number, part: { begin: number; end: number }): void {
    const { memory, framesOf } = this.#options;
    const frame = memory.base + BigInt(index);
    for (const range of this.#ranges) {
      if (!range.writes) continue;
      const behind = range.address + BigInt(range.size);
      for (let page = range.address & ~PAGE_MASK; page < behind; page += PAGE) {
        const first = Number(range.address > page ? range.address - page : 0n);
        const begin = Math.max(part.begin, first);
        const end = Math.min(part.end, Number(behind - page < PAGE ? behind - page : PAGE));
        if (begin >= end || ![...framesOf(range, page)].includes(frame)) continue;
        const address = page + BigInt(begin);
        this.#note(range, { address, offset: index + begin, size: end - begin });
      }
    }
  }

  /** The same bytes several times are one write. */
  #note(
    range: WatchRange,
    { address, offset, size }: { address: bigint; offset: number; size: number },
  ): void {
    const isKnown = this.#writes.some((write) =>
      write.range === range && write.address === address && write.before.length === size
    );
    if (isKnown) return;
    const { memory, pc } = this.#options;
    const before = memory.bytes.slice(offset, offset + size);
    this.#writes.push({ range, address, offset, before, by: this.by, pc: pc() });
  }
}
