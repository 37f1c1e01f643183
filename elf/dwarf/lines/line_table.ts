/**
 * From addresses to source lines.
 *
 * @module
 */
import { fromBigAddress, InputError, toBigAddress } from "../../../bytes/mod.ts";
import type { ElfFile, RelocateOptions } from "../../elf_file.ts";
import { LineUnit } from "./line_unit.ts";
import { readLineHeader } from "./line_header.ts";
import { type DwarfSections, sectionsOf } from "../sections.ts";
import { SequenceIndex } from "./sequence_index.ts";
import { type UnitRoot, UnitRoots } from "../unit_roots.ts";

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

/**
 * The line tables of a file. Nothing but the sections' places is looked at before it is asked for:
 * the first look-up runs all programs once to learn which addresses each sequence of rows covers,
 * after which a look-up decodes the one sequence it needs, once.
 *
 * What is damaged is left out, and told of in {@linkcode LineTable.problems}: the rest of a file
 * is as good as before.
 */
export class LineTable {
  readonly #sections: DwarfSections;
  readonly #problems: InputError[] = [];
  #units: readonly LineUnit[] | undefined;
  #byOffset: Map<number, LineUnit> | undefined;
  #index: SequenceIndex | undefined;
  #roots: ReadonlyMap<number, UnitRoot> | undefined;

  /** Line tables out of sections; {@linkcode lineTableOf} takes them from a file. */
  constructor(sections: DwarfSections) {
    this.#sections = sections;
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
    const rootOf = (offset: number) => this.#rootOf(offset);
    while (cursor.at < cursor.end) {
      const at = cursor.at;
      try {
        units.push(new LineUnit(readLineHeader(cursor), { sections: this.#sections, rootOf }));
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

  /**
   * Source line of the instruction that contains an address, undefined if no table covers it.
   *
   * @throws {DwarfError | DecodeError | ElfError} If the name of its file is damaged, or no section
   * can be read
   */
  at(address: bigint): SourceLine | undefined {
    const wanted = fromBigAddress(address);
    this.#index ??= new SequenceIndex(this.units, (error) => this.#keep(error));
    const row = this.#index.at(wanted);
    if (row === undefined) return undefined;
    const { unit, line, column } = row;
    return { ...unit.fileNamed(row.file), line, column, address: toBigAddress(row.address) };
  }

  #rootOf(offset: number): UnitRoot | undefined {
    this.#roots ??= new UnitRoots(this.#sections, this.#problems).all();
    return this.#roots.get(offset);
  }

  #keep(error: unknown): void {
    if (!(error instanceof InputError)) throw error;
    this.#problems.push(error);
  }
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
