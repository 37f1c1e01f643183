/**
 * Transfers of objects in parts: `qXfer:OBJECT:read:ANNEX:OFFSET,LENGTH`.
 *
 * @module
 */
import { GdbProtocolError } from "./errors.ts";
import { escapeBinary, latin1, unescapeBinary } from "./framing/binary.ts";
import { hexNumber, parseHexInteger } from "./hex.ts";

/** A part of an object, as a debugger asks for it. */
export interface XferRequest {
  /** What is transferred: `features`, `auxv`, `memory-map`, … */
  readonly object: string;
  /** Whether it is read or written. */
  readonly operation: "read" | "write";
  /** Which one, for example `target.xml`. */
  readonly annex: string;
  /** Offset in bytes. */
  readonly offset: number;
  /** Bytes asked for, or to be written. */
  readonly length: number;
  /** What is to be written. */
  readonly data?: Uint8Array | undefined;
}

/** Reads a request. Throws {@linkcode GdbProtocolError} (`transfer`). */
export function parseXfer(payload: Uint8Array): XferRequest {
  const text = latin1(payload);
  const [all, object, annex, offset, length] =
    /^qXfer:([^:]+):read:([^:]*):([0-9a-f]{1,13}),([0-9a-f]{1,13})$/i.exec(text) ?? [];
  if (all !== undefined) {
    return {
      object: object!,
      operation: "read",
      annex: annex!,
      offset: parseHexInteger(offset!),
      length: parseHexInteger(length!),
    };
  }
  const [head, what, which, from] = /^qXfer:([^:]+):write:([^:]*):([0-9a-f]{1,13}):/i.exec(text) ??
    [];
  if (head === undefined) {
    throw new GdbProtocolError("transfer", "Cannot read a request to transfer", {
      packet: text,
      offset: 0,
      expected: "qXfer:OBJECT:read:ANNEX:OFFSET,LENGTH or qXfer:OBJECT:write:ANNEX:OFFSET:DATA",
    });
  }
  const data = unescapeBinary(payload, head.length);
  return {
    object: what!,
    operation: "write",
    annex: which!,
    offset: parseHexInteger(from!),
    length: data.length,
    data,
  };
}

/** A request to read `length` bytes. */
export function formatXferRead(
  object: string,
  annex: string,
  offset: number,
  length: number,
): string {
  return `qXfer:${object}:read:${annex}:${hexNumber(offset)},${hexNumber(length)}`;
}

/**
 * The payload that answers a request for a part of `data`, of at most `limit` bytes: `m` and bytes,
 * or `l` and bytes if they are the last.
 */
export function xferReply(
  data: Uint8Array,
  request: Pick<XferRequest, "offset" | "length">,
  limit: number,
): Uint8Array<ArrayBuffer> {
  const part = data.subarray(request.offset, request.offset + request.length);
  const { payload, used } = escapeBinary(part, limit - 1);
  const isLast = request.offset + used >= data.length;
  const reply = new Uint8Array(payload.length + 1);
  reply[0] = (isLast ? "l" : "m").charCodeAt(0);
  reply.set(payload, 1);
  return reply;
}

/** Reads such an answer. Throws {@linkcode GdbProtocolError} (`reply` or `escape`). */
export function parseXferReply(
  payload: Uint8Array,
): { readonly isLast: boolean; readonly data: Uint8Array<ArrayBuffer> } {
  const first = String.fromCharCode(payload[0] ?? 0);
  if (first !== "l" && first !== "m") {
    throw new GdbProtocolError("reply", "Cannot read a part of an object", {
      packet: latin1(payload),
      offset: 0,
      expected: "l or m and data",
    });
  }
  return { isLast: first === "l", data: unescapeBinary(payload, 1) };
}
