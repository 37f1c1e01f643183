/**
 * Files of the system that a program runs or ran on, as they are on this one.
 *
 * @module
 */
import type { ByteSource } from "../../elf/mod.ts";
import { DISK, type FileStore } from "../files/mod.ts";
import { underRoot } from "../files/paths.ts";
import type { Content, NamedContent } from "./content.ts";

/** Where a program's files are. */
export interface ProgramFilesOptions {
  /** The program's own file, where it is not to be found by the name that the target gives it. */
  readonly exe?: string | undefined;
  /** Folder with the files of the system that the program runs on; default the root. */
  readonly sysroot?: string | undefined;
  /** Where files come from; by default the local disk. */
  readonly store?: FileStore | undefined;
}

/** What gives a program's files. */
export interface ProgramFiles {
  /**
   * Opens a file by its name at the target; undefined if it cannot be had. Without this no file is
   * looked for. May throw `InputError`, which says why. One that is another build than the target
   * has loaded is not used.
   */
  readonly open?: ((name: string) => Content | undefined) | undefined;
  /**
   * Where a file of a name is, by default under that name: what its debug information is looked for
   * by.
   */
  readonly pathOf?: ((name: string) => string) | undefined;
  /** The program's own file, where it is not to be found by the name that the target gives it. */
  readonly exe?: NamedContent | undefined;
}

/**
 * A program's files by their names at the target.
 *
 * @throws {Deno.errors.NotFound} If the program's own file is given and is not there
 */
export function programFiles(options: ProgramFilesOptions): ProgramFiles {
  const { exe, sysroot, store = DISK } = options;
  const pathOf = (name: string) => sysroot === undefined ? name : underRoot(sysroot, name);
  return {
    open: (name) => store.open(pathOf(name)),
    pathOf,
    exe: exe === undefined ? undefined : { name: exe, content: programAt(exe, store) },
  };
}

function programAt(path: string, store: FileStore): ByteSource {
  const content = store.open(path);
  if (content === undefined) throw new Deno.errors.NotFound(`Cannot read program ${path}`);
  return content;
}
