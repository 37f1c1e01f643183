/**
 * The `trapline` command.
 *
 * ```ts
 * import { main } from "@trapline/trapline/cli";
 *
 * const status = await main(["help", "boot"]); // or: ["demo"], ["boot", "--module", "my.elf"], …
 * console.log(status); // 0
 * ```
 *
 *     trapline demo
 *     trapline boot --arch aarch64|x86_64 [--module FILE.elf args…] [--policy NAME]
 *                   [--quantum N] [--log mach|json|console|quiet] [--gdb [HOST:]PORT]
 *     trapline core PROGRAM.elf [--until WHAT] [--times N] [--limit N] [-o CORE]
 *     trapline backtrace --core CORE [--exe FILE] [--sysroot DIR] [--all-threads] [--variables]
 *                        [--json]
 *     trapline backtrace --remote HOST:PORT …
 *     trapline stack [PROGRAM] [--arch NAME] [--at WHAT] [--thread N] [--json] [--svg FILE]
 *     trapline stack --core CORE | --remote HOST:PORT …
 *     trapline stack --transition [PROGRAM] [--arch NAME] [--at NATIVE] [--svg FILE]
 *     trapline doctor PROGRAM.elf [--arch NAME] [--allocator NAME]… [--releaser NAME]…
 *                     [--switch NAME]… [--svg FILE] [--json]
 *     trapline sched WORKLOAD.json --policy P[,P…] [--cpus N] [--until T] [--gantt] [--svg FILE]
 *                    [--json]
 *     trapline panic --arch aarch64|x86_64 [--why panic|throw|fault|kill] [--catch N]
 *     trapline build FILE.c… --arch aarch64|x86_64 [-o FILE.elf] [-- compiler flags…]
 *     trapline headers FOLDER
 *     trapline frames FILE
 *     trapline lsda FILE
 *     trapline symbolize FILE [ADDRESS | SOURCE:LINE]… [--json] [--sysroot DIR]
 *     trapline help
 *
 * The permissions each needs, once libunicorn is there (to fetch it, `-A`):
 *
 * | command                 | flags                                                                |
 * | ----------------------- | -------------------------------------------------------------------- |
 * | `demo`, `panic`, `boot` | `--allow-ffi --allow-env`; `--allow-read=FILE.elf` for `--module`    |
 * | `boot --gdb PORT`       | the same and `--allow-net=127.0.0.1:PORT`                            |
 * | `doctor`                | `--allow-ffi --allow-env --allow-read`; `--allow-write` for `--svg`  |
 * | `core`                  | `--allow-ffi --allow-env --allow-read=FILE.elf --allow-write=CORE`     |
 * | `backtrace`             | `--allow-read`; `--allow-net=HOST:PORT` for `--remote`               |
 * | `stack`                 | those of `boot`, or of `backtrace`; `--allow-write` for `--svg`      |
 * | `build`                 | `--allow-read --allow-write --allow-run=clang,ld.lld`                |
 * | `headers`               | `--allow-write=FOLDER`                                               |
 * | `frames`, `lsda`        | `--allow-read=FILE`                                                  |
 * | `symbolize`             | `--allow-read`                                                       |
 * | `sched`                 | `--allow-read=WORKLOAD`; `--allow-write=FILE` for `--svg`            |
 * | `help`                  | none                                                                 |
 *
 * It ends with status 0 when the command did what it was asked, 1 when that failed, 2 when it was
 * called wrongly; `boot` ends with the status of the program, which `trapline help boot` explains,
 * and `doctor` with 1 if it has found anything.
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
  boot: onEngine(async (args) => (await import("./cli/boot.ts")).boot(args)),
  demo: onEngine(async (args) => (await import("./cli/demo.ts")).demo(args)),
  core: onEngine(async (args) => (await import("./cli/core.ts")).core(args)),
  backtrace: async (args) => (await import("./cli/backtrace.ts")).backtrace(args),
  stack: async (args) => {
    // What others run is read without the engine.
    const isOthers = args.some((arg) => /^--(?:core|remote)(?:=|$)/.test(arg));
    const run: Command = async (rest) => (await import("./cli/stack/stack.ts")).stack(rest);
    return await (isOthers ? run : onEngine(run))(args);
  },
  doctor: onEngine(async (args) => (await import("./cli/doctor.ts")).doctor(args)),
  panic: onEngine(async (args) => (await import("./cli/panic.ts")).panic(args)),
  build: async (args) => (await import("./cli/build.ts")).build(args),
  headers: async (args) => (await import("./cli/build.ts")).headers(args),
  frames: async (args) => (await import("./cli/tables.ts")).frames(args),
  lsda: async (args) => (await import("./cli/tables.ts")).lsda(args),
  symbolize: async (args) => (await import("./cli/symbolize.ts")).symbolize(args),
  sched: async (args) => (await import("./cli/sched.ts")).sched(args),
  help: printHelp,
};

/**
 * Names of the errors whose message is all a user needs: bad input, and a host that lacks
 * something. The runtime's own errors of files are known by `Deno.errors`.
 */
