/**
 * A sink that keeps what it is given.
 *
 * @module
 */
import type { EventSink, KernelEvent } from "./events.ts";

/**
 * Keeps every event, in order.
 *
 * @example What happened just before the end
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { archByName, Machine, moduleHello, Recorder } from "@trapline/trapline";
 *
 * const recorder = new Recorder();
 * const sinks = [recorder];
 * using machine = new Machine({
 *   arch: archByName("x86_64"),
 *   modules: [await moduleHello("x86_64")],
 *   sinks,
 * });
 * machine.run();
 * console.log(recorder.events.slice(-3));
 * ```
 */
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
