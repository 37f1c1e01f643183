/**
 * From addresses to source lines, and back.
 *
 * @module
 */
import { type Address, fromBigAddress, InputError, toBigAddress } from "../../../bytes/mod.ts";
import type { ElfFile, RelocateOptions } from "../../elf_file.ts";
import { DebugInfo } from "../info/debug_info.ts";
import type { Unit } from "../info/entry.ts";
import type { MatrixRow } from "./line_matrix.ts";
import { LineUnit, type LineUnitContext, type UnitRoot } from "./line_unit.ts";
import { readLineHeader } from "./line_header.ts";
import { type DwarfSections, sectionsOf } from "../sections.ts";
import { type CoveringRow, SequenceIndex } from "./sequence_index.ts";

/** A place in a source file. */
export interface SourceLine {
  /** The file's path: absolute, unless the compiler was told to write relative ones. */
  readonly path: string;
  /** The same as the line table has it, relative to the folder in which the compiler ran. */
  readonly file: string;
  /** Line from 1 on; 0 for code that belongs to none. */
  readonly line: number;
  /** Column from 1 on; 0 if it is not known, or for the whole line. */
  readonly column: number;
  /** Address of the first instruction of the row that says so. */
  readonly address: bigint;
}

/** Code of a source line: one row of a table. */
export interface LinePlace extends SourceLine {
  /** Address behind its last byte. */
  readonly end: bigint;
  /** Whether it is a good place for a breakpoint. */
  readonly isStatement: boolean;
}

/**
 * The line tables of a file. Nothing but the sections' places is looked at before it is asked for:
 * a look-up of an address decodes the one table of its unit, once. Tables of which no unit says
 * where its code is are all run at the first look-up of an address that no unit has.
 *
 * What is damaged is left out, and told of in {@linkcode LineTable.problems}: the rest of a file
 * is as good as before.
 */
export class LineTable {
  readonly #sections: DwarfSections;
  readonly #problems: InputError[] = [];
  readonly #told: Set<string> = new Set();
  #units: readonly LineUnit[] | undefined;
  #byOffset: Map<number, LineUnit> | undefined;
  #strays: SequenceIndex | undefined;
  readonly #info: DebugInfo;
  #roots: ReadonlyMap<number, UnitRoot> | undefined;

  /**
   * Line tables out of sections; {@linkcode lineTableOf} takes them from a file.
   * @param info of the same sections, if somebody has it already
   */
  constructor(sections: DwarfSections, info: DebugInfo = new DebugInfo(sections)) {
    this.#sections = sections;
    this.#info = info;
  }

  /** What has been found damaged so far, in the order in which it was found. */
  get problems(): readonly InputError[] {
    return this.#problems;
  }

  /**
   * Line tables in the order of the section, as far as their headers are sound. Throws `ElfError`
   * if the section cannot be inflated or relocated.
   */
  get units(): readonly LineUnit[] {
    if (this.#units !== undefined) return this.#units;
    const units: LineUnit[] = [];
    const cursor = this.#sections.cursor(".debug_line");
    const context: LineUnitContext = {
      sections: this.#sections,
      rootOf: (offset) => this.#rootOf(offset),
      report: (error) => this.#keep(error),
    };
    while (cursor.at < cursor.end) {
      const at = cursor.at;
      try {
        units.push(new LineUnit(readLineHeader(cursor), context));
      } catch (error) {
        this.#keep(error);
        // With a wrong length nobody knows where the next one is.
        if (cursor.at === at) break;
      }
    }
    return this.#units = units;
  }

  /** The line table at an offset of `.debug_line`, which units of `.debug_info` name. */
  unitAt(offset: number): LineUnit | undefined {
    this.#byOffset ??= new Map(this.units.map((unit) => [unit.header.offset, unit]));
    return this.#byOffset.get(offset);
  }

  /** The line table of a unit of debug information. Throws `InputError` if its root is damaged. */
  unitOf(unit: Unit): LineUnit | undefined {
    const { lineOffset } = unit;
    const lines = lineOffset === undefined ? undefined : this.unitAt(lineOffset);
    // Type units name the table of the unit they come from, but not where the compiler ran.
    if (unit.signature === undefined) lines?.ownedBy(unit);
    return lines;
  }

  /**
   * Source line of the instruction that contains an address, undefined if no table covers it.
   *
   * @throws {DwarfError | DecodeError | ElfError} If the name of its file is damaged, or no section
   * can be read
   */
  at(address: bigint): SourceLine | undefined {
    const wanted = fromBigAddress(address);
    const row = this.#rowOfUnit(wanted) ?? this.#rowOfStray(wanted);
    if (row === undefined) return undefined;
    const { unit, line, column } = row;
    return { ...unit.fileNamed(row.file), line, column, address: toBigAddress(row.address) };
  }

  /** The row in the table of the unit that has the address. */
  #rowOfUnit(address: Address): CoveringRow | undefined {
    const owner = this.#tolerant(() => this.#info.unitAt(address));
    const unit = owner === undefined ? undefined : this.unitOf(owner);
    const row = unit?.rowAt(address);
    return row && { unit: unit!, ...row };
  }

