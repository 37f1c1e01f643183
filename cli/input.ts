/**
 * Files that commands are given.
 *
 * @module
 */

import { joinBytes } from "../util/join_bytes.ts";

/** A file cannot be used, whatever is in it. */
export class InputFileError extends Error {
  /** Class name, for messages. */
  override readonly name = "InputFileError";
}

/**
 * All bytes of a file or a pipe.
 *
 * @param file its name
 * @param limit most bytes it may have
 * @throws {InputFileError} if it has more, or is something that need not end, such as a device
 */
export function readInput(file: string, limit: number): Uint8Array<ArrayBuffer> {
  const { isFile, isDirectory, isFifo, isSocket, size } = Deno.statSync(file);
  if (isDirectory) throw refusal(file, "is a directory", "a file");
  if (!isFile && !isFifo && !isSocket) throw refusal(file, "is a device", "a file or a pipe");
  if (isFile && size > limit) throw refusal(file, `has ${size} bytes`, limit);
  if (isFile) return Deno.readFileSync(file);
  using source = Deno.openSync(file, { read: true });
  return readToEnd(source, file, limit);
}

/**
 * All bytes of standard input.
 *
 * @param limit most bytes it may have
 * @throws {InputFileError} if it has more
 */
export function readStandardInput(limit: number): Uint8Array<ArrayBuffer> {
  return readToEnd(Deno.stdin, "standard input", limit);
}

function readToEnd(
  source: { readSync(into: Uint8Array): number | null },
  name: string,
  limit: number,
): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (;;) {
    const piece = new Uint8Array(1 << 16);
    const count = source.readSync(piece);
    if (count === null) break;
    length += count;
    if (length > limit) throw refusal(name, "does not end", limit);
    pieces.push(piece.subarray(0, count));
  }
  return joinBytes(pieces);
}

function refusal(file: string, why: string, expected: string | number): InputFileError {
  const what = typeof expected === "string"
    ? expected
    : `at most ${Math.floor(expected / 2 ** 20)} MiB`;
  return new InputFileError(`Cannot read ${file}: it ${why}, expected ${what}`);
}
