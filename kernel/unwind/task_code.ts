/**
 * The code of a task for the unwinder. Everything here follows from the task's boot module and is made when it is first needed: it is
 * no part of the machine's state.
 *
 * @module
 */

import { ElfError, type ElfFile, parseElf } from "../../elf/mod.ts";
import { TypeMatcher } from "../../unwind/exception/mod.ts";
import { type MemoryReader, moduleFromElf, ModuleList } from "../../unwind/walk/mod.ts";
import type { BootModule } from "../boot/loader.ts";

/** What a boot module says of its code. */
export class TaskCode {
  readonly #module: BootModule | null;
  #elf: ElfFile | undefined;
  #modules: ModuleList | undefined;
  #hasCleanups: boolean | undefined;

  /** The code of a module; without one there is none. */
  constructor(module: BootModule | null) {
    this.#module = module;
  }

  /**
   * Its unwind tables.
   * @throws {ElfError} if the tables lie outside the file
   */
  get modules(): ModuleList {
    if (this.#modules === undefined) {
      this.#modules = new ModuleList();
      const elf = this.#parse();
      if (elf !== undefined) this.#modules.add(moduleFromElf(elf));
    }
    return this.#modules;
  }

  /** Whether it has anything to clean up. A file whose section headers are damaged has nothing that can be found. */
  get hasCleanups(): boolean {
    return this.#hasCleanups ??= this.#hasSection(".gcc_except_table");
  }

  /** What knows its types, reading the program's memory, or `null` if the symbols are damaged. */
  typeMatcher(memory: MemoryReader): TypeMatcher | null {
    return orNull(() => {
      const elf = this.#parse();
      return elf === undefined ? null : new TypeMatcher(elf, memory);
    });
  }

  #hasSection(name: string): boolean {
    return orNull(() => this.#parse()?.section(name) !== undefined) ?? false;
  }

  #parse(): ElfFile | undefined {
    if (this.#module === null) return undefined;
    const { bytes, name } = this.#module;
    return this.#elf ??= parseElf(bytes, { name });
  }
}

/** What a reading of a file gives, or `null` if the file is damaged there. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    return null;
  }
}
