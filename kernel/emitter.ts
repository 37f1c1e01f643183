/**
 * Stamps events and hands them to the sinks.
 *
 * @module
 */

import type { EventBody, EventSink, KernelEvent } from "../trace/events.ts";

/** The one place events are made. */
export class Emitter {
  readonly #sinks: readonly EventSink[];
  readonly #now: () => number;
  #seq = 0;
  #cpu = 0;

  /** Events go to all `sinks`, in order; `now` is the instruction clock. */
  constructor(sinks: readonly EventSink[], now: () => number) {
    this.#sinks = sinks;
    this.#now = now;
  }

  /** Whether there is a sink. What is costly to put together need not be where nobody listens. */
  get heard(): boolean {
    return this.#sinks.length > 0;
  }

  /** Number of the next event. */
  get seq(): number {
    return this.#seq;
  }
  set seq(value: number) {
    this.#seq = value;
  }

  /** What follows happens on a CPU, by its number. */
  on(cpu: number): void {
    this.#cpu = cpu;
  }

  /** Counts an event that nobody hears, where {@linkcode heard} has spared making it. */
  skip(): void {
    this.#seq++;
  }

  /** Emits one event. */
  emit(body: EventBody): void {
    const seq = this.#seq++;
    if (!this.heard) return;
    const event: KernelEvent = { seq, time: this.#now(), cpu: this.#cpu, ...body };
    for (const sink of this.#sinks) sink.write(event);
  }

  /** Emits a kernel message; the text includes its newline. */
  message(text: string): void {
    this.emit({ type: "message", text });
  }
}
