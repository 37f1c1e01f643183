/**
 * Memory of the selected thread's process.
 *
 * @module
 */

import { joinBytes } from "../../../util/join_bytes.ts";
import {
  fromHex,
  parseHexInteger,
  parseHexNumber,
  toHex,
  unescapeBinary,
} from "../../protocol/mod.ts";
import { ERRNO, GdbServerError } from "../errors.ts";
import type { ProcessMemory } from "../machine/memory.ts";
import type { PacketTable } from "../session/packet.ts";
import type { Client } from "../session/client.ts";
import { PACKET_SIZE } from "../session/wire.ts";
import { crc32 } from "./crc32.ts";

/** Bytes that are searched or summed at once. */
const CHUNK = 1 << 16;
/** Most bytes that are searched or summed for one packet: nobody else is served meanwhile. */
const MOST = 1 << 28;

interface Range {
  readonly address: bigint;
  readonly size: number;
}

function rangeOf(text: string): Range {
  const [, address, size] = /^([0-9a-f]+)[,;]([0-9a-f]+)$/i.exec(text) ?? [];
  if (address === undefined) throw new GdbServerError("Expected ADDRESS,LENGTH", ERRNO.INVAL);
  return { address: parseHexNumber(address), size: parseHexInteger(size as string) };
}

function write(client: Client, { address, size }: Range, bytes: Uint8Array): string {
  if (bytes.length !== size) {
    throw new GdbServerError(`Cannot write ${bytes.length} bytes: ${size} were said`);
  }
  // Without bytes it only asks whether the packet is known.
  if (size > 0) {
    const { process } = client.general;
    client.change(() => client.debuggee.memory.write(process, address, bytes));
  }
  return "OK";
}

/** The chunks of a range, as far as it is mapped. */
function* chunks(
  memory: ProcessMemory,
  { process, address, size }: Range & { readonly process: number },
): Generator<Uint8Array> {
  if (size > MOST) {
    throw new GdbServerError(`Cannot go through ${size} bytes at once: expected ${MOST} at most`);
  }
  for (let at = 0; at < size; at += CHUNK) {
    const part = Math.min(CHUNK, size - at);
    const bytes = memory.read(process, address + BigInt(at), part);
    yield bytes;
    if (bytes.length < part) return;
  }
}

/** Packets about memory. */
export const memoryPackets: PacketTable = {
  m({ debuggee, general }, { rest }) {
    const { address, size } = rangeOf(rest);
    if (size === 0) return "";
    return toHex(debuggee.memory.read(general.process, address, Math.min(size, PACKET_SIZE / 2)));
  },
  M(client, { rest }) {
    const colon = rest.indexOf(":");
    if (colon < 0) throw new GdbServerError("Expected MADDRESS,LENGTH:BYTES", ERRNO.INVAL);
    return write(client, rangeOf(rest.slice(0, colon)), fromHex(rest.slice(colon + 1)));
  },
  X(client, { text, rest, payload }) {
    const colon = rest.indexOf(":");
    if (colon < 0) throw new GdbServerError("Expected XADDRESS,LENGTH:BYTES", ERRNO.INVAL);
    const data = unescapeBinary(payload, text.length - rest.length + colon + 1);
    return write(client, rangeOf(rest.slice(0, colon)), data);
  },
  qSearch({ debuggee, general }, { text, payload }) {
    const [head, address, length] = /^qSearch:memory:([0-9a-f]+);([0-9a-f]+);/i.exec(text) ?? [];
    if (head === undefined) return "";
    const pattern = unescapeBinary(payload, head.length);
    const range = rangeOf(`${address},${length}`);
    let kept = new Uint8Array();
    let begin = range.address;
    for (const chunk of chunks(debuggee.memory, { process: general.process, ...range })) {
      const bytes = joinBytes([kept, chunk]);
      const at = find(bytes, pattern);
      if (at >= 0) return `1,${(begin + BigInt(at)).toString(16)}`;
      // A pattern may begin in one chunk and end in the next.
      const keep = Math.min(bytes.length, pattern.length - 1);
      kept = bytes.slice(bytes.length - Math.max(0, keep));
      begin += BigInt(bytes.length - kept.length);
    }
    return "0";
  },
  qCRC({ debuggee, general }, { rest }) {
    const range = rangeOf(rest.slice(1));
    let crc = 0xffff_ffff;
    let done = 0;
    for (const chunk of chunks(debuggee.memory, { process: general.process, ...range })) {
      crc = crc32(chunk, crc);
      done += chunk.length;
    }
    if (done < range.size) throw new GdbServerError("Not all of it is mapped", ERRNO.FAULT);
    return `C${crc.toString(16)}`;
  },
};

function find(bytes: Uint8Array, pattern: Uint8Array): number {
  const [first] = pattern;
  if (first === undefined) return 0;
  const end = bytes.length - pattern.length;
  for (let at = bytes.indexOf(first); at >= 0 && at <= end; at = bytes.indexOf(first, at + 1)) {
    if (pattern.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}
