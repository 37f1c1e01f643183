/**
 * gdb drives a machine, by script, on both architectures: what it sees at each stop is what the
 * machine is at that instant, its steps lead where the source says, and backward where they came
 * from.
 *
 * @module
 */
import { archByName } from "../../../../arch/mod.ts";
import { BuildError, buildProgram } from "../../../../build/mod.ts";
import { serveGdb } from "../../../../gdb/mod.ts";
import type { GuestArch } from "../../../../guest/embedded.ts";
import { History } from "../../../../history/mod.ts";
import { Machine } from "../../../../kernel/mod.ts";
import { gdbArguments, gdbResults } from "../../gdb/batch.ts";
import { type CheckResult, Differences, textWithin } from "../../tool.ts";
import type { NamedCheck } from "../../walk_checks.ts";
import { compareResults } from "./compare.ts";
import type { DrivenResult } from "./results.ts";

const SOURCE = new URL("../../../../testdata/debug/driven.c", import.meta.url).pathname;
const SCRIPT = new URL("drive.py", import.meta.url).pathname;
/** Milliseconds after which gdb is taken to hang. */
const PATIENCE = 60_000;

/** One check for each architecture. */
export function gdbChecks(): NamedCheck[] {
  return (["x86_64", "aarch64"] as const).map((arch): NamedCheck => ({
    kind: "gdb",
    name: `drives ${arch}`,
    check: () => check(arch),
  }));
}

async function check(arch: GuestArch): Promise<CheckResult | undefined> {
  const bytes = await built(arch);
  if (bytes === undefined) return undefined;
  using machine = new Machine({
    arch: archByName(arch),
    modules: [{ commandLine: "driven", bytes }],
    memory: 16 * 2 ** 20,
    quantum: 2_000,
  });
  using history = new History(machine);
  const source = Deno.readTextFileSync(SOURCE).split("\n");
  const text = await drive(history, lineOf(source, "// at the end"));
  if (text === undefined) return undefined;
  const results = gdbResults<DrivenResult>(text);
  const differences = new Differences(20);
  const counts = compareResults(results, {
    history,
    line: (mark) => lineOf(source, `// ${mark}`),
    add: (difference) => differences.add(difference),
  });
  if (results.at(-1)?.what !== "done") differences.add(`gdb ends with ${text.slice(-2_000)}`);
  return {
    name: `drives ${arch}`,
    figures: `${results.length} results, ${counts.stops} stops, ${counts.frames} frames, ` +
      `${counts.registers} registers, ${counts.steps} steps`,
    differences: differences.texts,
  };
}

async function built(arch: GuestArch): Promise<Uint8Array | undefined> {
  try {
    return (await buildProgram({ arch, sources: [SOURCE], flags: ["-g", "-O0"] })).bytes;
  } catch (error) {
    if (error instanceof BuildError && error.kind === "tools") return undefined;
    throw error;
  }
}

/** Has gdb run the script; `undefined` if it is not installed. */
async function drive(history: History, end: number): Promise<string | undefined> {
  await using server = serveGdb(history, { detached: "run" });
  const args = gdbArguments(SCRIPT, { PORT: server.address.port, END: end });
  return await textWithin("gdb-multiarch", args, { patience: PATIENCE });
}

/** Number of the line that has a mark. */
function lineOf(source: readonly string[], mark: string): number {
  const found = source.findIndex((line) => line.endsWith(mark));
  if (found < 0) throw new Error(`There is no line with ${mark}`);
  return found + 1;
}
