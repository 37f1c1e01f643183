/**
 * `trapline core`: a program as a core file, or the machine it runs in, at an instant of its run.
 *
 * @module
 */

import { Machine, type MachineOptions } from "../kernel/mod.ts";
import { PROGRAM_ABIS } from "../kernel/program/loader.ts";
import { namedProgram } from "../guest/boot_modules.ts";
import { at, InstantSink, placeOf, readInstant } from "./instant.ts";
import {
  asUsageError,
  instructionLimit,
  machineOptions,
  memoryBytes,
  programLine,
  programOf,
} from "./machine.ts";
import { MACHINE_DEFAULTS } from "./machine_defaults.ts";
import { choose, named, readOptions, wholeNumber } from "./options.ts";
import { writeText } from "./output.ts";
import { readParameters } from "./parameters.ts";
import { UsageError } from "./usage_error.ts";

const DEFAULTS = {
  ...MACHINE_DEFAULTS,
  arch: "",
  abi: "trapline",
  until: "",
  times: "1",
  output: "core",
  of: "task",
} as const;

/** Numbers of the program's task and the kernel's own, of which a core has the whole machine. */
const TASKS = { task: 1, kernel: 0 } as const;

/** The name under which debuggers find a program: one that is no file is written beside the core. */
async function fileOf(
  program: string,
  how: { readonly arch: "aarch64" | "x86_64"; readonly output: string; readonly bytes: Uint8Array },
): Promise<string> {
  const isFile = await namedProgram(program, how.arch) === undefined;
  return isFile ? absolute(program) : writeBeside(how);
}

function writeBeside({ output, bytes }: { output: string; bytes: Uint8Array }): string {
  const file = `${output}.elf`;
  Deno.writeFileSync(file, bytes, { mode: 0o755 });
  return absolute(file);
}

/** Where the folder may not be read, the name has to do. */
function absolute(file: string): string {
  try {
    return Deno.realPathSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return file;
    throw error;
  }
}

function build(options: MachineOptions): Machine {
  try {
    return new Machine(options);
  } catch (error) {
    throw asUsageError(error);
  }
}

/** Runs the command; returns the status to end with: 1 if the instant did not come. */
export async function core(args: readonly string[]): Promise<number> {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const own = args.map((arg, i) => i < end && arg === "-o" ? "--output" : arg);
  const { values, rest: [program, ...programArgs] } = readOptions("core", own, DEFAULTS);
  if (program === undefined) throw new UsageError("Cannot dump nothing: expected a program");
  const limit = instructionLimit(values);
  const times = wholeNumber("times", values.times, 1);
  const of = choose("of", values.of, TASKS);
  const abi = choose("abi", values.abi, named(PROGRAM_ABIS));
  const { arch, elf } = await programOf(program, {
    arch: values.arch,
    limit: memoryBytes(values),
  });
  // Without an instant a limit is one.
  const isLimit = values.until === "" && limit !== undefined;
  const instant = readInstant(values.until || "crash", { program: elf, arch });
  const sink = new InstantSink();
  using machine = build({
    ...machineOptions(arch, values),
    modules: [{
      commandLine: programLine(program, programArgs),
      bytes: elf.bytes,
      abi,
      parameters: readParameters(values.parameters),
    }],
    sinks: [sink],
  });
  const { output } = values;
  const file = of === TASKS.kernel
    ? writeBeside({ output, bytes: arch.image.bytes })
    : await fileOf(program, { arch: arch.name, output, bytes: elf.bytes });
  const take = () => ({
    bytes: machine.core({ task: of, file }),
    when: `after ${machine.now} instructions at ${placeOf(machine, elf)}`,
  });
  const taken = isLimit
    ? machine.run(limit).kind === "paused" ? take() : undefined
    : at(machine, { instant, sink, times, limit }, take);
  if (taken === undefined) {
    const what = isLimit ? `${limit} instructions` : values.until || "crash";
    const why = machine.halted ?? "that was the limit";
    console.error(`trapline: No ${what}, up to ${machine.now} instructions: ${why}`);
    return 1;
  }
  const { bytes, when } = taken;
  Deno.writeFileSync(output, bytes);
  writeText(
    `${output}: ${bytes.length} bytes, ${arch.name}, ${when}\ngdb-multiarch ${file} ${output}\n`,
  );
  return 0;
}
