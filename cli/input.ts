/**
 * Files that commands are given.
 *
 * @module
 */

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
  const refuse = (why: string, expected: string) =>
    new InputFileError(`Cannot read ${file}: it ${why}, expected ${expected}`);
  const mib = Math.floor(limit / 2 ** 20);
  const { isFile, isDirectory, isFifo, isSocket, size } = Deno.statSync(file);
  if (isDirectory) throw refuse("is a directory", "a file");
  if (!isFile && !isFifo && !isSocket) throw refuse("is a device", "a file or a pipe");
  if (isFile && size > limit) throw refuse(`has ${size} bytes`, `at most ${mib} MiB`);
  if (isFile) return Deno.readFileSync(file);
  using source = Deno.openSync(file, { read: true });
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const piece = new Uint8Array(1 << 16);
    const count = source.readSync(piece);
    if (count === null) break;
    length += count;
    if (length > limit) throw refuse("does not end", `at most ${mib} MiB`);
    pieces.push(piece.subarray(0, count));
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
