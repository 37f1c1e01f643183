/**
 * Stamps events and hands them to the sinks.
 *
 * @module
 */

import type { EventBody, EventSink, KernelEvent } from "../trace/events.ts";

/** The one place events are made. */
export class Emitter {
  #sinks: readonly EventSink[];
  readonly #now: () => number;
  #seq = 0;
  #cpu = 0;
  /** Who is to hear again, if nobody does for now. */
  #resting: readonly EventSink[] | null = null;
  #thrown: { readonly error: unknown } | null = null;

  /** Events go to all `sinks`, in order; `now` is the instruction clock. */
  constructor(sinks: readonly EventSink[], now: () => number) {
    this.#sinks = sinks;
    this.#now = now;
  }

  /** From now on events go to other sinks. */
  connect(sinks: readonly EventSink[]): void {
    if (this.#resting === null) this.#sinks = sinks;
    else this.#resting = sinks;
  }

  /** Whether events are counted, but told to nobody: they were told before. */
  get muted(): boolean {
    return this.#resting !== null;
  }
  set muted(muted: boolean) {
    if (muted === this.muted) return;
    const resting = this.#resting ?? [];
    this.#resting = muted ? this.#sinks : null;
    this.#sinks = muted ? [] : resting;
  }

  /** Who hears, or will again. */
  get #connected(): readonly EventSink[] {
    return this.#resting ?? this.#sinks;
  }

  /** Adds a sink behind the others, until the result is disposed of. */
  listen(sink: EventSink): Disposable {
    this.connect([...this.#connected, sink]);
    return {
      [Symbol.dispose]: () => this.connect(this.#connected.filter((each) => each !== sink)),
    };
  }

  /** While nobody else hears, has one sink hear all the same, until the result is disposed of. */
  overhear(sink: EventSink): Disposable {
    this.#sinks = [sink];
    return {
      [Symbol.dispose]: () => {
        this.#sinks = [];
      },
    };
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

  /** Emits one event: all sinks see it, whatever one of them throws. */
  emit(body: EventBody): void {
    const seq = this.#seq++;
    if (!this.heard) return;
    const event: KernelEvent = { seq, time: this.#now(), cpu: this.#cpu, ...body };
    for (const sink of this.#sinks) {
      try {
        sink.write(event);
      } catch (error) {
        this.#thrown ??= { error };
      }
    }
  }

  /** Whether {@linkcode rethrow} throws. */
  get failed(): boolean {
    return this.#thrown !== null;
  }

  /**
   * Throws the first error that a sink has thrown since the last time. Not where the event was
   * emitted, as the kernel was in the middle of something there.
   */
  rethrow(): void {
    const thrown = this.#thrown;
    this.#thrown = null;
    if (thrown !== null) throw thrown.error;
  }

  /** Emits a kernel message; the text includes its newline. */
  message(text: string): void {
    this.emit({ type: "message", text });
  }
}
