/**
 * The backtrace of a core of a program with 50 MB of debug information, in a process of its own, in
 * turn with `eu-stack` and gdb.
 *
 * @module
 */
import { coreOf } from "./dead_program.ts";
import { RUNTIME_FLAGS } from "../util/runtime_flags.ts";
import { run } from "./unwind_dumps.ts";

const SOURCES = new URL("../testdata/debug/large/", import.meta.url).pathname;
/** Parts of the program, each some 10 MB. */
const PARTS = 5;

/** Milliseconds of whole processes; the fastest of several runs. */
export interface BacktraceFigure {
  /** Bytes of the program's file. */
  readonly size: number;
  /** Our backtrace. */
  readonly ours: number;
  /** The same script with nothing to do: what the runtime costs. */
  readonly runtime: number;
  /** `eu-stack`, with inlined functions, files and lines; if it is installed. */
  readonly elfutils: number | undefined;
  /** gdb, if it is installed. */
  readonly gdb: number | undefined;
}

/** Builds the program, has it die, and measures; undefined if any of that cannot be. */
export async function measureBacktrace(): Promise<BacktraceFigure | undefined> {
  const directory = Deno.makeTempDirSync();
  try {
    const program = `${directory}/program`;
    if (!await build(directory, program)) return undefined;
    const core = coreOf(directory, "./program");
    return core === undefined ? undefined : measure(program, core);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** Compiles the parts two at a time, which takes most of a minute. */
async function build(directory: string, program: string): Promise<boolean> {
  const parts = Array.from({ length: PARTS }, (_, i) => i);
  const compile = async (part: number) => {
    const next = part + 1 < PARTS ? `part${part + 1}` : "give_up";
    const out = `${directory}/part${part}.o`;
    const defined = [`-DPART=${part}`, `-DNEXT=${next}`];
    const args = ["-std=c++17", "-g", "-O1", ...defined, "-c", `${SOURCES}part.cpp`, "-o", out];
    return (await new Deno.Command("g++", { args, stderr: "null" }).output()).success;
  };
  try {
    for (let i = 0; i < PARTS; i += 2) {
      const built = await Promise.all(parts.slice(i, i + 2).map(compile));
      if (built.includes(false)) return false;
    }
    const objects = parts.map((part) => `${directory}/part${part}.o`);
    const args = ["-g", "-O1", `${SOURCES}main.cpp`, ...objects, "-o", program];
    return (await new Deno.Command("g++", { args, stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Runs the tools in turn, so that a busy moment of the host does not fall on one of them. */
function measure(program: string, core: string): BacktraceFigure {
  const best = { ours: Infinity, runtime: Infinity, elfutils: Infinity, gdb: Infinity };
  const script = new URL("./unwind_backtrace.ts", import.meta.url).pathname;
  const deno = Deno.execPath();
  const commands: [keyof typeof best, string, string[]][] = [
    ["ours", deno, ["run", ...RUNTIME_FLAGS, "--no-config", "-A", script, core]],
    ["runtime", deno, ["run", ...RUNTIME_FLAGS, "--no-config", "-A", script]],
    ["elfutils", "eu-stack", ["-i", "-s", `--core=${core}`, "-e", program]],
  ];
  for (let round = 0; round < 5; round++) {
    for (const [key, command, args] of commands) {
      best[key] = Math.min(best[key], run(command, args));
    }
  }
  // It takes twenty times as long.
  best.gdb = run("gdb", ["-nx", "-batch", "-ex", "bt", program, core]);
  const known = (time: number) => Number.isFinite(time) ? time : undefined;
  return {
    size: Deno.statSync(program).size,
    ours: best.ours,
    runtime: best.runtime,
    elfutils: known(best.elfutils),
    gdb: known(best.gdb),
  };
}
