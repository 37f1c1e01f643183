/**
 * One stream into several sinks.
 *
 * @module
 */
import type { EventSink, KernelEvent } from "./events.ts";

/** Gives every event to each of its sinks, in the order they were given. */
export class Tee implements EventSink {
  readonly #sinks: readonly EventSink[];

  /**
   * Joins sinks.
   * @param sinks receivers of every event
   */
  constructor(sinks: readonly EventSink[]) {
    this.#sinks = [...sinks];
  }

  /** Takes one event. */
  write(event: KernelEvent): void {
    for (const sink of this.#sinks) sink.write(event);
  }
}
