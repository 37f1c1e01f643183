/**
 * Measures the unwinder and prints a table, or with `--json` one JSON object: nanoseconds per
 * frame, of stacks that mix kinds of code too, of a stack of 10,000 frames also with lines and variables beside gdb and elfutils, rows
 * per second, whole-process dumps beside `readelf` and `llvm-dwarfdump`, functions of 10,000
 * addresses beside `llvm-symbolizer` and others, and scans of entries, all in one run with a native
 * unwinder (framehop, built from `peers/unwind`) on the same stacks. What is not installed is left
 * out.
 *
 * @module
 */
import { readTask } from "../tools/task_numbers.ts";
import {
  DUMPED,
  type DumpFigure,
  measureDump,
  measureRows,
  type RowFigure,
} from "./unwind_dumps.ts";
import { type EntryFigure, measureEntries } from "./unwind_entries.ts";
import { type DeepFigure, measureDeep } from "./unwind_deep.ts";
import { measureSymbols, type SymbolFigure, SYMBOLIZED } from "./unwind_symbols.ts";
import { type BacktraceFigure, measureBacktrace } from "./unwind_cores.ts";
import { benchLibraries } from "./unwind_stacks.ts";
import { Progress } from "../util/progress.ts";
import { measureMixed, type MixedFigure } from "./unwind_mixed.ts";
import { measureRoots, type RootsFigure } from "./unwind_roots.ts";
import { measurePeer, measureWalks, type WalkFigure } from "./unwind_walks.ts";

/** Everything that was measured. */
interface Report {
  readonly walks: readonly (WalkFigure & { readonly peer?: WalkFigure | undefined })[];
  readonly mixed: readonly MixedFigure[];
  readonly roots: readonly RootsFigure[];
  readonly deep: readonly DeepFigure[];
  readonly rows: readonly RowFigure[];
  readonly dumps: readonly DumpFigure[];
  readonly symbols: readonly SymbolFigure[];
  readonly entries: readonly EntryFigure[];
  readonly backtrace: BacktraceFigure | undefined;
  readonly versions: Readonly<Record<string, string>>;
}

async function measure(): Promise<Report> {
  using progress = new Progress();
  const libraries = benchLibraries();
  progress.at("measuring the native peer");
  const peers = measurePeer(libraries);
  progress.at("measuring walks");
  const walks = libraries.flatMap(measureWalks).map((walk) => ({
    ...walk,
    peer: peers?.find((each) => each.machine === walk.machine && each.depth === walk.depth),
  }));
  progress.at("measuring walks of mixed stacks");
  const mixed = measureMixed();
  progress.at("measuring root scans");
  const roots = await measureRoots();
  progress.at("building a program with much debug information");
  const backtrace = await measureBacktrace();
  progress.at("measuring a deep stack");
  const deep = measureDeep();
  const known = <T>(value: T | undefined): value is T => value !== undefined;
  return {
    walks,
    mixed,
    roots,
    deep,
    rows: DUMPED.map((path) => {
      progress.at(`measuring rows of ${path}`);
      return measureRows(path);
    }).filter(known),
    dumps: DUMPED.map((path, i) => {
      progress.at(`measuring dumps of ${path}`);
      return measureDump(path, i === 2 ? 5 : 15);
    }).filter(known),
    symbols: SYMBOLIZED.map((path) => {
      progress.at(`measuring symbols of ${path}`);
      return measureSymbols(path, 7);
    }).filter(known),
    entries: SYMBOLIZED.map((path) => {
      progress.at(`measuring entries of ${path}`);
      return measureEntries(path, 7);
    }).filter(known),
    backtrace,
    versions: { deno: Deno.version.deno, v8: Deno.version.v8 },
  };
}

function line(...cells: readonly (string | number | undefined)[]): void {
  const text = cells.map((cell, i) => {
    const shown = typeof cell === "number" ? Math.round(cell).toLocaleString("en-US") : cell ?? "-";
    return i === 0 ? shown.padEnd(24) : shown.padStart(14);
  });
  console.log(text.join(""));
}

function print(report: Report): void {
  line("ns per frame", "warm", "cold", "native warm", "native cold");
  for (const { machine, depth, warm, cold, peer } of report.walks) {
    line(`${machine} ${depth} deep`, warm, cold, peer?.warm, peer?.cold);
  }
  console.log();
  line("kinds, ns per frame", "by tables", "mixed", "interpreted", "+ variables", "mixed + roots");
  for (const { machine, tables, mixed, interpreted, variables, roots } of report.mixed) {
    line(machine, tables, mixed, interpreted, variables, roots);
  }
  console.log();
  line(
    "roots of 1,000 methods",
    "frames",
    "roots",
    "walk µs",
    "roots µs",
    "guest's instr",
    "guest's µs",
  );
  for (const { machine, frames, roots, walk, ours, guest } of report.roots) {
    line(machine, frames, roots, walk, ours, guest.instructions, guest.time);
  }
  console.log();
  line("10,000 deep, ns per frame", "ours", "gdb", "eu-stack");
  for (const { what, ours, gdb, elfutils } of report.deep) line(what, ours, gdb, elfutils);
  console.log();
  line("rows", "FDEs", "rows", "rows/s");
  for (const { name, fdes, rows, perSecond } of report.rows) {
    line(name, fdes, rows, perSecond);
  }
  console.log();
  line("dump, process ms", "ours", "(runtime)", "readelf -wF", "dwarfdump");
  for (const { name, ours, runtime, readelf, dwarfdump } of report.dumps) {
    line(name, ours, runtime, readelf, dwarfdump);
  }
  console.log();
  line("10,000 addresses, ms", "ours", "(runtime)", "symbolizer", "addr2line", "eu-addr2line");
  for (const { name, ours, runtime, llvm, addr2line, euAddr2line } of report.symbols) {
    line(name, ours, runtime, llvm, addr2line, euAddr2line);
  }
  if (report.backtrace !== undefined) {
    const { size, ours, runtime, elfutils, gdb } = report.backtrace;
    console.log();
    line("backtrace, process ms", "ours", "(runtime)", "eu-stack -i -s", "gdb");
    line(`core of ${Math.round(size / 1e6)} MB`, ours, runtime, elfutils, gdb);
  }
  console.log();
  line("entries", "bytes", "bytes/s", "entries", "address µs", "name µs", "dwarfdump µs");
  for (const { name, bytes, perSecond, entries, byAddress, byName, dwarfdump } of report.entries) {
    const [address, named, whole] = [byAddress, byName, dwarfdump]
      .map((ms) => ms === undefined ? undefined : 1000 * ms);
    line(name, bytes, perSecond, entries, address, named, whole);
  }
  console.log();
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  console.log(versions.join(", "));
}

if (import.meta.main) {
  const options = Deno.args.filter((arg) => arg !== "--json");
  const request = readTask("bench:unwind [--json]", options, {});
  if ("status" in request) Deno.exit(request.status);
  const report = await measure();
  if (options.length < Deno.args.length) console.log(JSON.stringify(report));
  else print(report);
}
