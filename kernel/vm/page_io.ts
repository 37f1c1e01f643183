/**
 * Page-ins from files: requests, their completion interrupts and their results.
 *
 * @module
 */

import { type Clock, InterruptLine } from "../clock.ts";

/** A page to be read. */
export interface PageRequest {
  /** Physical address of the first byte in the file. */
  readonly source: bigint;
  /** Bytes to read, up to a page; the rest of the page is zeros. */
  readonly size: number;
  /** Called with the frame when the page has been read, or `null` if there was no memory for it. */
  readonly done: (frame: bigint | null) => void;
}

/** A device that reads pages, one after another, each taking the same time. */
export class PageIo {
  readonly #clock: Clock;
  readonly #latency: number;
  readonly #queue: { readonly request: PageRequest; readonly time: number }[] = [];
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
}
