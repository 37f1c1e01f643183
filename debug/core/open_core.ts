/**
 * Core files on disk.
 *
 * @module
 */
import type { ByteSource } from "../../elf/mod.ts";
import { DISK, type FileStore } from "../files/mod.ts";
import { underRoot } from "../files/paths.ts";
import { CoreTarget } from "./core_target.ts";
import { CoreError } from "./errors.ts";

/** Options of {@linkcode openCore}. */
export interface OpenCoreOptions {
  /** The program's own file, where it is not to be found by the name in the core file. */
  readonly exe?: string | undefined;
  /** Folder with the files of the system that the program ran on; default the root. */
  readonly sysroot?: string | undefined;
  /** Where the files that the process had mapped come from; by default the local disk. */
  readonly store?: FileStore | undefined;
}

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
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    for (let done = 0; done < into.length;) {
      const count = this.#file.readSync(into.subarray(done));
      if (count === null) {
        const place = { source: this.#path, offset: offset + done, expected: `${this.size} bytes` };
        throw new CoreError("truncated", "File has become shorter while it was read", place);
      }
      done += count;
    }
  }
}

/**
 * Opens a core file, which stays open until the target is disposed of. Needs `--allow-read`.
 *
 * @throws {CoreError | ElfError} As {@linkcode readCore}.
 * @throws {Deno.errors.NotFound} If there is no such file, or none of the program's.
 */
export function openCore(path: string, options: OpenCoreOptions = {}): CoreTarget {
  const { exe, sysroot, store = DISK } = options;
  const file = Deno.openSync(path, { read: true });
  try {
    const pathOf = (name: string) => sysroot === undefined ? name : underRoot(sysroot, name);
    return new CoreTarget(new CoreSource(path, file), {
      name: path,
      open: (name) => store.open(pathOf(name)),
      pathOf,
      exe: exe === undefined ? undefined : { name: exe, content: programAt(exe, store) },
    }, () => file.close());
  } catch (error) {
    file.close();
    throw error;
  }
}

function programAt(path: string, store: FileStore): ByteSource {
  const content = store.open(path);
  if (content === undefined) throw new Deno.errors.NotFound(`Cannot read program ${path}`);
  return content;
}
