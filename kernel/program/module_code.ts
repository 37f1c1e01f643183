/**
 * The code of a boot module for the unwinder. Everything here follows from the module's file and is
 * made when it is first needed: it is no part of the machine's state.
 *
 * @module
 */

import { ElfError, type ElfFile, parseElf } from "../../elf/mod.ts";
import { TypeMatcher } from "../../unwind/exception/mod.ts";
import { type MemoryReader, moduleFromElf, ModuleList } from "../../unwind/walk/mod.ts";

/** What a boot module says of its code. */
export class ModuleCode {
  readonly #file: { readonly bytes: Uint8Array; readonly name: string } | null;
  #elf: ElfFile | undefined;
  #modules: ModuleList | undefined;
  #hasCleanups: boolean | undefined;

  /** The code in an ELF file; without one there is none. */
  constructor(file: { readonly bytes: Uint8Array; readonly name: string } | null) {
    this.#file = file;
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

  /**
   * Whether it has anything to clean up. A file whose section headers are damaged has nothing that
   * can be found.
   */
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
    if (this.#file === null) return undefined;
    const { bytes, name } = this.#file;
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
