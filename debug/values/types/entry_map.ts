/**
 * What has been found out of entries.
 *
 * @module
 */
import type { Entry, Unit } from "../../../elf/dwarf/mod.ts";

/** Something for each entry that was asked for, kept as long as the entry's unit. */
export class EntryMap<T> {
  readonly #units: WeakMap<Unit, Map<number, T>> = new WeakMap();

  /** What is known of an entry; what `find` gives, or throws, the first time. */
  get(entry: Entry, find: () => T): T {
    const { unit, offset } = entry;
    let known = this.#units.get(unit);
    if (known === undefined) this.#units.set(unit, known = new Map());
    let found = known.get(offset);
    if (found === undefined) known.set(offset, found = find());
    return found;
  }
}
