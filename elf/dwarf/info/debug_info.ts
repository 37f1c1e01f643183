/**
 * All units of a file, and the ways to their entries.
 *
 * @module
 */
import { type Address, InputError, partitionPoint } from "../../../bytes/mod.ts";
import type { ElfFile, RelocateOptions } from "../../elf_file.ts";
import { DW_AT } from "../attributes.ts";
import { DwarfError } from "../errors.ts";
import { type DwarfSections, readText, sectionsOf, splitSectionsOf } from "../sections.ts";
import { Names } from "../names/names.ts";
import { Abbreviations } from "./abbreviations.ts";
import { AddressIndex } from "./address_index.ts";
import type { Entry, Unit } from "./entry.ts";
import { FileUnit, type UnitOwner } from "./unit.ts";
import { type PackageIndex, packageIndexOf, type UnitParts } from "./package_index.ts";
import { readUnitHeader, type UnitSection } from "./unit_header.ts";

/** Units that a file may have: more than the largest programs. */
const UNIT_LIMIT = 2 ** 19;

/** Problems that are told of; with as many, what goes through all of a file ends. */
const PROBLEM_LIMIT = 1000;

/** Indexes of a package of split files. */
const PACKAGE_INDEXES = [".debug_cu_index", ".debug_tu_index"] as const;

/** Names the file that `dwz` has made for several. */
export interface SupplementaryRequest {
  /** Its path, which may be relative to the file that wants it. */
  readonly name: string;
  /** Its build ID. */
  readonly id: Uint8Array;
}

/** Names the full unit of a skeleton. */
export interface SplitRequest {
  /** Path of the file; relative to the folder the compiler ran in. */
  readonly name: string;
  /** That folder. */
  readonly directory: string | undefined;
  /** What the two have in common. */
  readonly id: bigint;
  /** The skeleton. */
  readonly unit: Unit;
}

/** Options of {@linkcode debugInfoOf}: how other files are found. */
export interface DebugInfoOptions extends RelocateOptions {
  /** Opens the file that `dwz` has made; asked once. */
  readonly supplementary?: (want: SupplementaryRequest) => DebugInfo | undefined;
  /** Opens the `.dwo` or `.dwp` file that has a unit; asked once for each skeleton. */
  readonly split?: (want: SplitRequest) => DebugInfo | undefined;
}

/**
 * The debugging information entries of a file. Everything is read when it is asked for. What is
 * damaged is thrown where it is met by name, and left out, and told of in
 * {@linkcode DebugInfo.problems}, where many units are gone through.
 */
export class DebugInfo implements UnitOwner {
  /** Sections they are in. */
  readonly sections: DwarfSections;
  /** Whether it is a split file. */
  readonly isSplit: boolean;
  /** Abbreviations of all units. */
  readonly abbreviations: Abbreviations;
  readonly #options: DebugInfoOptions;
  readonly #problems: InputError[] = [];
  #units: readonly FileUnit[] | undefined;
  #language: { readonly code: number | undefined } | undefined;
  #types: Map<bigint, FileUnit> | undefined;
  #addresses: AddressIndex | undefined;
  #names: Names | undefined;
  #splits: ReadonlyMap<bigint, Unit> | undefined;
  #supplementary: { readonly info: DebugInfo | undefined } | undefined;

  /** Use {@linkcode debugInfoOf} or {@linkcode splitInfoOf}. */
  constructor(
    sections: DwarfSections,
    options: DebugInfoOptions & { readonly isSplit?: boolean } = {},
  ) {
    this.sections = sections;
    this.isSplit = options.isSplit ?? false;
    this.#options = options;
    this.abbreviations = new Abbreviations(sections);
  }

  /** What has been found damaged so far and is left out, in the order in which it was found. */
  get problems(): readonly InputError[] {
    return this.#problems;
  }

  /** All units whose headers are sound, those of `.debug_info` first. Throws `ElfError`. */
  get units(): readonly Unit[] {
    return this.#all();
  }

  /** Language of the first unit that says which it has. */
  get language(): number | undefined {
    this.#language ??= { code: this.#firstLanguage() };
    return this.#language.code;
  }

