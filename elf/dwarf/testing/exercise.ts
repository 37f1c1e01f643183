/**
 * Asks debug information for everything it can be asked for, as fuzzers and tests of hostile input
 * do.
 *
 * @module
 */
import type { InputError } from "../../../bytes/mod.ts";
import { Refusals } from "../../../bytes/testing/refusals.ts";
import { DW_AT } from "../attributes.ts";
import type { DebugInfo } from "../info/debug_info.ts";
import { Entry, type Unit } from "../info/entry.ts";

/** How much is asked. */
export interface ExerciseOptions {
  /** Addresses that are looked up. */
  readonly addresses: readonly number[];
  /** Offsets at which entries are looked for; default none. */
  readonly offsets?: readonly number[];
  /** Names that are looked up. */
  readonly names: readonly string[];
  /** Entries of each unit of which all is asked, and units of which all is. */
  readonly most: number;
}

/** Errors that are enough to know that there are some. */
const ENOUGH = 1000;

/** Does something; false if there have been errors enough. */
type Attempt = (action: () => void) => boolean;

const LOCATIONS: readonly number[] = [DW_AT.location, DW_AT.frameBase, DW_AT.ranges];

/** Asks everything; the errors that the input deserves. What is no `InputError` is thrown. */
export function exercise(info: DebugInfo, options: ExerciseOptions): InputError[] {
  const { addresses, offsets = [], names, most } = options;
  const refusals = new Refusals();
  const attempt = (action: () => void) => {
    refusals.attempt(action);
    return refusals.all.length < ENOUGH;
  };
  attempt(() => {
    const units = info.units.slice(0, most);
    for (const unit of units) exerciseUnit(unit, most, attempt);
    // What one imports may be all of the file.
    for (const unit of units.slice(0, 2)) {
      for (const child of unit.root.childrenImported()) void child.tag;
    }
  });
  for (const address of addresses) {
    attempt(() => {
      for (const scope of info.scopesAt(address)) void scope.name;
      void info.functionAt(address)?.linkageName;
      void info.unitAt(address)?.ranges;
    });
  }
  for (const offset of offsets) attempt(() => void info.entryAt(offset).parent);
  for (const name of names) {
    attempt(() => {
      let left = most;
      for (const entry of info.named(name)) {
        void entry.parent;
        if (--left === 0) break;
      }
    });
  }
  attempt(() => void [info.supplementary, info.typeUnit(1n)]);
  return [...refusals.all, ...info.problems];
}

function exerciseUnit(unit: Unit, most: number, attempt: Attempt): void {
  attempt(() => void [unit.kind, unit.name, unit.directory, unit.producer, unit.language]);
  attempt(() => void [unit.lineOffset, unit.lowPc, unit.dwoId, unit.typeEntry, unit.full]);
  attempt(() => void unit.ranges);
  attempt(() => {
    const scan = unit.scan();
    // All are gone past, some are looked at.
    for (let i = 0; scan.next(); i++) {
      const entry = new Entry(unit, scan);
      if (!attempt(() => void entry.name)) break;
      if (i < most) exerciseEntry(entry, attempt);
    }
  });
}

function exerciseEntry(entry: Entry, attempt: Attempt): void {
  attempt(() => void [entry.linkageName, entry.parent?.offset, entry.lowPc, entry.highPc]);
  for (const { name } of entry.attributes().slice(0, 50)) {
    attempt(() => void entry.value(name));
    attempt(() => void [entry.text(name), entry.signed(name), entry.big(name), entry.flag(name)]);
    attempt(() => void [entry.address(name), entry.bytes(name)?.length]);
    attempt(() => void entry.reference(name)?.tag);
    if (!LOCATIONS.includes(name)) continue;
    attempt(() => void entry.location(name, 0x1010));
    attempt(() => void entry.contains(0x1010));
  }
}
