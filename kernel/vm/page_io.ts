/**
 * Page-ins from files: requests, their completion interrupts and their results.
 *
 * @module
 */

import { type Clock, InterruptLine } from "../clock.ts";
import type { Fault } from "./fault_types.ts";
import type { VmEntry } from "./vm_map.ts";

/** A page to be read. */
export interface PageRequest {
  /** Physical address of the first byte in the file. */
  readonly source: bigint;
  /** Bytes to read, up to a page; the rest of the page is zeros. */
  readonly size: number;
  /** Number of the thread that waits for the page. */
  readonly thread: number;
  /** What it needs the page for. */
  readonly fault: Fault;
  /** The map entry of the page when it was asked for. */
  readonly entry: VmEntry;
}

/** A request under way. */
export interface PendingPage {
  /** The request. */
  readonly request: PageRequest;
  /** Clock value at which it is finished. */
  readonly time: number;
}

/** Everything the device keeps. */
export interface PageIoRecord {
  /** Requests under way, the first to be finished first. */
  readonly queue: readonly PendingPage[];
  /** Clock value from which the device is idle. */
  readonly busyUntil: number;
}

/** A device that reads pages, one after another, each taking the same time. */
export class PageIo {
  readonly #clock: Clock;
  readonly #latency: number;
  #queue: PendingPage[] = [];
  #busyUntil = 0;

  /** A page takes `latency` instructions. */
  constructor(clock: Clock, options: { latency: number }) {
    this.#clock = clock;
    this.#latency = options.latency;
  }

  /** Starts reading; the device raises its interrupt when it is done. */
  submit(request: PageRequest): void {
    const time = Math.max(this.#clock.now, this.#busyUntil) + this.#latency;
    this.#busyUntil = time;
    this.#queue.push({ request, time });
    this.#clock.schedule({ time, line: InterruptLine.IO });
  }

  /** The next finished request, or `undefined`. */
  takeFinished(): PageRequest | undefined {
    const first = this.#queue[0];
    if (first === undefined || first.time > this.#clock.now) return undefined;
    this.#queue.shift();
    return first.request;
  }

  /** Everything there is to know. */
  save(): PageIoRecord {
    return { queue: this.#queue.slice(), busyUntil: this.#busyUntil };
  }

  /** Takes over a record. */
  restore(record: PageIoRecord): void {
    this.#queue = record.queue.slice();
    this.#busyUntil = record.busyUntil;
  }
}