  /** The row in a table of which no unit says where its code is. */
  #rowOfStray(address: Address): CoveringRow | undefined {
    if (this.#strays === undefined) {
      const owned = new Set<number | undefined>();
      for (const unit of this.#infoUnits()) {
        this.#tolerant(() => void (unit.ranges.length > 0 && owned.add(unit.lineOffset)));
      }
      const strays = this.units.filter(({ header }) => !owned.has(header.offset));
      this.#strays = new SequenceIndex(strays, (error) => this.#keep(error));
    }
    return this.#strays.at(address);
  }

  /**
   * Code of a source line, by address: the rows of the tables that say so. A line without code
   * stands for the next one in the file that has some, as debuggers have it.
   *
   * @param file A path, or the end of one from a folder on: `list.c` or `lib/list.c`
   */
  places(file: string, line: number): readonly LinePlace[] {
    let best = Infinity;
    let places: LinePlace[] = [];
    for (const unit of this.units) {
      try {
        const files = unit.filesNamed(file);
        if (files.size === 0) continue;
        const found = unit.rowsOfLine(files, line);
        if (found.line > best || found.rows.length === 0) continue;
        if (found.line < best) places = [];
        best = found.line;
        for (const row of found.rows) places.push(placeOf(unit, row));
      } catch (error) {
        this.#keep(error);
      }
    }
    return places.sort((a, b) => a.address < b.address ? -1 : a.address > b.address ? 1 : 0);
  }

  #rootOf(offset: number): UnitRoot | undefined {
    this.#roots ??= this.#readRoots();
    return this.#roots.get(offset);
  }

  /** Units by the offset of their line table. */
  #readRoots(): ReadonlyMap<number, UnitRoot> {
    const roots = new Map<number, UnitRoot>();
    const before = this.#info.problems.length;
    for (const unit of this.#infoUnits()) {
      this.#tolerant(() => {
        const offset = unit.lineOffset;
        // Type units name the table of the unit they come from, but not where the compiler ran.
        if (offset === undefined || unit.signature !== undefined) return;
        roots.set(offset, { name: unit.name, directory: unit.directory });
      });
    }
    this.#problems.push(...this.#info.problems.slice(before));
    return roots;
  }

  /** Units of the debug information; none if that cannot be read. */
  #infoUnits(): readonly Unit[] {
    return this.#tolerant(() => this.#info.units) ?? [];
  }

  /** What an action gives; undefined if what it reads is damaged, which is told of. */
  #tolerant<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      this.#keep(error);
      return undefined;
    }
  }

  #keep(error: unknown): void {
    if (!(error instanceof InputError)) throw error;
    // Of the same damage the index and the table itself tell.
    if (this.#told.has(error.message)) return;
    this.#told.add(error.message);
    this.#problems.push(error);
  }
}

function placeOf(unit: LineUnit, row: MatrixRow): LinePlace {
  const { line, column, isStatement } = row;
  const [address, end] = [toBigAddress(row.address), toBigAddress(row.end)];
  return { ...unit.fileNamed(row.file), line, column, address, end, isStatement };
}

/**
 * The line tables of an ELF file; undefined if it has none. In a relocatable file every section is
 * at its own address, 0, unless `addressOf` says otherwise.
 *
 * @throws {ElfError} If the file's section headers are malformed
 */
export function lineTableOf(file: ElfFile, options?: RelocateOptions): LineTable | undefined {
  const sections = sectionsOf(file, options);
  return sections.has(".debug_line") ? new LineTable(sections) : undefined;
}
