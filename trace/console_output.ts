/**
 * What programs print, apart from what the kernel says.
 *
 * @module
 */
import type { ConsoleEvent, EventSink, KernelEvent } from "./events.ts";

/** Bytes of a console event's text, which has one character for each. */
export function consoleBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Passes on what programs print, byte for byte, and nothing else. */
export class ConsoleOutput implements EventSink {
  readonly #writer: (bytes: Uint8Array) => void;

  /**
   * Makes a sink.
   * @param writer called with the bytes of each console event; must not throw
   */
  constructor(writer: (bytes: Uint8Array) => void) {
    this.#writer = writer;
  }

  /** Takes one event. */
  write(event: KernelEvent): void {
    if (event.type === "console") this.#writer(consoleBytes(event.text));
  }
}

/** Most that is held of a line. */
const LINE_LIMIT = 1 << 16;

/**
 * Holds what programs print until a line is whole, so that no record of a log stands within it, and
 * reads its bytes as UTF-8. All other events are passed on as they come. What is left when a task
 * is over, or the machine halts, is made a line; what is left at the end or is too long for a line
 * is passed on as it is.
 */
export class ConsoleLines implements EventSink {
  readonly #sink: EventSink;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #last: (KernelEvent & ConsoleEvent) | undefined;
  #held = "";
  #isWithinLine = false;

  /**
   * Makes a sink.
   * @param sink receives the stream with whole lines in its console events
   */
  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  /** Takes one event. */
  write(event: KernelEvent): void {
    if (event.type !== "console") {
      if (this.#isWithinLine && (event.type === "task-exit" || event.type === "halt")) {
        this.#isWithinLine = false;
        this.#pass("\n", { stream: false });
      }
      this.#sink.write(event);
      return;
    }
    if (event.text === "") return;
    this.#last = event;
    this.#isWithinLine = !event.text.endsWith("\n");
    const end = event.text.lastIndexOf("\n") + 1;
    if (end > 0) this.#pass(event.text.slice(0, end), { stream: false });
    this.#held += event.text.slice(end);
    if (this.#held.length >= LINE_LIMIT) this.#pass("", { stream: true });
  }

  /** Passes on a line that is not whole. */
  flush(): void {
    this.#pass("", { stream: false });
  }

  /** Passes on what is held and more; what follows may be the rest of a character. */
  #pass(more: string, options: { stream: boolean }): void {
    const text = this.#decoder.decode(consoleBytes(this.#held + more), options);
    this.#held = "";
    if (text !== "" && this.#last !== undefined) this.#sink.write({ ...this.#last, text });
  }
}
