/**
 * Names of threads: `TID`, or `pPID.TID` with the extension `multiprocess`, in hexadecimal.
 *
 * @module
 */
import { GdbProtocolError } from "./errors.ts";
import { parseHexInteger } from "./hex.ts";

/** Stands for all threads, or all processes. */
export const ALL: number = -1;
/** Stands for any thread, or any process. */
export const ANY: number = 0;

/** Names a thread, all of a process, or any. */
export interface ThreadId {
  /** The process, {@linkcode ALL}, {@linkcode ANY}, or undefined if it was not said. */
  readonly process?: number | undefined;
  /** The thread, {@linkcode ALL}, or {@linkcode ANY}. */
  readonly thread: number;
}

/** Reads the name of a thread. Throws {@linkcode GdbProtocolError} (`thread-id`). */
export function parseThreadId(text: string): ThreadId {
  const [, first, second] = /^p(-1|[0-9a-f]{1,13})(?:\.(-1|[0-9a-f]{1,13}))?$/i.exec(text) ?? [];
  if (first !== undefined) {
    const process = one(first);
    const thread = second === undefined ? ALL : one(second);
    // All processes have no thread of a certain number.
    if (process !== ALL || thread === ALL) return { process, thread };
  } else if (/^(-1|[0-9a-f]{1,13})$/i.test(text)) return { thread: one(text) };
  throw new GdbProtocolError("thread-id", "Cannot read the name of a thread", {
    packet: text,
    offset: 0,
    expected: "TID or pPID.TID in hexadecimal digits, or -1",
  });
}

function one(text: string): number {
  return text === "-1" ? ALL : parseHexInteger(text);
}

/** The name of a thread, with its process if that is said. */
export function formatThreadId(id: ThreadId): string {
  const thread = id.thread.toString(16);
  return id.process === undefined ? thread : `p${id.process.toString(16)}.${thread}`;
}