  #firstLanguage(): number | undefined {
    for (const unit of this.#all()) {
      try {
        const code = unit.root.number(DW_AT.language);
        if (code !== undefined) return code;
      } catch (error) {
        if (!this.report(error)) break;
      }
    }
    return undefined;
  }

  /** The unit whose code contains an address; the skeleton of a split one. */
  unitAt(address: Address): Unit | undefined {
    this.#addresses ??= new AddressIndex(this.sections, this.#all(), (error) => this.report(error));
    const number = this.#addresses.at(address);
    return number === undefined ? undefined : this.#all()[number];
  }

  /** The unit that an offset of `.debug_info` is in. */
  unitContaining(offset: number): Unit | undefined {
    const units = this.#all();
    const begun = partitionPoint(units.length, (i) => {
      const { section, offset: begin } = units[i]!.header;
      return section === ".debug_info" && begin <= offset;
    });
    const unit = units[begun - 1];
    return unit !== undefined && offset < unit.end ? unit : undefined;
  }

  /** The entry at an offset of `.debug_info`. Throws `InputError` if there is none. */
  entryAt(offset: number): Entry {
    const unit = this.unitContaining(offset);
    if (unit !== undefined) return unit.entryAt(offset);
    const message = "There is no unit here, expected one with the entry that is wanted";
    throw new DwarfError("reference", message, { source: ".debug_info", offset });
  }

  /** The type unit of a signature. */
  typeUnit(signature: bigint): Unit | undefined {
    if (this.#types === undefined) {
      this.#types = new Map();
      for (const unit of this.#all()) {
        if (unit.signature !== undefined) this.#types.set(unit.signature, unit);
      }
    }
    return this.#types.get(signature);
  }

  /** The type of the type unit of a signature. Throws `InputError`. */
  typeNamed(signature: bigint): Entry | undefined {
    return this.typeUnit(signature)?.typeEntry;
  }

  /** The function whose code contains an address. Throws `InputError`. */
  functionAt(address: Address): Entry | undefined {
    return this.unitAt(address)?.functionAt(address);
  }

  /**
   * Entries of a name, which may be a name for linkers: functions, variables, types, namespaces and
   * enumerators, but not what a function has for itself. The first look-up reads all units that no
   * index of the file's own has.
   */
  *named(name: string): Generator<Entry> {
    this.#names ??= this.#readNames();
    yield* this.#names.named(name);
    const { supplementary } = this;
    if (supplementary !== undefined) yield* supplementary.named(name);
  }

  /** Outermost first: the function and the blocks whose code contains an address. */
  scopesAt(address: Address): readonly Entry[] {
    return this.unitAt(address)?.full.scopesAt(address) ?? [];
  }

  /** What the file shares with others, if it does and the file can be had. Throws `InputError`. */
  get supplementary(): DebugInfo | undefined {
    this.#supplementary ??= { info: this.#openSupplementary() };
    return this.#supplementary.info;
  }

  /** Of a split file, the unit whose skeleton has an identifier. Throws `InputError`. */
  splitUnit(id: bigint): Unit | undefined {
    this.#splits ??= this.#readSplits();
    return this.#splits.get(id);
  }

  /** The full unit of a skeleton. Throws `InputError`. */
  splitOf(skeleton: Unit): Unit | undefined {
    const { root, dwoId: id, directory } = skeleton;
    const name = root.text(DW_AT.dwoName) ?? root.text(DW_AT.gnuDwoName);
    if (id === undefined || name === undefined) return undefined;
    const unit = this.#options.split?.({ name, directory, id, unit: skeleton })?.splitUnit(id);
    if (unit instanceof FileUnit) unit.skeleton ??= skeleton;
    return unit;
  }

  /** Adds the error of what is left out; whether more of them are wanted. */
  report(error: unknown): boolean {
    if (!(error instanceof InputError)) throw error;
    if (this.#problems.length < PROBLEM_LIMIT) this.#problems.push(error);
    return this.#problems.length < PROBLEM_LIMIT;
  }

  #readSplits(): ReadonlyMap<bigint, Unit> {
    const splits = new Map<bigint, Unit>();
    for (const unit of this.#all()) {
      try {
        const { dwoId } = unit;
        if (dwoId !== undefined && unit.kind === "split-compile") splits.set(dwoId, unit);
      } catch (error) {
        if (!this.report(error)) break;
      }
    }
    return splits;
  }

  #readNames(): Names {
    const report = (error: unknown) => this.report(error);
    const units: Unit[] = [...this.#all()];
    // The types of split units are in units of their own, beside them.
    const files = new Set<UnitOwner>();
    for (const unit of this.#all()) {
      try {
        if (unit.split instanceof FileUnit) files.add(unit.split.owner);
      } catch (error) {
        if (!report(error)) break;
      }
    }
    for (const file of files) {
      if (!(file instanceof DebugInfo)) continue;
      units.push(...file.units.filter((unit) => unit.signature !== undefined));
    }
    return new Names(this.sections, units, report);
  }

  #all(): readonly FileUnit[] {
    if (this.#units !== undefined) return this.#units;
    const units: FileUnit[] = [];
    const indexes = this.isSplit
      ? PACKAGE_INDEXES.map((name) => this.#packageIndex(name)).filter((each) => each !== undefined)
      : [];
    for (const section of [".debug_info", ".debug_types"] as const) {
      this.#readUnits(section, units, (offset) => {
        for (const index of indexes) {
          const parts = index.at(section, offset);
          if (parts !== undefined) return parts;
        }
        return undefined;
      });
    }
    return this.#units = units;
  }

  #packageIndex(name: ".debug_cu_index" | ".debug_tu_index"): PackageIndex | undefined {
    try {
      return packageIndexOf(this.sections, name);
    } catch (error) {
      this.report(error);
      return undefined;
    }
  }

  #readUnits(
    section: UnitSection,
    units: FileUnit[],
    partsAt: (offset: number) => UnitParts | undefined,
  ): void {
    const cursor = this.sections.cursor(section);
    const reading = this.sections.cursor(section);
    while (cursor.at < cursor.end) {
      const at = cursor.at;
      try {
        if (units.length >= UNIT_LIMIT) {
          const message = `File has over ${UNIT_LIMIT} units, expected fewer`;
          this.report(new DwarfError("index", message, { source: section, offset: at }));
          return;
        }
        units.push(new FileUnit(this, readUnitHeader(cursor, section), reading, partsAt(at)));
      } catch (error) {
        // With a wrong length nobody knows where the next one is.
        if (!this.report(error) || cursor.at === at) return;
      }
    }
  }

  #openSupplementary(): DebugInfo | undefined {
    const want = supplementaryOf(this.sections);
    return want === undefined ? undefined : this.#options.supplementary?.(want);
  }
}

