/**
 * Runs the command line, in a process of its own as users do, or in this one.
 *
 * @module
 */
import { main } from "../../cli.ts";
import { decideOffline, importMapFlags, path, ROOT } from "../../tools/world.ts";

/** What a process left behind. */
export interface Ran {
  /** Exit status. */
  readonly code: number;
  /** Standard output. */
  readonly stdout: Uint8Array;
  /** Standard output as text. */
  readonly text: string;
  /** Standard error. */
  readonly stderr: string;
}

/** The command that runs `trapline` with arguments; by default it may do everything. */
export async function cliCommand(
  args: readonly string[],
  allowed: readonly string[] = ["-A"],
): Promise<string[]> {
  const flags = importMapFlags(await decideOffline());
  const script = path(new URL("cli.ts", ROOT));
  return [Deno.execPath(), "run", "--no-prompt", ...allowed, "--quiet", ...flags, script, ...args];
}

/** Runs a command to its end. */
export async function runCommand([program = "", ...args]: readonly string[]): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return { code, stdout, text: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Runs `trapline` to its end. */
export async function runCli(...args: readonly string[]): Promise<Ran> {
  return await runCommand(await cliCommand(args));
}

/** Runs `trapline` in this process, with arguments for which it writes to standard error alone. */
export async function callCli(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly stderr: string }> {
  const lines: string[] = [];
  const { error } = console;
  console.error = (line: string) => void lines.push(line);
  try {
    return { code: await main(args), stderr: lines.join("\n") };
  } finally {
    console.error = error;
  }
}

/** Runs a shell script in which `"$@"` is `trapline` with arguments. */
export async function runShell(script: string, ...args: readonly string[]): Promise<Ran> {
  return await runCommand(["bash", "-c", script, "bash", ...await cliCommand(args)]);
}
