/**
 * Where files come from.
 *
 * @module
 */
import type { ByteSource } from "../../elf/mod.ts";
import { fillFrom } from "../../util/file_source.ts";
import { DebugFileError } from "./errors.ts";

/** Gives files by their paths. */
export interface FileStore {
  /** The file of that path, undefined if there is none. May throw `InputError`. */
  open(path: string): ByteSource | undefined;
  /** The path without links, or undefined if there is no such file. */
  realPath(path: string): string | undefined;
}

/**
 * A file that is opened for each read, so that nobody has to close it. What is read of it later is
 * refused if it has been changed since.
 */
class DiskFile implements ByteSource {
  readonly size: number;
  readonly #path: string;
  readonly #changed: number | undefined;

  constructor(path: string, { size, mtime }: Deno.FileInfo) {
    this.#path = path;
    this.size = size;
    this.#changed = mtime?.getTime();
  }

  readAt(offset: number, into: Uint8Array): void {
    using file = Deno.openSync(this.#path, { read: true });
    const { size, mtime } = file.statSync();
    if (size !== this.size || mtime?.getTime() !== this.#changed) this.#refuse(offset);
    const done = fillFrom(file, offset, into);
    if (done < into.length) this.#refuse(offset + done);
  }

  #refuse(offset: number): never {
    const message = "File has been changed while it was read, expected the same as before";
    throw new DebugFileError("changed", message, { source: this.#path, offset });
  }
}

/** Files of the local disk; one that may not be read is none. */
export const DISK: FileStore = {
  open(path) {
    const info = unlessMissing(() => Deno.statSync(path));
    return info?.isFile ? new DiskFile(path, info) : undefined;
  },
  realPath: (path) => unlessMissing(() => Deno.realPathSync(path)),
};

/** What an action gives, undefined if the file it is about is not there. */
function unlessMissing<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    const { NotFound, PermissionDenied, NotCapable, NotADirectory, FilesystemLoop } = Deno.errors;
    const missing = [NotFound, PermissionDenied, NotCapable, NotADirectory, FilesystemLoop];
    if (missing.some((kind) => error instanceof kind)) return undefined;
    throw error;
  }
}
