/**
 * The `trapline` command.
 *
 *     trapline demo
 *     trapline boot --arch aarch64|x86_64 [--module FILE.elf args…] [--policy rr|priority] [--quantum N] [--log mach|json|quiet]
 *     trapline panic --arch aarch64|x86_64 [--why panic|throw|fault|kill] [--catch N]
 *     trapline frames FILE
 *     trapline lsda FILE
 *     trapline help
 *
 * It ends with status 0 when the command did what it was asked, 1 when that failed, 2 when it was
 * called wrongly.
 *
 * @module
 */

import { UsageError } from "./cli/usage_error.ts";

/** A command: gets its arguments, returns the status to end with. */
type Command = (args: readonly string[]) => number | Promise<number>;

/**
 * The commands; each loads what it needs and no more, since a table dump takes less time than
 * loading the engine.
 */
const COMMANDS: Readonly<Record<string, Command>> = {
  boot: async (args) => (await import("./cli/boot.ts")).boot(args),
  demo: async (args) => (await import("./cli/demo.ts")).demo(args),
  panic: async (args) => (await import("./cli/panic.ts")).panic(args),
  frames: async (args) => (await import("./cli/tables.ts")).frames(args),
  lsda: async (args) => (await import("./cli/tables.ts")).lsda(args),
  help: async () => {
    console.log((await import("./cli/help.ts")).HELP);
    return 0;
  },
};

/**
 * Names of the errors whose message is all a user needs: bad input, and a host that lacks
 * something.
 */
const EXPECTED: ReadonlySet<string> = new Set([
  "ArchError",
  "KernelError",
  "SchedError",
  "EngineError",
  "EngineUsageError",
  "UnicornNotFoundError",
  "ElfError",
  "CfiError",
  "DecodeError",
  "LsdaError",
  "ExpressionError",
  "NotFound",
  "PermissionDenied",
  "IsADirectory",
]);

/**
 * Runs the command line.
 * @param args arguments after the program's name
 * @returns status to end the process with
 */
export async function main(args: readonly string[]): Promise<number> {
  const [name = "help", ...rest] = args;
  try {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) {
      if (name === "--help" || name === "-h") return await main(["help"]);
      throw new UsageError(`Cannot run "${name}": expected ${Object.keys(COMMANDS).join(", ")}`);
    }
    return await command(rest);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`trapline: ${error.message}\nTry "trapline help"`);
      return 2;
    }
    if (error instanceof Error && EXPECTED.has(error.name)) {
      console.error(`trapline: ${error.message}`);
      return 1;
    }
    throw error;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