const EXPECTED: ReadonlySet<string> = new Set([
  "ArchError",
  "KernelError",
  "SchedError",
  "EngineError",
  "EngineUsageError",
  "UnicornNotFoundError",
  "UnicornFetchError",
  "BuildError",
  "ElfError",
  "DwarfError",
  "DebugFileError",
  "CfiError",
  "DecodeError",
  "LsdaError",
  "ExpressionError",
  "CoreError",
  "CodeMapError",
  "BytecodeError",
  "WalkError",
  "RemoteError",
  "GdbListenError",
  "GdbProtocolError",
  "InputFileError",
  "OutputError",
]);

/** A command that first sees to it that libunicorn is there. */
function onEngine(command: Command): Command {
  return async (args) => {
    await (await import("./unicorn/mod.ts")).ensureUnicorn();
    return await command(args);
  };
}

async function printHelp([command, ...more]: readonly string[]): Promise<number> {
  const { COMMAND_NAMES, help } = await import("./cli/help.ts");
  if (more.length > 0 || (command !== undefined && !COMMAND_NAMES.includes(command))) {
    const asked = [command, ...more].join(" ");
    throw new UsageError(
      `Cannot explain "${asked}": expected one of ${COMMAND_NAMES.join(", ")}`,
    );
  }
  return await print(help(command));
}

async function printVersion(): Promise<number> {
  const { default: config } = await import("./deno.json", { with: { type: "json" } });
  return await print(`trapline ${config.version}\n`);
}

async function print(text: string): Promise<number> {
  const { writeAll } = await import("./cli/output.ts");
  writeAll(new TextEncoder().encode(text));
  return 0;
}

/** Whether help is asked for before the arguments that are somebody else's. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  return own.includes("--help") || own.includes("-h");
}

async function dispatch([name = "help", ...rest]: readonly string[]): Promise<number> {
  if (name === "--help" || name === "-h") return await printHelp(rest);
  if (name === "--version" || name === "-V") {
    if (rest.length > 0) throw new UsageError(`Cannot use ${rest[0]} with ${name}`);
    return await printVersion();
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    throw new UsageError(`Cannot run "${name}": expected ${Object.keys(COMMANDS).join(", ")}`);
  }
  return asksForHelp(rest) ? await printHelp([name]) : await command(rest);
}

/** Whether the message of an error is all a user needs. */
function isExpected(error: unknown): error is Error {
  return error instanceof Error && (EXPECTED.has(error.name) || error.name in Deno.errors ||
    /\(os error \d+\)/.test(error.message));
}

/**
 * Runs the command line.
 * @param args arguments after the program's name
 * @returns status to end the process with
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`trapline: ${error.message}\nTry "trapline help"`);
      return 2;
    }
    if (!isExpected(error)) throw error;
    console.error(`trapline: ${error.message}`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
