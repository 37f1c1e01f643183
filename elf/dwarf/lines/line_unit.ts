/**
 * The line table of one compilation: its rows and its files.
 *
 * @module
 */
import { type Address, toBigAddress } from "../../../bytes/mod.ts";
import { DW_LNE } from "../constants.ts";
import { DwarfError } from "../errors.ts";
import { FileTable, type LineFiles, readLineFiles } from "./line_files.ts";
import { LineMatrix, type MatrixRow } from "./line_matrix.ts";
import type { LineHeader } from "./line_header.ts";
import { LineProgram } from "./line_program.ts";
import type { DwarfSections } from "../sections.ts";

/** One row of a line table: what is true from its address on, up to the next row's. */
export interface LineRow {
  /** Address of its first instruction. */
  readonly address: bigint;
  /** Number of the file in the header's own count. */
  readonly file: number;
  /** Line from 1 on, 0 if there is none. */
  readonly line: number;
  /** Column from 1 on, 0 if there is none. */
  readonly column: number;
  /** Whether it is a good place for a breakpoint. */
  readonly isStatement: boolean;
  /** Whether a basic block begins here. */
  readonly basicBlock: boolean;
  /** Whether the sequence ends here; the row itself covers nothing. */
  readonly endSequence: boolean;
  /** Whether a breakpoint at the function's beginning belongs here. */
  readonly prologueEnd: boolean;
  /** Whether a breakpoint at the function's end belongs here. */
  readonly epilogueBegin: boolean;
  /** Which instruction set. */
  readonly isa: number;
  /** Which of several blocks of the same place. */
  readonly discriminator: number;
}

/** Names of a file, for {@linkcode LineUnit.fileNamed}. */
export interface FileNames {
  /** Its path, with the folder the compiler ran in where the line table's is relative. */
  readonly path: string;
  /** The path as the line table has it. */
  readonly file: string;
}

/** What the first entry of a unit says. */
export interface UnitRoot {
  /** Name of the source file, as the compiler was given it. */
  readonly name: string | undefined;
  /** Folder the compiler ran in. */
  readonly directory: string | undefined;
}

/** What a unit needs besides its header. */
export interface LineUnitContext {
  /** Sections it is in. */
  readonly sections: DwarfSections;
  /** First entry of the compilation whose line table is at an offset. */
  readonly rootOf: (offset: number) => UnitRoot | undefined;
  /** Gets the error of a program that is damaged. */
  readonly report: (error: unknown) => void;
}

/** The line table of one compilation. */
export class LineUnit {
  /** Its header. */
  readonly header: LineHeader;
  readonly #context: LineUnitContext;
  #names: Map<number, FileNames> | undefined;
  #owner: UnitRoot | undefined;
  #files: LineFiles | undefined;
  #defined: FileTable | undefined;
  #matrix: LineMatrix | undefined;

  /** Use {@linkcode LineTable.units}. */
  constructor(header: LineHeader, context: LineUnitContext) {
    this.header = header;
    this.#context = context;
  }

