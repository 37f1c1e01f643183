/**
 * Files that a debugger reads of the machine (`vFile`): its programs and its kernel, and nothing of
 * the host's.
 *
 * @module
 */

import { joinBytes } from "../../../util/join_bytes.ts";
import { bytesOf, escapeBinary, parseHexInteger, textOfHex } from "../../protocol/mod.ts";
import { ERRNO } from "../errors.ts";
import { fileBytes, linkTarget } from "../machine/files.ts";
import type { PacketTable } from "../session/packet.ts";
import type { Client } from "../session/client.ts";
import { PACKET_SIZE } from "../session/wire.ts";

/** Errors as the protocol numbers them (GDB's manual, "Errno Values"). */
const FILE_ERRNO = { ...ERRNO, MFILE: 24, ROFS: 30 } as const;

/** Most files that are open at once. */
const MOST_OPEN = 64;
/** Room that is left for the answer around a file's bytes. */
const AROUND = 32;
/** The bits of the flags that ask to write, create, append or empty. */
const WRITES = 0x1 | 0x2 | 0x8 | 0x200 | 0x400;
const STAT_SIZE = 64;
/** A regular file that everybody may read. */
const MODE = 0o100444;

type Operation = (client: Client, args: readonly string[]) => string | Uint8Array;

function failure(errno: number): string {
  return `F-1,${errno.toString(16)}`;
}

function withData(data: Uint8Array): Uint8Array {
  const { payload, used } = escapeBinary(data, PACKET_SIZE - AROUND);
  return joinBytes([bytesOf(`F${used.toString(16)};`), payload]);
}

/** The form in which a file is described: numbers with their highest byte first. */
function stat(size: number): Uint8Array {
  const bytes = new Uint8Array(STAT_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, MODE);
  view.setUint32(12, 1);
  view.setBigUint64(28, BigInt(size));
  view.setBigUint64(36, 512n);
  view.setBigUint64(44, BigInt(Math.ceil(size / 512)));
  return bytes;
}

function opened(
  { files }: Client,
  descriptor: string | undefined,
): Uint8Array | undefined {
  return files.get(parseHexInteger(descriptor ?? ""));
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  /** Which process's names are meant: they all have their own names. */
  setfs: () => "F0",
  open({ files, debuggee }, [name = "", flags = ""]) {
    if ((parseHexInteger(flags) & WRITES) !== 0) return failure(FILE_ERRNO.ROFS);
    const bytes = fileBytes(debuggee.machine, textOfHex(name));
    if (bytes === undefined) return failure(FILE_ERRNO.NOENT);
    if (files.size >= MOST_OPEN) return failure(FILE_ERRNO.MFILE);
    let descriptor = 3;
    while (files.has(descriptor)) descriptor++;
    files.set(descriptor, bytes);
    return `F${descriptor.toString(16)}`;
  },
  close({ files }, [descriptor = ""]) {
    return files.delete(parseHexInteger(descriptor)) ? "F0" : failure(FILE_ERRNO.BADF);
  },
  pread(client, [descriptor, count = "", offset = ""]) {
    const bytes = opened(client, descriptor);
    if (bytes === undefined) return failure(FILE_ERRNO.BADF);
    const at = parseHexInteger(offset);
    return withData(bytes.subarray(at, at + parseHexInteger(count)));
  },
  fstat(client, [descriptor]) {
    const bytes = opened(client, descriptor);
    return bytes === undefined ? failure(FILE_ERRNO.BADF) : withData(stat(bytes.length));
  },
  stat({ debuggee }, [name = ""]) {
    const bytes = fileBytes(debuggee.machine, textOfHex(name));
    return bytes === undefined ? failure(FILE_ERRNO.NOENT) : withData(stat(bytes.length));
  },
  readlink({ debuggee }, [name = ""]) {
    const target = linkTarget(debuggee.machine, textOfHex(name));
    return target === undefined
      ? failure(FILE_ERRNO.INVAL)
      : withData(new TextEncoder().encode(target));
  },
  pwrite: () => failure(FILE_ERRNO.ROFS),
  unlink: () => failure(FILE_ERRNO.ROFS),
};

/** The packet that reads files. */
export const filePackets: PacketTable = {
  vFile(client, { rest }) {
    const [, name = "", args = ""] = /^:(\w+):?([^]*)$/.exec(rest) ?? [];
    const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
    return operation === undefined ? "" : operation(client, args.split(","));
  },
};
