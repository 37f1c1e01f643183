/**
 * From names to entries: by the indexes a file brings along, and one built for what they leave out.
 *
 * @module
 */
import type { Entry, Unit } from "../info/entry.ts";
import type { DwarfSections } from "../sections.ts";
import { NameIndex } from "./name_index.ts";
import { NameTable } from "./name_table.ts";

/** All names of a file. */
export class Names {
  readonly #tables: readonly NameTable[];
  readonly #index: NameIndex = new NameIndex();
  readonly #report: (error: unknown) => boolean;

  /**
   * Reads headers of indexes, and all entries of the units that no index has.
   * @param report gets the errors of what is damaged and left out; false for no more of them
   */
  constructor(
    sections: DwarfSections,
    units: readonly Unit[],
    report: (error: unknown) => boolean,
  ) {
    this.#report = report;
    const missing = new Set(units);
    this.#tables = readTables(sections, units, missing, report);
    for (const unit of missing) {
      try {
        this.#index.add(unit.full);
      } catch (error) {
        if (!report(error)) break;
      }
    }
  }

  /** Entries of a name; what is damaged is left out. */
  *named(name: string): Generator<Entry> {
    for (const source of [...this.#tables, this.#index]) {
      try {
        yield* source.named(name);
      } catch (error) {
        this.#report(error);
      }
    }
  }
}

function readTables(
  sections: DwarfSections,
  units: readonly Unit[],
  missing: Set<Unit>,
  report: (error: unknown) => boolean,
): NameTable[] {
  const tables: NameTable[] = [];
  const cursor = sections.cursor(".debug_names");
  if (cursor.end === 0) return tables;
  const byOffset = new Map<number, Unit>();
  for (const unit of units) if (unit.source === ".debug_info") byOffset.set(unit.offset, unit);
  const context = { sections, unitAt: (offset: number) => byOffset.get(offset) };
  while (cursor.at < cursor.end) {
    const at = cursor.at;
    try {
      const table = new NameTable(cursor, context);
      const found = table.units();
      tables.push(table);
      for (const unit of found) missing.delete(unit);
    } catch (error) {
      if (!report(error) || cursor.at === at) break;
    }
  }
  return tables;
}
