/**
 * Answers to what makes a target run: why it stopped.
 *
 * @module
 */
import { GdbProtocolError } from "./errors.ts";
import { fromHex, parseHexInteger, parseHexNumber, toHex } from "./hex.ts";
import { formatThreadId, parseThreadId, type ThreadId } from "./thread_id.ts";

/** Names of the stops of data watchpoints. */
export type WatchKind = "watch" | "rwatch" | "awatch";

/** Why a thread stopped, beyond its signal. */
export type StopReason =
  /** At a breakpoint in memory, or of the processor's. */
  | { readonly kind: "swbreak" | "hwbreak" }
  /** A watchpoint for writes, reads or both, and an address in it. */
  | { readonly kind: WatchKind; readonly address: bigint }
  /** The list of loaded files has changed. */
  | { readonly kind: "library" }
  /** Where the history that a target keeps ends. */
  | { readonly kind: "replaylog"; readonly at: "begin" | "end" }
  /** Anything else, as it was said. */
  | { readonly kind: "other"; readonly name: string; readonly value: string };

/** Why a target stopped. */
export type StopReply =
  | {
    readonly kind: "stopped";
    /** The signal as gdb numbers it: 5 is SIGTRAP, 0 is none. */
    readonly signal: number;
    /** Who stopped. */
    readonly thread?: ThreadId | undefined;
    /** The processor it was on. */
    readonly core?: number | undefined;
    /** Why. */
    readonly reason?: StopReason | undefined;
    /** Registers that were told at once, by number, in hexadecimal as in `g`. */
    readonly registers?: ReadonlyMap<number, string> | undefined;
  }
  | { readonly kind: "exited"; readonly code: number; readonly process?: number | undefined }
  | { readonly kind: "killed"; readonly signal: number; readonly process?: number | undefined }
  | { readonly kind: "thread-exited"; readonly code: number; readonly thread: ThreadId }
  | { readonly kind: "no-resumed" }
  /** No stop at all: output of the target's. */
  | { readonly kind: "output"; readonly bytes: Uint8Array };

const REASONS_WITHOUT_VALUE = new Set(["swbreak", "hwbreak", "library"]);
const OTHER_REASONS = new Set([
  "fork",
  "vfork",
  "vforkdone",
  "exec",
  "create",
  "clone",
  "syscall_entry",
  "syscall_return",
]);
const WATCHES: ReadonlySet<string> = new Set(["watch", "rwatch", "awatch"]);

/** Reads an answer. Throws {@linkcode GdbProtocolError} (`stop-reply`, or what is in it). */
export function parseStopReply(text: string): StopReply {
  switch (text[0]) {
    case "S":
    case "T":
      return stopped(text);
    case "W":
    case "X": {
      const [, value, process] = /^.([0-9a-f]+)(?:;process:([0-9a-f]+))?$/i.exec(text) ?? [];
      if (value === undefined) break;
      const number = parseHexInteger(value);
      const of = process === undefined ? {} : { process: parseHexInteger(process) };
      return text[0] === "W"
        ? { kind: "exited", code: number, ...of }
        : { kind: "killed", signal: number, ...of };
    }
    case "w": {
      const [, code, thread] = /^w([0-9a-f]+);(.+)$/i.exec(text) ?? [];
      if (code === undefined) break;
      return {
        kind: "thread-exited",
        code: parseHexInteger(code),
        thread: parseThreadId(thread!),
      };
    }
    case "N":
      if (text === "N") return { kind: "no-resumed" };
      break;
    case "O":
      if (text.length % 2 === 1) return { kind: "output", bytes: fromHex(text.slice(1)) };
  }
  throw fault(text, 0, "S, T, W, X, w, N or O with what belongs to it");
}

function stopped(text: string): StopReply {
  if (!/^(S[0-9a-f]{2}$|T[0-9a-f]{2})/i.test(text)) throw fault(text, 1, "two hexadecimal digits");
  const signal = parseInt(text.slice(1, 3), 16);
  const registers = new Map<number, string>();
  let thread: ThreadId | undefined;
  let core: number | undefined;
  let reason: StopReason | undefined;
  let offset = 3;
  for (const item of text.slice(3).split(";")) {
    const at = item.indexOf(":");
    const name = at < 0 ? item : item.slice(0, at);
    const value = item.slice(at < 0 ? item.length : at + 1);
    if (at < 0 && item !== "") throw fault(text, offset, "name:value;");
    if (name === "thread") thread = parseThreadId(value);
    else if (name === "core") core = parseHexInteger(value);
    else if (isReason(name)) {
      reason = reasonOf(name, value, () => fault(text, offset, "begin or end"));
    } else if (/^[0-9a-f]+$/i.test(name)) registers.set(parseHexInteger(name), value);
    offset += item.length + 1;
  }
  return { kind: "stopped", signal, thread, core, reason, registers };
}

function isReason(name: string): boolean {
  return name === "replaylog" || WATCHES.has(name) || REASONS_WITHOUT_VALUE.has(name) ||
    OTHER_REASONS.has(name);
}

function reasonOf(name: string, value: string, wrong: () => GdbProtocolError): StopReason {
  if (WATCHES.has(name)) return { kind: name as WatchKind, address: parseHexNumber(value) };
  if (REASONS_WITHOUT_VALUE.has(name)) return { kind: name as "swbreak" | "hwbreak" | "library" };
  if (name !== "replaylog") return { kind: "other", name, value };
  if (value === "begin" || value === "end") return { kind: name, at: value };
  throw wrong();
}

function fault(packet: string, offset: number, expected: string): GdbProtocolError {
  return new GdbProtocolError("stop-reply", "Cannot read why the target stopped", {
    packet,
    offset,
    expected,
  });
}

/** An answer as it is sent. */
export function formatStopReply(reply: StopReply): string {
  switch (reply.kind) {
    case "stopped":
      return `T${byte(reply.signal)}${[...details(reply)].map((each) => `${each};`).join("")}`;
    case "exited":
      return `W${byte(reply.code)}${ofProcess(reply.process)}`;
    case "killed":
      return `X${byte(reply.signal)}${ofProcess(reply.process)}`;
    case "thread-exited":
      return `w${byte(reply.code)};${formatThreadId(reply.thread)}`;
    case "no-resumed":
      return "N";
    case "output":
      return `O${toHex(reply.bytes)}`;
  }
}

function* details(reply: StopReply & { kind: "stopped" }): Generator<string> {
  for (const [number, digits] of reply.registers ?? []) {
    yield `${byte(number)}:${digits}`;
  }
  const { reason } = reply;
  if (reason !== undefined) {
    switch (reason.kind) {
      case "replaylog":
        yield `replaylog:${reason.at}`;
        break;
      case "other":
        yield `${reason.name}:${reason.value}`;
        break;
      default:
        yield `${reason.kind}:${"address" in reason ? reason.address.toString(16) : ""}`;
    }
  }
  if (reply.thread !== undefined) yield `thread:${formatThreadId(reply.thread)}`;
  if (reply.core !== undefined) yield `core:${reply.core.toString(16)}`;
}

function byte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

function ofProcess(process: number | undefined): string {
  return process === undefined ? "" : `;process:${process.toString(16)}`;
}
