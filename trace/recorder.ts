/**
 * A sink that keeps what it is given.
 *
 * @module
 */
import type { EventSink, KernelEvent } from "./events.ts";

/** Keeps every event, in order. */
export class Recorder implements EventSink {
  readonly #events: KernelEvent[] = [];

  /** The events so far, in order; grows with the stream. */
  get events(): readonly KernelEvent[] {
    return this.#events;
  }

  /** Takes one event. */
  write(event: KernelEvent): void {
    this.#events.push(event);
  }
}
