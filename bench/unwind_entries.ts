/**
 * Debugging information entries of large files: how fast a scan goes past them, how long the first
 * function takes that is found by its address and the first entry by its name, in a process that
 * has warmed up, and `llvm-dwarfdump --lookup` as a whole process beside it.
 *
 * @module
 */
import { type DebugInfo, debugInfoOf } from "../elf/dwarf/mod.ts";
import { toBigAddress } from "../bytes/mod.ts";
import { debugFileOf } from "./unwind_symbols.ts";
import { baseName, run } from "./unwind_dumps.ts";

/** What was measured of one file; the fastest of several runs. */
export interface EntryFigure {
  /** Program or library. */
  readonly name: string;
  /** Bytes of `.debug_info`. */
  readonly bytes: number;
  /** Entries there. */
  readonly entries: number;
  /** Bytes per second that a scan goes past. */
  readonly perSecond: number;
  /** Milliseconds to the function of one address, with everything that has to be read for it. */
  readonly byAddress: number;
  /** Milliseconds to the entry of one name, with the index that is built for it. */
  readonly byName: number;
  /** Milliseconds of `llvm-dwarfdump --lookup` for the address, if installed. */
  readonly dwarfdump: number | undefined;
}

/** Measures a file; undefined if this system does not have the debug information. */
export function measureEntries(path: string, rounds: number): EntryFigure | undefined {
  const file = debugFileOf(path);
  if (file === undefined) return undefined;
  const open = () => debugInfoOf(file);
  const ranges = open()?.units.flatMap((unit) => unit.ranges);
  const middle = ranges?.[ranges.length >> 1];
  if (middle === undefined) return undefined;
  let best = { scan: Infinity, byAddress: Infinity, byName: Infinity, dwarfdump: Infinity };
  let entries = 0;
  for (let round = 0; round < rounds; round++) {
    const [scan, count] = timed(open()!, countEntries);
    entries = count;
    const [byAddress] = timed(open()!, (info) => info.functionAt(middle.begin));
    const [byName] = timed(open()!, (info) => [...info.named("main")].length);
    const address = `0x${toBigAddress(middle.begin).toString(16)}`;
    const dwarfdump = run("llvm-dwarfdump", [`--lookup=${address}`, file.name]);
    best = {
      scan: Math.min(best.scan, scan),
      byAddress: Math.min(best.byAddress, byAddress),
      byName: Math.min(best.byName, byName),
      dwarfdump: Math.min(best.dwarfdump, dwarfdump),
    };
  }
  const bytes = open()!.sections.cursor(".debug_info").end;
  return {
    name: baseName(path),
    bytes,
    entries,
    perSecond: bytes / best.scan * 1000,
    byAddress: best.byAddress,
    byName: best.byName,
    dwarfdump: Number.isFinite(best.dwarfdump) ? best.dwarfdump : undefined,
  };
}

function countEntries(info: DebugInfo): number {
  let count = 0;
  for (const unit of info.units) {
    const scan = unit.scan();
    while (scan.next()) count++;
  }
  return count;
}

function timed<T>(info: DebugInfo, action: (info: DebugInfo) => T): [ms: number, result: T] {
  const before = performance.now();
  const result = action(info);
  return [performance.now() - before, result];
}
