/**
 * The road from panic to unwind as a transcript: one line a step.
 *
 * @module
 */
import type { FrameEvent, KernelEvent, LandingEvent, UnwindEndEvent } from "./events.ts";
import { TextSink, type TextWriter } from "./text_sink.ts";

/** Makes function names readable, for example by demangling them. */
export type NameFormatter = (symbol: string) => string;

/** Writes every step of every unwinding, and what the unwound programs print meanwhile. */
export class UnwindLog extends TextSink {
  readonly #name: NameFormatter;
  #console = "";
  #ended = false;

  /**
   * Makes a log.
   * @param writer called with each line
   * @param name how function names are written; by default as in the symbol table
   */
  constructor(writer: TextWriter, name: NameFormatter = (symbol) => symbol) {
    super(writer);
    this.#name = name;
  }

  /** Lines of an event; empty for those that have nothing to do with unwinding. */
  protected override format(event: KernelEvent): string {
    switch (event.type) {
      case "console":
        return this.#output(event.text);
      case "panic":
        return `${event.cause}: ${event.reason}\n  context ${hex(event.context)}, thread ${
          hex(event.thread.address)
        } (${event.thread.task})\n`;
      case "frame":
        return this.#frame(event);
      case "landing":
        return this.#landing(event);
      case "unwind-resume":
        return `_Unwind_Resume(${hex(event.context)})\n`;
      case "unwind-end":
        return ended(event);
      case "task-exit":
        this.#ended = true;
        return `task ${event.task} ${
          event.reason === undefined ? `exited with code ${event.code}` : `killed: ${event.reason}`
        }\n`;
      case "context-switch":
      case "stack-handoff": {
        if (!this.#ended) return "";
        this.#ended = false;
        return `next thread: ${hex(event.to.address)} (${event.to.task})\n`;
      }
      default:
        return "";
    }
  }

  /** Whole lines of what programs print, marked. */
  #output(text: string): string {
    this.#console += text;
    const end = this.#console.lastIndexOf("\n");
    if (end < 0) return "";
    const lines = this.#console.slice(0, end).split("\n");
    this.#console = this.#console.slice(end + 1);
    return lines.map((line) => `| ${line}\n`).join("");
  }

  #frame(event: FrameEvent): string {
    const { index, pc, cfa, offset, source, action, certainty, doubt } = event;
    const name = event.function === "" ? "?" : `${this.#name(event.function)}+${hex(offset)}`;
    const reason = doubt === null ? "" : `: ${doubt}`;
    const sure = certainty === "exact" ? "" : ` (${certainty}${reason})`;
    return `  #${index} ${hex(pc)} ${name}${sure}, CFA ${hex(cfa)} by ${source}: ${action}\n`;
  }

  #landing(event: LandingEvent): string {
    const { landingPad, sp, selector, kind } = event;
    return `land at ${hex(landingPad)} in ${this.#name(event.function)}, SP ${
      hex(sp)
    }, selector ${selector}: ${kind}\n`;
  }
}

function ended(event: UnwindEndEvent): string {
  const how = event.outcome === "end-of-stack" ? "end of stack" : event.outcome;
  const why = event.reason === undefined ? "" : `, ${event.reason}`;
  return `unwinding over: ${how} after ${event.landings} landings${why}\n`;
}

function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
