/**
 * The event stream as JSON lines: one object a line with `seq`, `time`, `cpu`, `type` and the
 * type's fields, always in the same order, so that equal runs give equal bytes. Addresses and
 * machine words are text, `"0x…"`.
 *
 * @module
 */
import { TraceError } from "./errors.ts";
import { decodeEvent, encodeEvent, isRecord } from "./event_codec.ts";
import type { KernelEvent } from "./events.ts";
import { TextSink, type TextWriter } from "./text_sink.ts";

/**
 * Writes events as JSON lines.
 *
 * @example A run as a file of lines
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { archByName, JsonLines, Machine, moduleHello } from "@trapline/trapline";
 *
 * let lines = "";
 * const sinks = [new JsonLines((text) => lines += text)];
 * using machine = new Machine({
 *   arch: archByName("x86_64"),
 *   modules: [await moduleHello("x86_64")],
 *   sinks,
 * });
 * machine.run(); // then Deno.writeTextFile("run.jsonl", lines)
 * console.log(lines.split("\n").length);
 * ```
 */
export class JsonLines extends TextSink {
  /**
   * Makes a sink.
   * @param writer called with each line, newline included
   */
  constructor(writer: TextWriter) {
    super(writer);
  }

  /** The line of an event. */
  protected override format(event: KernelEvent): string {
    return formatJsonLine(event);
  }
}

/**
 * The JSON line of one event, newline included.
 * @param event the event
 */
export function formatJsonLine(event: KernelEvent): string {
  return `${JSON.stringify(encodeEvent(event))}\n`;
}

/**
 * Reads events back. The stream may be a part of a run, but its `seq` must rise.
 * @param input JSON lines, the last newline optional
 * @returns the events, equal to those that were written
 * @throws {TraceError} `syntax`, `shape`, `unknown-type` or `order`, with the line and the field
 */
export function parseJsonLines(input: string): KernelEvent[] {
  const lines = input.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const events: KernelEvent[] = [];
  for (const [index, source] of lines.entries()) {
    const event = parseJsonLine(source, index + 1);
    const before = events.at(-1)?.seq ?? -1;
    if (event.seq <= before) {
      throw new TraceError("order", {
        line: index + 1,
        field: "seq",
        message: `field "seq" is ${event.seq} after ${before}`,
      });
    }
    events.push(event);
  }
  return events;
}

function parseJsonLine(source: string, line: number): KernelEvent {
  let json: unknown;
  try {
    json = JSON.parse(source);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TraceError("syntax", { line, message: `it is not JSON (${message})` });
  }
  if (!isRecord(json)) {
    throw new TraceError("shape", { line, message: "it is not a JSON object" });
  }
  return decodeEvent(json, line);
}
