/**
 * Core files on disk.
 *
 * @module
 */
import type { ByteSource } from "../../elf/mod.ts";
import { fillFrom } from "../../util/file_source.ts";
import { programFiles, type ProgramFilesOptions } from "../target/program_files.ts";
import { CoreTarget } from "./core_target.ts";
import { CoreError } from "./errors.ts";

/** Options of {@linkcode openCore}. */
export type OpenCoreOptions = ProgramFilesOptions;

/** The core file itself, which stays open. */
class CoreSource implements ByteSource {
  readonly size: number;
  readonly #path: string;
  readonly #file: Deno.FsFile;

  constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
    this.size = file.statSync().size;
  }

  readAt(offset: number, into: Uint8Array): void {
    const done = fillFrom(this.#file, offset, into);
    if (done === into.length) return;
    const place = { source: this.#path, offset: offset + done, expected: `${this.size} bytes` };
    throw new CoreError("truncated", "File has become shorter while it was read", place);
  }
}

/**
 * Opens a core file, which stays open until the target is disposed of. Needs `--allow-read`.
 *
 * @throws {CoreError | ElfError} As {@linkcode readCore}.
 * @throws {Deno.errors.NotFound} If there is no such file, or none of the program's.
 */
export function openCore(path: string, options: OpenCoreOptions = {}): CoreTarget {
  // To open a pipe may take for ever, and the parts of a core are read in no order.
  const { isFile, isDirectory } = Deno.statSync(path);
  if (!isFile) {
    const is = isDirectory ? "is a folder" : "is no file of a disk";
    throw new CoreError("type", `It ${is}`, { source: path, expected: "a regular file" });
  }
  const file = Deno.openSync(path, { read: true });
  try {
    const files = programFiles(options);
    return new CoreTarget(new CoreSource(path, file), { name: path, ...files }, () => file.close());
  } catch (error) {
    file.close();
    throw error;
  }
}
