/**
 * The files that say what a program's code is: the program, and what was split off it.
 *
 * @module
 */
import type { InputError } from "../../bytes/mod.ts";
import { type ElfFile, parseElf, SHT } from "../../elf/mod.ts";
import type { FileFinder, Program } from "./finder.ts";
import { inflateXz } from "./xz.ts";

/** Packed symbol table of functions that `.dynsym` does not name ("MiniDebugInfo"). */
const MINI = ".gnu_debugdata";

/**
 * A program's file and the files of its debug information, each looked for when it is first asked
 * for. Those that belong to another program are never used, and told of in
 * {@linkcode ModuleFiles.problems}.
 */
export class ModuleFiles {
  /** The program's file. */
  readonly file: ElfFile;
  /** Where it is. */
  readonly path: string;
  readonly #finder: FileFinder;
  readonly #problems: InputError[] = [];
  readonly #searched: string[] = [];
  #debug: Program | undefined;
  #looked = false;
  #mini: ElfFile | undefined;

  /** Use {@linkcode DebugFiles.of}. */
  constructor(program: Program, finder: FileFinder) {
    this.file = program.file;
    this.path = program.path;
    this.#finder = finder;
  }

  /** What was found and is damaged, or belongs to another program. */
  get problems(): readonly InputError[] {
    return this.#problems;
  }

  /** Paths at which files were looked for, for messages. */
  get searched(): readonly string[] {
    return this.#searched;
  }

  /**
   * The file that has the debug information: the program itself, or the separate file that its
   * build-id or link leads to; undefined if there is none.
   */
  get debugFile(): ElfFile | undefined {
    return this.#debugProgram()?.file;
  }

  /** Files whose symbol tables name the program's functions, the fullest first. */
  get symbolFiles(): readonly ElfFile[] {
    const files = [this.debugFile, this.file, this.#mini].filter((each) => each !== undefined);
    const whole = [...new Set(files)].filter(hasSymbols);
    // A packed table holds what the dynamic one does not.
    return whole.length > 0 && whole[0] !== this.#mini ? whole : [...whole, this.file];
  }

  /**
   * Inflates the packed symbol table, which takes a library that works asynchronously, if there is
   * no better one. Without this call {@linkcode ModuleFiles.symbolFiles} lacks it.
   *
   * @throws {DebugFileError | ElfError} If it is damaged
   */
  async prepare(): Promise<void> {
    const section = this.file.section(MINI);
    if (section === undefined || this.#mini !== undefined) return;
    if (this.symbolFiles.some(hasSymbols)) return;
    const name = `${this.file.name}:${MINI}`;
    this.#mini = parseElf(await inflateXz(this.file.sectionData(section), name), { name });
  }

  #debugProgram(): Program | undefined {
    if (this.#looked) return this.#debug;
    this.#looked = true;
    if (hasDebugInfo(this.file)) return this.#debug = { file: this.file, path: this.path };
    const { found, searched, problems } = this.#finder.debugFile(this);
    this.#searched.push(...searched);
    this.#problems.push(...problems);
    return this.#debug = found;
  }
}

function hasDebugInfo(file: ElfFile): boolean {
  return [".debug_info", ".zdebug_info", ".debug_line", ".zdebug_line"].some((name) => {
    const section = file.section(name);
    return section !== undefined && section.type !== SHT.nobits;
  });
}

function hasSymbols(file: ElfFile): boolean {
  return file.sections.some(({ type }) => type === SHT.symtab);
}