/** What a file says of the file that `dwz` has made for it. */
function supplementaryOf(sections: DwarfSections): SupplementaryRequest | undefined {
  if (sections.has(".gnu_debugaltlink")) {
    const cursor = sections.cursor(".gnu_debugaltlink");
    return { name: readText(cursor), id: cursor.bytes.subarray(cursor.at) };
  }
  if (!sections.has(".debug_sup")) return undefined;
  const cursor = sections.cursor(".debug_sup");
  cursor.u16(); // version
  if (cursor.u8() !== 0) return undefined; // it is the shared file itself
  const name = readText(cursor);
  return { name, id: cursor.view(cursor.uleb()) };
}

/**
 * The debugging information entries of an ELF file; undefined if it has none. In a relocatable file
 * every section is at its own address, 0, unless `addressOf` says otherwise.
 *
 * @throws {ElfError} If the file's section headers are malformed
 */
export function debugInfoOf(file: ElfFile, options: DebugInfoOptions = {}): DebugInfo | undefined {
  const sections = sectionsOf(file, options);
  return sections.has(".debug_info") ? new DebugInfo(sections, options) : undefined;
}

/**
 * The entries of a `.dwo` or `.dwp` file, for {@linkcode DebugInfoOptions.split}; undefined if it
 * has none.
 *
 * @throws {ElfError} If the file's section headers are malformed
 */
export function splitInfoOf(file: ElfFile): DebugInfo | undefined {
  const sections = splitSectionsOf(file);
  return sections.has(".debug_info") ? new DebugInfo(sections, { isSplit: true }) : undefined;
}
