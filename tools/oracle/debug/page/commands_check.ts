/**
 * The page's other commands: cores, and stacks of programs behind stubs of others.
 *
 * @module
 */
import type { ArchName } from "../../../../arch/arch.ts";
import { type CheckResult, Differences, outputOf, spawnTool } from "../../tool.ts";
import { endChild, freePort } from "../remote/stub_process.ts";
import { PageFolder } from "./ledger.ts";
import { shellLines } from "./page.ts";
import { outputIn } from "./sessions.ts";

const PROGRAM = new URL("../../../../testdata/debug/cores/callback.c", import.meta.url).pathname;
/** Milliseconds that a stub has to listen. */
const PATIENCE = 5_000;

/** Writes a core, and has gdb and our own command read it; undefined if there is no gdb. */
export async function checkCoreCommands(
  { arch, directory }: { readonly arch: ArchName; readonly directory: string },
): Promise<CheckResult | undefined> {
  const folder = new PageFolder(directory, arch);
  await folder.build();
  const lines = shellLines();
  const differences = new Differences();
  const of = (name: string, ...words: readonly string[]) => {
    const found = lines.find((line) => [name, ...words].every((word) => line.includes(word)));
    if (found === undefined) throw new Error(`The page has no command ${name}`);
    return found;
  };
  const written = await folder.run(of("core", "trapline").slice(3));
  if (written.code !== 0) differences.add(written.text);
  const theirs = await outputIn(folder.directory, of("gdb-multiarch", "ledger.elf"));
  if (theirs === undefined) return undefined;
  const ours = await folder.run(of("backtrace", "--core").slice(3));
  if (ours.code !== 0) differences.add(ours.text);
  for (const text of [theirs, ours.text]) {
    const names = [...text.matchAll(/^#\d+ .*?(\w+) \((?:account|index)=/gm)].map(([, name]) =>
      name
    );
    // gdb shows the innermost one when it opens the core, too.
    if (names.slice(-3).join() !== "note,deposit,keep") {
      differences.add(`stack ${names.join()}: ${text}`);
    }
  }
  return { name: `cores ${arch}`, figures: "3 commands", differences: differences.texts };
}

/** Has our own command read stacks behind stubs; undefined if they are not installed. */
export async function checkRemoteCommands(directory: string): Promise<CheckResult | undefined> {
  const folder = new PageFolder(directory, "x86_64");
  const make = (compiler: string, file: string) =>
    outputOf(compiler, ["-g", PROGRAM, "-o", `${folder.directory}/${file}`]) !== undefined;
  if (!make("gcc", "program") || !make("aarch64-linux-gnu-gcc", "program-for-arm")) {
    return undefined;
  }
  const differences = new Differences();
  const lines = shellLines();
  let count = 0;
  for (const [i, line] of lines.entries()) {
    if (line.at(-1) !== "&") continue;
    const port = `${freePort()}`;
    const changed = (words: readonly string[]) => words.map((word) => word.replace(/234\d$/, port));
    const [program = "", ...args] = changed(line.slice(0, -1));
    const child = spawnTool(program, args, folder.directory);
    if (child === undefined) return undefined;
    try {
      const command = changed(lines[i + 1]!.slice(3));
      const { code, text } = await whenListening(() => folder.run(command));
      // Programs begin in the dynamic linker.
      if (code !== 0 || !/^#0 .* from \/lib\S*\/ld-linux/m.test(text)) differences.add(text);
      count++;
    } finally {
      await endChild(child);
    }
  }
  return { name: "other stubs", figures: `${count} stubs`, differences: differences.texts };
}

/** Runs a command again as long as nobody listens. */
async function whenListening(
  run: () => Promise<{ readonly code: number; readonly text: string }>,
): Promise<{ readonly code: number; readonly text: string }> {
  const until = performance.now() + PATIENCE;
  for (;;) {
    const result = await run();
    if (!result.text.includes("Cannot connect") || performance.now() > until) return result;
  }
}
