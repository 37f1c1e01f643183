/**
 * Dumps of whole unwind tables: rows per second inside the process, and whole processes in turn
 * with `readelf -wF` and `llvm-dwarfdump --eh-frame`.
 *
 * @module
 */
import { parseElf } from "../elf/mod.ts";
import { frameTablesOf, RowMachine } from "../unwind/cfi/mod.ts";
import { RUNTIME_FLAGS } from "../util/runtime_flags.ts";
import { median } from "./unwind_walks.ts";

/** Libraries that are dumped: a small one, a middling one, the largest of Debian. */
export const DUMPED: readonly string[] = [
  "libc.so.6",
  "libstdc++.so.6",
  "libLLVM-14.so.1",
].map((name) => `/usr/lib/x86_64-linux-gnu/${name}`);

/** Rows per second of one library. */
export interface RowFigure {
  /** Library. */
  readonly name: string;
  /** FDEs in it. */
  readonly fdes: number;
  /** Rows in these. */
  readonly rows: number;
  /** Rows per second. */
  readonly perSecond: number;
}

/** Runs every FDE of a library; undefined if this system does not have it. */
export function measureRows(path: string): RowFigure | undefined {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(path);
  } catch {
    return undefined;
  }
  const tables = frameTablesOf(parseElf(bytes, { name: path }));
  let fdes = 0;
  let rows = 0;
  const time = median(5, () => {
    const before = performance.now();
    fdes = rows = 0;
    for (const table of tables) {
      const machine = new RowMachine(table);
      for (const fde of table.fdes()) {
        fdes++;
        machine.start(fde);
        while (machine.next()) rows++;
      }
    }
    return performance.now() - before;
  });
  return { name: baseName(path), fdes, rows, perSecond: rows / time * 1000 };
}

/** Milliseconds of whole processes that dump one library; the fastest of several runs. */
export interface DumpFigure {
  /** Library. */
  readonly name: string;
  /** Our command. */
  readonly ours: number;
  /** Our command with nothing to do: what the runtime costs. */
  readonly runtime: number;
  /** `readelf -wF`, if installed. */
  readonly readelf: number | undefined;
  /** `llvm-dwarfdump --eh-frame`, if installed. */
  readonly dwarfdump: number | undefined;
}

/** Runs the tools in turn, so that a busy moment of the host does not fall on one of them. */
export function measureDump(path: string, rounds: number): DumpFigure | undefined {
  const dump = new URL("./unwind_dump.ts", import.meta.url).pathname;
  const best = {
    ours: Infinity,
    runtime: Infinity,
    readelf: Infinity,
    dwarfdump: Infinity,
  };
  const deno = Deno.execPath();
  const commands: [keyof typeof best, string, string[]][] = [
    ["ours", deno, ["run", ...RUNTIME_FLAGS, "--no-config", "-A", dump, path]],
    ["runtime", deno, ["run", ...RUNTIME_FLAGS, "--no-config", "-A", dump]],
    ["readelf", "readelf", ["-wF", path]],
    ["dwarfdump", "llvm-dwarfdump", ["--eh-frame", path]],
    ["dwarfdump", "llvm-dwarfdump-14", ["--eh-frame", path]],
  ];
  for (let round = 0; round < rounds; round++) {
    for (const [key, command, args] of commands) {
      best[key] = Math.min(best[key], run(command, args));
    }
  }
  if (!Number.isFinite(best.ours)) return undefined;
  const known = (time: number) => Number.isFinite(time) ? time : undefined;
  return {
    name: baseName(path),
    ours: best.ours,
    runtime: best.runtime,
    readelf: known(best.readelf),
    dwarfdump: known(best.dwarfdump),
  };
}

/**
 * Milliseconds of a process whose output goes nowhere; infinite if it fails. A warning of `readelf`
 * and a stack that `eu-stack` finds no end of (exit code 1) are no failure.
 */
export function run(command: string, args: string[]): number {
  const before = performance.now();
  try {
    const { code } = new Deno.Command(command, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).outputSync();
    return code <= 1 ? performance.now() - before : Infinity;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return Infinity;
    throw error;
  }
}

/** The path without its folders. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
