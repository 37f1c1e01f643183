/**
 * `trapline boot`: one machine, one program, one log.
 *
 * @module
 */

import { ARCHES } from "../arch/mod.ts";
import type { ArchName } from "../arch/arch.ts";
import { Machine, type ModuleOptions } from "../kernel/mod.ts";
import { PROGRAM_ABIS, type ProgramAbi } from "../kernel/program/loader.ts";
import { moduleHello } from "../guest/boot_modules.ts";
import { ConsoleLines, ConsoleOutput, JsonLines, MachLog } from "../trace/mod.ts";
import type { ParameterOptions } from "../sched/parameters.ts";
import type { EventSink } from "../trace/events.ts";
import {
  asUsageError,
  instructionLimit,
  machineOptions,
  memoryBytes,
  programBytes,
  programLine,
} from "./machine.ts";
import { MACHINE_DEFAULTS } from "./machine_defaults.ts";
import { choose, named, readOptions } from "./options.ts";
import { Output } from "./output.ts";
import { readParameters } from "./parameters.ts";
import { ProgramEnd } from "./program_end.ts";
import { UsageError } from "./usage_error.ts";

/** A sink, and how it is told that no more will come. */
interface Log {
  readonly sink: EventSink;
  readonly flush?: () => void;
}

/** What programs print and no more: all that is left when the kernel's log is dropped. */
function programOnly(output: Output): Log {
  return { sink: new ConsoleOutput((bytes) => output.write(bytes)) };
}

/** What `--log` can be; `hello` says that the program is the built-in one. */
const LOGS: Readonly<Record<string, (output: Output, hello: boolean) => Log>> = {
  mach(output, hello) {
    const log = new MachLog((text) => output.write(text));
    // GNU Mach's own boot test has its characters between the records, and is compared with it.
    if (hello) return { sink: log };
    const sink = new ConsoleLines(log);
    return { sink, flush: () => sink.flush() };
  },
  json: (output) => ({ sink: new JsonLines((text) => output.write(text)) }),
  console: programOnly,
  quiet: programOnly,
};

/** Instructions between two looks at whether anybody still reads the log. */
const SLICE = 10_000_000;

const DEFAULTS = {
  ...MACHINE_DEFAULTS,
  arch: "aarch64",
  module: "",
  abi: "trapline",
  log: "mach",
  cmdline: "",
  gdb: "",
} as const;

async function moduleOf(
  arch: ArchName,
  how: {
    file: string;
    abi: ProgramAbi;
    args: readonly string[];
    limit: number;
    parameters: ParameterOptions;
  },
): Promise<ModuleOptions> {
  const { file, abi, args, limit, parameters } = how;
  if (file === "") {
    if (abi !== "trapline") throw new UsageError(`Cannot use --abi ${abi}: it needs --module`);
    if (args.length === 0) return { ...await moduleHello(arch), parameters };
    throw new UsageError(`Cannot use argument "${args[0]}": arguments need --module`);
  }
  const bytes = await programBytes(file, arch, limit);
  return { commandLine: programLine(file, args), bytes, abi, parameters };
}

/** Runs a machine to its end, or to a limit; stops early when nobody reads what it says. */
function run(machine: Machine, output: Output, limit = Infinity): string {
  let ran = 0;
  while (ran < limit && !output.failed) {
    const slice = Math.min(SLICE, limit - ran);
    const result = machine.run(slice);
    if (result.kind === "halted") return result.reason;
    ran += slice;
  }
  return `Stopped after ${ran} instructions`;
}

/** A machine as the options say; what they cannot be is the caller's mistake. */
function build(options: ConstructorParameters<typeof Machine>[0]): Machine {
  try {
    return new Machine(options);
  } catch (error) {
    throw asUsageError(error);
  }
}

/**
 * Runs the command; returns the status to end with: the program's, or 1 if the machine stopped
 * before the program ended.
 */
export async function boot(args: readonly string[]): Promise<number> {
  const { values, rest } = readOptions("boot", args, DEFAULTS);
  const arch = choose("arch", values.arch, ARCHES);
  const output = new Output();
  const log = choose("log", values.log, LOGS)(output, values.module === "");
  const end = new ProgramEnd();
  const limit = instructionLimit(values);
  const { gdb: address } = values;
  if (address !== "" && limit !== undefined) {
    throw new UsageError("Cannot use --limit with --gdb: a debugger says where to stop");
  }
  const options = {
    ...machineOptions(arch, values),
    commandLine: values.cmdline,
    sinks: [log.sink, end],
  };
  const abi = choose("abi", values.abi, named(PROGRAM_ABIS));
  const file = values.module;
  const module = await moduleOf(arch.name, {
    ...{ file, abi, args: rest, limit: memoryBytes(values) },
    parameters: readParameters(values.parameters),
  });
  using machine = build({ ...options, modules: [module] });
  const reason = address === ""
    ? run(machine, output, limit)
    : await (await import("./gdb.ts")).runWithGdb(machine, { address, output });
  log.flush?.();
  output.flush();
  if (reason === "reboot") return end.status ?? 0;
  if (reason === "all tasks have ended") return end.status ?? 0;
  console.error(`trapline: ${reason}`);
  return 1;
}
