/**
 * What the sinks that write text have in common.
 *
 * @module
 */
import type { EventSink, KernelEvent } from "./events.ts";

/** Takes the next piece of text; the pieces are to be joined without anything between them. */
export type TextWriter = (text: string) => void;

/**
 * A sink that turns events into text. A sink must not throw, so the first error of the writer is
 * kept in `error` and nothing more is written.
 */
export abstract class TextSink implements EventSink {
  readonly #writer: TextWriter;
  #error: unknown = undefined;

  /**
   * Makes a sink.
   * @param writer called with each piece of text, in order
   */
  constructor(writer: TextWriter) {
    this.#writer = writer;
  }

  /** The first error the writer threw; undefined if it never did. */
  get error(): unknown {
    return this.#error;
  }

  /** Text of an event; empty if this sink does not show it. */
  protected abstract format(event: KernelEvent): string;

  /** Takes one event; what the writer throws is kept in `error`. */
  write(event: KernelEvent): void {
    if (this.#error !== undefined) return;
    const text = this.format(event);
    if (text === "") return;
    try {
      this.#writer(text);
    } catch (error) {
      this.#error = error ?? new Error("Writer threw nothing");
    }
  }
}