  /** Takes the unit of debug information whose table it is, so that nobody has to look for it. */
  ownedBy(unit: UnitRoot): void {
    if (this.#owner === undefined && unit.directory !== undefined) this.#owner = unit;
  }

  /** Directories and files of its header. Throws `DwarfError`, `DecodeError` or `ElfError`. */
  get files(): LineFiles {
    if (this.#files !== undefined) return this.#files;
    const { sections } = this.#context;
    return this.#files = readLineFiles(sections.cursor(".debug_line"), this.header, sections);
  }

  /** Runs its program from the beginning. */
  program(): LineProgram {
    return new LineProgram(this.#context.sections, this.header);
  }

  /** All rows, in the program's order. Throws `DwarfError` or `DecodeError` where it is damaged. */
  *rows(): Generator<LineRow> {
    const program = this.program();
    while (program.next()) {
      yield {
        address: toBigAddress(program.address),
        file: program.file,
        line: program.line,
        column: program.column,
        isStatement: program.isStatement,
        basicBlock: program.basicBlock,
        endSequence: program.endSequence,
        prologueEnd: program.prologueEnd,
        epilogueBegin: program.epilogueBegin,
        isa: program.isa,
        discriminator: program.discriminator,
      };
    }
  }

  /**
   * Row that covers an address, undefined if none does. The first question decodes the program, and
   * its damage is told of then.
   */
  rowAt(address: Address): MatrixRow | undefined {
    return this.#rows().at(address);
  }

  /**
   * Row of the line that an address belongs to, as gdb finds it: rows without a line go on with the
   * line before them, and of rows that begin together one that is a good place for a breakpoint
   * counts. Undefined if no line is known. Decodes the program as {@linkcode LineUnit.rowAt}.
   */
  lineAt(address: Address): MatrixRow | undefined {
    return this.#rows().lineAt(address);
  }

  /**
   * Rows of one line of some files, by address; without any, those of the next line that has some,
   * and Infinity if there are none.
   */
  rowsOfLine(
    files: ReadonlySet<number>,
    line: number,
  ): { readonly line: number; readonly rows: readonly MatrixRow[] } {
    return this.#rows().ofLine(files, line);
  }

  #rows(): LineMatrix {
    if (this.#matrix !== undefined) return this.#matrix;
    const program = this.program();
    this.#matrix = new LineMatrix(program, this.#context.report);
    this.#defined = program.defined;
    return this.#matrix;
  }

  /**
   * Names of a file, by the number that rows have.
   *
   * @throws {DwarfError} (`file`) If there is no such file; otherwise as {@linkcode LineUnit.files}
   */
  fileNamed(number: number): FileNames {
    const known = this.#names?.get(number);
    if (known !== undefined) return known;
    const { first, directories, files } = this.files;
    const index = number - first;
    const file = files.at(index) ?? this.#filesDefined().at(index - files.length);
    if (file === undefined) {
      const last = first + files.length + this.#filesDefined().length - 1;
      const message = `Line table's file is ${number}, expected ${first} to ${last}`;
      const place = { source: ".debug_line", offset: this.header.offset };
      throw new DwarfError("file", message, place);
    }
    const { name, directory } = file;
    const folder = directories.at(directory - first)?.name;
    const relative = folder === undefined ? name : joinPath(folder, name);
    // In version 5 directory 0 is where the compiler ran, and names are relative to it.
    const short = directory === 0 ? name : relative;
    const names = { path: this.#absolute(relative), file: short };
    this.#names ??= new Map();
    this.#names.set(number, names);
    return names;
  }

  /**
   * Numbers of the files whose path is, or ends with, a name. Throws as
   * {@linkcode LineUnit.fileNamed}.
   */
  filesNamed(name: string): ReadonlySet<number> {
    const wanted = plainPath(name);
    const found = new Set<number>();
    const { first, files } = this.files;
    const all = files.length + this.#filesDefined().length;
    for (let number = first; number < first + all; number++) {
      const path = plainPath(this.fileNamed(number).path);
      if (path === wanted || path.endsWith(`/${wanted}`)) found.add(number);
    }
    return found;
  }

  /** Files that the program defines itself, behind those of the header. */
  #filesDefined(): FileTable {
    if (this.#defined === undefined) {
      const { sections } = this.#context;
      const { bytes } = sections.cursor(".debug_line");
      // Hardly any does, and running all programs for that takes long.
      if (!mayDefineFiles(bytes, this.header)) this.#defined = new FileTable(sections);
      else this.#rows();
    }
    return this.#defined!;
  }

  #absolute(path: string): string {
    if (isAbsolute(path)) return path;
    const owner = this.#owner ?? this.#context.rootOf(this.header.offset);
    const folder = owner?.directory;
    return folder === undefined ? path : joinPath(folder, path);
  }
}

/** Bytes of the shortest instruction that defines a file, without the zero and the length. */
const LEAST_DEFINITION = 6;

/** Whether the bytes of a program may be an instruction that defines a file. */
function mayDefineFiles(bytes: Uint8Array, { programAt, end }: LineHeader): boolean {
  for (
    let at = bytes.indexOf(0, programAt);
    at >= 0 && at + 2 < end;
    at = bytes.indexOf(0, at + 1)
  ) {
    if (bytes[at + 2] === DW_LNE.defineFile && bytes[at + 1]! >= LEAST_DEFINITION) return true;
  }
  return false;
}

/** A path without `.` and without folders that are left again. */
function plainPath(path: string): string {
  if (!/(^|\/)\.\.?(\/|$)/.test(path)) return path;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    const last = parts.at(-1);
    if (part === ".." && last !== undefined && last !== "" && last !== "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function isAbsolute(path: string): boolean {
  return path.startsWith("/");
}

function joinPath(folder: string, name: string): string {
  if (isAbsolute(name) || folder === "") return name;
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}
