/**
 * The page's commands, typed into gdb and lldb.
 *
 * @module
 */
import type { ArchName } from "../../../../arch/arch.ts";
import { type CheckResult, Differences, textWithin } from "../../tool.ts";
import { bootForDebugger, PageFolder } from "./ledger.ts";
import { missing, sessionOf } from "./page.ts";

/** Milliseconds that a debugger may take. */
const PATIENCE = 60_000;

/** How a debugger is started that reads its commands from a file, and what it says of errors. */
interface Debugger {
  readonly program: string;
  args(script: string): string[];
  /** Lines that it prints where a command fails. */
  readonly failure: RegExp;
}

const DEBUGGERS: Readonly<Record<"gdb" | "lldb", Debugger>> = {
  gdb: {
    program: "gdb-multiarch",
    args: (script) => ["-nx", "-batch", "-x", script],
    failure: /^.*Error in sourced command file.*\n.*$|^warning: (?!File transfers).*$/gm,
  },
  lldb: {
    program: "lldb",
    args: (
      script,
    ) => ["--no-lldbinit", "--no-use-colors", "--batch", "--source", script, "ledger.elf"],
    failure: /^error: .*$|^.*Assertion.*$/gm,
  },
};

/** Executes a session; undefined if the debugger is not installed. */
export async function checkSession(
  which: "gdb" | "lldb",
  { arch, directory }: { readonly arch: ArchName; readonly directory: string },
): Promise<CheckResult | undefined> {
  const tool = DEBUGGERS[which];
  const { commands, expected } = sessionOf(which);
  const folder = new PageFolder(directory, arch);
  await folder.build();
  await using machine = await bootForDebugger(folder);
  const script = `${folder.directory}/session.${which}`;
  const typed = commands.map((command) => command.replace(/(?<=[ :])1234$/, machine.port));
  Deno.writeTextFileSync(script, `${typed.join("\n")}\n`);
  const text = await outputIn(folder.directory, [tool.program, ...tool.args(script)]);
  if (text === undefined) return undefined;
  const differences = new Differences();
  for (const [line] of text.matchAll(tool.failure)) differences.add(line);
  const wanted = expected.map((line) => line.replace(":1234)", `:${machine.port})`));
  for (const line of missing(wanted, text)) differences.add(`does not print "${line}"`);
  const { code, text: printed } = await machine.end;
  if (which === "gdb" && code !== 1) differences.add(`the machine ends with status ${code}`);
  if (!printed.includes("ada: 250 of 50")) differences.add(`the program prints "${printed}"`);
  return {
    name: `${which} ${arch}`,
    figures: `${commands.length} commands, ${expected.length} lines as on the page`,
    differences: differences.texts,
  };
}

/** All that a command of the page prints; undefined if it is not installed. */
export function outputIn(
  cwd: string,
  [program = "", ...args]: readonly string[],
): Promise<string | undefined> {
  return textWithin(program, args, { cwd, patience: PATIENCE });
}
