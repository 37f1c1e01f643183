/**
 * Files of the system that a program runs or ran on, as they are on this one.
 *
 * @module
 */
import type { ByteSource } from "../../elf/mod.ts";
import { DISK, type FileStore } from "../files/mod.ts";
import { underRoot } from "../files/paths.ts";
import type { NamedContent } from "./content.ts";

/** Where a program's files are. */
export interface ProgramFilesOptions {
  /** The program's own file, where it is not to be found by the name that the target gives it. */
  readonly exe?: string | undefined;
  /** Folder with the files of the system that the program runs on; default the root. */
  readonly sysroot?: string | undefined;
  /** Where files come from; by default the local disk. */
  readonly store?: FileStore | undefined;
}

/** Opens a program's files. */
export interface ProgramFiles {
  /** Opens a file by its name at the target; undefined if there is none. */
  readonly open: (name: string) => ByteSource | undefined;
  /** Where a file of that name is. */
  readonly pathOf: (name: string) => string;
  /** The program's own file, if it was given. */
  readonly exe: NamedContent | undefined;
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
