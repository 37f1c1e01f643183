/**
 * The list of threads (`qXfer:threads`).
 *
 * @module
 */
import { numberOf, parseList, required } from "./read_xml.ts";
import { formatThreadId, parseThreadId, type ThreadId } from "../thread_id.ts";
import { xmlElement, xmlText } from "./write_xml.ts";

/** What is said of a thread. */
export interface ListedThread {
  /** Which one. */
  readonly id: ThreadId;
  /** Its name. */
  readonly name?: string | undefined;
  /** The processor it was on last. */
  readonly core?: number | undefined;
  /** What it does, in words. */
  readonly state?: string | undefined;
}

/** A list of threads as it is sent. */
export function formatThreads(threads: Iterable<ListedThread>): string {
  const elements = Array.from(threads, ({ id, name, core, state }) =>
    xmlElement(
      "thread",
      { id: formatThreadId(id), core, name },
      state === undefined ? undefined : [xmlText(state)],
    ));
  return `<?xml version="1.0"?>\n${xmlElement("threads", {}, elements)}\n`;
}

/** Reads a list of threads. Throws `GdbProtocolError` (`description` or `thread-id`). */
export function parseThreads(text: string): ListedThread[] {
  return parseList(text, "threads", "thread").map((each) => ({
    id: parseThreadId(required(each, "id")),
    name: each.attributes.get("name"),
    core: each.attributes.has("core") ? numberOf(each, "core", 0, 1 << 20) : undefined,
    state: each.text.trim() || undefined,
  }));
}
