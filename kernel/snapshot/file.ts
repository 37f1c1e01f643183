/**
 * Snapshots as files.
 *
 *     0   "TRAPLINE SNAPSHOT\n"
 *     18  version of the format (u16, little-endian)
 *     20  SHA-256 of what follows (32 bytes)
 *     52  the snapshot as plain data (`util/plain.ts`), compressed (zlib)
 *
 * Each page's contents are in it once, and pages of zeros not at all.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { deflateSync, inflateSync } from "node:zlib";
import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { decodePlain, encodePlain, type Plain, PlainError } from "../../util/plain.ts";
import { SnapshotError } from "./errors.ts";
import { checkShape } from "./shape.ts";
import type { Snapshot } from "./snapshot.ts";
import { checkWhole } from "./whole.ts";

const MAGIC = new TextEncoder().encode("TRAPLINE SNAPSHOT\n");
const VERSION = 6;
const VERSION_AT = MAGIC.length;
const HASH_AT = VERSION_AT + 2;
const HASH_SIZE = 32;
const DATA_AT = HASH_AT + HASH_SIZE;

/** Most bytes that a file's data may grow to: RAM of the largest size, and as much again. */
const DATA_LIMIT = 2 ** 32 - 1;

const ZERO_PAGE = new Uint8Array(PAGE_SIZE);

/**
 * A snapshot as it is written: contents of page frames by their index in a list of different ones,
 * 0 for zeros.
 */
type FileData = Omit<Snapshot, "ram"> & {
  readonly ram: {
    readonly frames: Uint32Array;
    readonly contents: Uint32Array;
    readonly pages: readonly Uint8Array[];
  };
};

/**
 * Writes a snapshot as bytes of a file. The same snapshot gives the same bytes.
 *
 * @example A machine as a file, and back
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import {
 *   archByName,
 *   decodeSnapshot,
 *   encodeSnapshot,
 *   Machine,
 *   moduleHello,
 * } from "@trapline/trapline";
 *
 * using machine = new Machine({
 *   arch: archByName("x86_64"),
 *   modules: [await moduleHello("x86_64")],
 * });
 * machine.run(50_000);
 * const file = encodeSnapshot(machine.snapshot()); // Deno.writeFile("booted.snapshot", file)
 * using other = Machine.from(decodeSnapshot(file));
 * console.log(other.run(), other.now);
 * ```
 */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array<ArrayBuffer> {
  checkWhole(snapshot);
  const { ram, ...rest } = snapshot;
  const indices = new Map<Uint8Array, number>();
  const pages: Uint8Array[] = [];
  const contents = Uint32Array.from(ram.pages, (page) => {
    let index = indices.get(page);
    if (index === undefined) {
      index = page.every((byte) => byte === 0) ? 0 : pages.push(page);
      indices.set(page, index);
    }
    return index;
  });
  const data: FileData = { ...rest, ram: { frames: ram.frames, contents, pages } };
  const packed = deflateSync(encodePlain(data as unknown as Plain), { level: 9 });
  const bytes = new Uint8Array(DATA_AT + packed.length);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint16(VERSION_AT, VERSION, true);
  bytes.set(createHash("sha256").update(packed).digest(), HASH_AT);
  bytes.set(packed, DATA_AT);
  return bytes;
}

/**
 * Reads a snapshot out of the bytes of a file.
 * @throws {SnapshotError} of kind `file` if they are no snapshot, damaged, truncated or of another
 *   version
 */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  if (bytes.length < DATA_AT || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw damaged(`expected "TRAPLINE SNAPSHOT" at the start of ${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = view.getUint16(VERSION_AT, true);
  if (version !== VERSION) throw damaged(`its format is version ${version}, expected ${VERSION}`);
  const packed = bytes.subarray(DATA_AT);
  const hash = createHash("sha256").update(packed).digest();
  if (hash.some((byte, i) => bytes[HASH_AT + i] !== byte)) {
    throw damaged(
      `the ${packed.length} bytes from offset ${DATA_AT} do not have the hash before them`,
    );
  }
  const data = checkShape(unpack(packed)) as unknown as FileData;
  const { ram, ...rest } = data;
  const { frames, contents, pages } = ram;
  if (frames.length !== contents.length) {
    throw damaged(`${contents.length} contents of ${frames.length} page frames`);
  }
  return {
    ...rest,
    ram: {
      frames: new Uint32Array(frames),
      pages: Array.from(contents, (index) => {
        const page = index === 0 ? ZERO_PAGE : pages[index - 1];
        if (page?.length !== PAGE_SIZE) throw damaged(`no contents number ${index}`);
        return new Uint8Array(page);
      }),
    },
  };
}

function unpack(packed: Uint8Array): Plain {
  try {
    return decodePlain(inflateSync(packed, { maxOutputLength: DATA_LIMIT }));
  } catch (error) {
    if (error instanceof PlainError) throw damaged(error.message, error);
    throw damaged(`its data cannot be inflated: ${(error as Error).message}`, error);
  }
}

function damaged(why: string, cause?: unknown): SnapshotError {
  return new SnapshotError(
    "file",
    `Cannot read a snapshot: ${why}`,
    cause === undefined ? {} : { cause },
  );
}
