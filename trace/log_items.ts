/**
 * What a boot log says, as items: the common ground of the event stream and of the text of the Mach
 * log, so that one grammar checks both.
 *
 * The text of a log cannot tell a kernel message from console output, nor where one message ended
 * and the next began: adjacent texts are joined and cut after each newline. Events the log does not
 * show have no item.
 *
 * @module
 */
import type {
  ContextSwitchEvent,
  KernelEvent,
  LabelledWord,
  StackHandoffEvent,
  ThreadRef,
} from "./events.ts";
import { formatMachEvent } from "./mach_log.ts";

/** A line of text, newline included, or the part of a line before or after a record. */
export interface TextItem {
  /** Discriminant. */
  readonly type: "text";
  /** The text; a newline stands at its end or nowhere. */
  readonly text: string;
}

/** A synchronous exception. */
export interface ExceptionItem {
  /** Discriminant. */
  readonly type: "exception";
  /** Privilege it came from: `EL0`, `EL1`, `CPL 3`, `CPL 0`. */
  readonly origin: string;
  /** What the handler found, in order. */
  readonly words: readonly LabelledWord[];
}

/** An interrupt. */
export interface InterruptItem {
  /** Discriminant. */
  readonly type: "irq";
  /** Whether it interrupted user code or the kernel. */
  readonly mode: "user" | "kernel";
}

/** The continuation of a user page fault. */
export interface PageFaultItem {
  /** Discriminant. */
  readonly type: "page-fault";
  /** Mach kernel return code. */
  readonly kr: number;
}

/** A return to user mode. */
export interface ExceptionReturnItem {
  /** Discriminant. */
  readonly type: "exception-return";
  /** User address. */
  readonly pc: bigint;
}

/** A thread that takes asynchronous system traps. */
export interface AstItem {
  /** Discriminant. */
  readonly type: "ast";
  /** The thread. */
  readonly thread: ThreadRef;
}

/** What an item says. */
export type LogItemBody =
  | TextItem
  | ContextSwitchEvent
  | StackHandoffEvent
  | ExceptionItem
  | InterruptItem
  | PageFaultItem
  | ExceptionReturnItem
  | AstItem;

/** One item of a log, with its place. */
export type LogItem = LogItemBody & {
  /** Where it comes from: `seq` of an event, or a line of text from 1. */
  readonly at: number;
};

/** Collects items; joins adjacent texts and cuts them into lines. */
export class LogItemBuilder {
  readonly #items: LogItem[] = [];

  /** The items so far. */
  get items(): LogItem[] {
    return this.#items;
  }

  /** Whether the last item is text without its newline. */
  get lineOpen(): boolean {
    const last = this.#items.at(-1);
    return last?.type === "text" && !last.text.endsWith("\n");
  }

  /** Appends a record. */
  add(body: Exclude<LogItemBody, TextItem>, at: number): void {
    this.#items.push({ ...body, at });
  }

  /**
   * Appends text, joined to a line that is open.
   * @param text any text
   * @param at its place
   */
  addText(text: string, at: number): void {
    for (const line of text.split(/(?<=\n)/)) {
      if (line === "") continue;
      const last = this.#items.at(-1);
      if (this.lineOpen && last?.type === "text") {
        this.#items[this.#items.length - 1] = { ...last, text: last.text + line };
      } else {
        this.#items.push({ type: "text", text: line, at });
      }
    }
  }
}

/**
 * The items of an event stream: those of the Mach log that would be written from it.
 * @param events the stream
 */
export function toLogItems(events: Iterable<KernelEvent>): LogItem[] {
  const builder = new LogItemBuilder();
  for (const event of events) {
    const body = recordOf(event);
    if (body !== null) builder.add(body, event.seq);
    else builder.addText(formatMachEvent(event, { lineOpen: builder.lineOpen }), event.seq);
  }
  return builder.items;
}

/** The record an event is in the log; null if it is text, or nothing. */
function recordOf(event: KernelEvent): Exclude<LogItemBody, TextItem> | null {
  const { type } = event;
  switch (type) {
    case "context-switch": {
      const { from, fromContinuation, to, toContinuation } = event;
      return { type, from, fromContinuation, to, toContinuation };
    }
    case "stack-handoff":
      return { type, from: event.from, to: event.to };
    case "exception":
      return { type, origin: event.origin, words: event.words };
    case "irq":
      return { type, mode: event.mode };
    case "page-fault":
      return { type, kr: event.kr };
    case "exception-return":
      return { type, pc: event.pc };
    case "ast":
      return { type, thread: event.thread };
    default:
      return null;
  }
}
