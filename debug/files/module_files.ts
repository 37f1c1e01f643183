/**
 * The files that say what a program's code is: the program, and what was split off it.
 *
 * @module
 */
import { InputError } from "../../bytes/mod.ts";
import {
  type DebugInfo,
  debugInfoOf,
  type DwarfSections,
  LineTable,
  lineTableOf,
  splitInfoOf,
  type SplitRequest,
  type SupplementaryRequest,
} from "../../elf/dwarf/mod.ts";
import { type ElfFile, parseElf, SHT } from "../../elf/mod.ts";
import { DebugFileError } from "./errors.ts";
import type { FileFinder, Program, Search } from "./finder.ts";
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
  #info: { readonly info: DebugInfo | undefined } | undefined;
  readonly #lines: Map<DwarfSections, LineTable> = new Map();
  #ownLines: { readonly lines: LineTable | undefined } | undefined;
  #package: { readonly info: DebugInfo | undefined } | undefined;
  /** Files of split units, by the path at which compilers have said they are. */
  readonly #split: Map<string, DebugInfo | undefined> = new Map();

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

  /**
   * The entries of the debug information, undefined if there are none or they cannot be read. Files
   * that they refer to (of `dwz`, `.dwo` and `.dwp`) are found when they are needed.
   */
  get info(): DebugInfo | undefined {
    this.#info ??= { info: this.#tolerant(() => this.#readInfo()) };
    return this.#info.info;
  }

  /** The line tables, undefined if there are none or they cannot be read. */
  get lines(): LineTable | undefined {
    this.#ownLines ??= { lines: this.#tolerant(() => this.#readLines()) };
    return this.#ownLines.lines;
  }

  /** The line tables in some sections of the debug information. */
  linesOf(sections: DwarfSections): LineTable {
    let lines = this.#lines.get(sections);
    if (lines === undefined) {
      const { info } = this;
      // Its units have been read already.
      lines = info?.sections === sections ? new LineTable(sections, info) : new LineTable(sections);
      this.#lines.set(sections, lines);
    }
    return lines;
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
   * no better one. Without this call {@linkcode ModuleFiles.symbolFiles} lacks it. If it is damaged,
   * or the library cannot be loaded, it is left out and told of.
   */
  async prepare(): Promise<void> {
    try {
      this.#mini ??= await this.#inflateMini();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#problems.push(error);
    }
  }

  async #inflateMini(): Promise<ElfFile | undefined> {
    const section = this.file.section(MINI);
    if (section === undefined || this.symbolFiles.some(hasSymbols)) return undefined;
    const name = `${this.file.name}:${MINI}`;
    const mini = parseElf(await inflateXz(this.file.sectionData(section), name), { name });
    return hasSymbols(mini) ? mini : undefined;
  }

  #readInfo(): DebugInfo | undefined {
    const { debugFile } = this;
    return debugFile && debugInfoOf(debugFile, {
      supplementary: (want) => this.#supplementary(want),
      split: (want) => this.#splitInfo(want),
    });
  }

  #readLines(): LineTable | undefined {
    const { info, debugFile } = this;
    if (info?.sections.has(".debug_line")) return this.linesOf(info.sections);
    return debugFile && lineTableOf(debugFile);
  }

  #supplementary({ name, id }: SupplementaryRequest): DebugInfo | undefined {
    const program = this.#debugProgram()!;
    const found = this.#tell(this.#finder.supplementary(program, { name, id: id.toHex() }));
    if (found === undefined) {
      this.#missing(`shared debug file ${name} with build-id ${id.toHex()}`);
      return undefined;
    }
    return debugInfoOf(found.file);
  }

  #splitInfo(want: SplitRequest): DebugInfo | undefined {
    const packed = (this.#package ??= { info: this.#openPackage() }).info;
    if (packed?.splitUnit(want.id) !== undefined) return packed;
    const { name, directory } = want;
    const key = JSON.stringify([directory, name]);
    if (!this.#split.has(key)) this.#split.set(key, this.#openSplit(want));
    return this.#split.get(key);
  }

  #openPackage(): DebugInfo | undefined {
    const programs = [{ file: this.file, path: this.path }, this.#debugProgram()!];
    const found = this.#tell(this.#finder.package(programs));
    return found && splitInfoOf(found.file);
  }

  #openSplit({ name, directory, id }: SplitRequest): DebugInfo | undefined {
    let info: DebugInfo | undefined;
    const verify = (file: ElfFile, path: string) => {
      info = splitInfoOf(file);
      return info?.splitUnit(id) === undefined ? refuseSplit(info, id, path) : undefined;
    };
    const found = this.#tell(this.#finder.splitFile(this, { name, directory }, verify));
    if (found !== undefined) return info;
    this.#missing(`split debug file ${name} of ${directory ?? "an unknown folder"}`);
    return undefined;
  }

  /** What an action gives; undefined if what it reads is damaged, which is kept. */
  #tolerant<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#problems.push(error);
      return undefined;
    }
  }

  /** What a search has found; what it has told of is kept. */
  #tell({ found, searched, problems }: Search): Program | undefined {
    this.#searched.push(...searched);
    this.#problems.push(...problems);
    return found;
  }

  #missing(what: string): void {
    const message = `Cannot find the ${what}, expected at ${this.#searched.at(-1)} or before`;
    this.#problems.push(new DebugFileError("missing", message, { source: this.path }));
  }

  #debugProgram(): Program | undefined {
    if (this.#looked) return this.#debug;
    this.#looked = true;
    if (this.#tolerant(() => hasDebugInfo(this.file))) {
      return this.#debug = { file: this.file, path: this.path };
    }
    return this.#debug = this.#tell(this.#finder.debugFile(this));
  }
}

/** The error of a split file whose units are not those that the program wants. */
function refuseSplit(info: DebugInfo | undefined, id: bigint, path: string): InputError {
  const ids = (info?.units ?? []).map((unit) => unit.dwoId).filter((each) => each !== undefined);
  const own = ids.length === 0 ? "missing" : ids.map(hexId).join(", ");
  const message = `Split file's id is ${own}, expected ${hexId(id)}`;
  return new DebugFileError("split-id", message, { source: path });
}

function hexId(id: bigint): string {
  return `0x${id.toString(16).padStart(16, "0")}`;
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
