/**
 * Debug files of all modules of a process.
 *
 * @module
 */
import type { ElfFile } from "../../elf/mod.ts";
import { type DebugFilesOptions, FileFinder } from "./finder.ts";
import { ModuleFiles } from "./module_files.ts";

/**
 * Finds the files with programs' debug information as gdb does: by build-id, by `.gnu_debuglink`,
 * and whatever these files refer to.
 */
export class DebugFiles {
  readonly #finder: FileFinder;
  readonly #known: Map<ElfFile, ModuleFiles> = new Map();

  /** Finds files in the local disk, unless the options have another store. */
  constructor(options: DebugFilesOptions = {}) {
    this.#finder = new FileFinder(options);
  }

  /**
   * Files of a program.
   *
   * @param path Where the program's file is; by default what it is called
   */
  of(file: ElfFile, path: string = file.name): ModuleFiles {
    let files = this.#known.get(file);
    if (files === undefined) {
      files = new ModuleFiles({ file, path }, this.#finder);
      this.#known.set(file, files);
    }
    return files;
  }
}
