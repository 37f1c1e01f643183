/**
 * Functions, inlined functions and lines of 10,000 addresses, whole processes in turn with
 * `llvm-symbolizer`, `addr2line` and `eu-addr2line`.
 *
 * @module
 */
import { buildIdOf, type ElfFile, parseElf, SHF } from "../elf/mod.ts";
import { Random } from "../util/random.ts";
import { RUNTIME_FLAGS } from "../util/runtime_flags.ts";
import { baseName, run } from "./unwind_dumps.ts";

/** Addresses that are looked up. */
const COUNT = 10_000;

/** Programs and libraries whose debug information a system may have. */
export const SYMBOLIZED: readonly string[] = [
  "/usr/lib/x86_64-linux-gnu/libc.so.6",
  "/usr/lib/x86_64-linux-gnu/debug/libstdc++.so.6",
  "/usr/bin/python3.11",
];

/** Milliseconds of whole processes; the fastest of several runs. */
export interface SymbolFigure {
  /** Program or library. */
  readonly name: string;
  /** Ours. */
  readonly ours: number;
  /** Our process with nothing to do: what the runtime costs. */
  readonly runtime: number;
  /** `llvm-symbolizer`, if installed. */
  readonly llvm: number | undefined;
  /** `addr2line -i -f`, if installed. */
  readonly addr2line: number | undefined;
  /** `eu-addr2line -i -f`, of one run, if installed. */
  readonly euAddr2line: number | undefined;
}

/** Runs the tools in turn; undefined if this system does not have the debug information. */
export function measureSymbols(path: string, rounds: number): SymbolFigure | undefined {
  const file = debugFileOf(path);
  if (file === undefined) return undefined;
  const script = new URL("./unwind_symbolize.ts", import.meta.url).pathname;
  const addresses = chosenAddresses(file);
  const debug = file.name;
  const best: Record<string, number> = {};
  const deno = Deno.execPath();
  const commands: readonly (readonly [key: string, command: string, ...args: string[]])[] = [
    ["ours", deno, "run", ...RUNTIME_FLAGS, "--no-config", "-A", script, debug, ...addresses],
    ["runtime", deno, "run", ...RUNTIME_FLAGS, "--no-config", "-A", script],
    ["llvm", "llvm-symbolizer", "--no-demangle", "-e", debug, ...addresses],
    ["addr2line", "addr2line", "-i", "-f", "-e", debug, ...addresses],
    ["euAddr2line", "eu-addr2line", "-i", "-f", "-e", debug, ...addresses],
  ];
  for (let round = 0; round < rounds; round++) {
    for (const [key, command, ...args] of commands) {
      if (key === "euAddr2line" && round > 0) continue;
      best[key] = Math.min(best[key] ?? Infinity, run(command, args));
    }
  }
  const known = (key: string) => Number.isFinite(best[key]) ? best[key] : undefined;
  return {
    name: baseName(path),
    ours: best["ours"]!,
    runtime: best["runtime"]!,
    llvm: known("llvm"),
    addr2line: known("addr2line"),
    euAddr2line: known("euAddr2line"),
  };
}

/** The file with the debug information of a program; undefined if this system has none. */
export function debugFileOf(path: string): ElfFile | undefined {
  try {
    const file = parseElf(Deno.readFileSync(path), { name: path });
    if (file.section(".debug_info") !== undefined) return file;
    const id = buildIdOf(file) ?? "";
    const debug = `/usr/lib/debug/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`;
    return parseElf(Deno.readFileSync(debug), { name: debug });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function chosenAddresses(file: ElfFile): string[] {
  const random = new Random(1);
  const code = file.sections.find(({ name, flags }) =>
    name === ".text" && (flags & SHF.execinstr) !== 0n
  )!;
  return Array.from(
    { length: COUNT },
    () => `0x${(code.address + BigInt(random.below(code.size))).toString(16)}`,
  );
}
