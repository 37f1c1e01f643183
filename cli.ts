/**
 * The `trapline` command.
 *
 *     trapline demo
 *     trapline boot --arch aarch64|x86_64 [--module FILE.elf args…] [--policy rr|priority] [--quantum N] [--log mach|json|quiet]
 *     trapline help
 *
 * It ends with status 0 when the command did what it was asked, 1 when that failed, 2 when it was called wrongly.
 *
 * @module
 */

import { ArchError } from "./arch/errors.ts";
import { boot } from "./cli/boot.ts";
import { demo } from "./cli/demo.ts";
import { HELP } from "./cli/help.ts";
import { UsageError } from "./cli/usage_error.ts";
import { KernelError } from "./kernel/errors.ts";
import { SchedError } from "./sched/errors.ts";
import { EngineError, UnicornNotFoundError } from "./unicorn/errors.ts";

/** A command: gets its arguments, returns the status to end with. */
type Command = (args: readonly string[]) => number | Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  boot,
  demo,
  help: () => {
    console.log(HELP);
    return 0;
  },
};

/** Errors whose message is all a user needs. */
const EXPECTED = [
  ArchError,
  KernelError,
  SchedError,
  EngineError,
  UnicornNotFoundError,
  Deno.errors.NotFound,
  Deno.errors.PermissionDenied,
  Deno.errors.IsADirectory,
];

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
    if (EXPECTED.some((expected) => error instanceof expected)) {
      console.error(`trapline: ${(error as Error).message}`);
      return 1;
    }
    throw error;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
