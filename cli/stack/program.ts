/**
 * Programs whose stacks are drawn, and the options of `trapline stack`.
 *
 * @module
 */
import { Machine, type MachineOptions } from "../../kernel/mod.ts";
import { PROGRAM_ABIS } from "../../kernel/program/loader.ts";
import {
  asUsageError,
  MACHINE_DEFAULTS,
  machineOptions,
  memoryBytes,
  programBytes,
  programLine,
  programOf,
} from "../machine.ts";
import { choose, named, type readOptions } from "../options.ts";
import { readParameters } from "../parameters.ts";
import { DEMONSTRATION } from "./demonstration.ts";
import { isText, type StackProgram, vmProgramOf } from "./vm_program.ts";

/** Options and their defaults. */
export const DEFAULTS = {
  ...MACHINE_DEFAULTS,
  arch: "",
  abi: "trapline",
  at: "",
  times: "1",
  core: "",
  remote: "",
  exe: "",
  sysroot: "",
  process: "",
  thread: "",
  frames: "4096",
  transition: false,
  words: false,
  json: false,
  svg: "",
} as const;

/** Which build of the VM runs programs in text, unless it is said. */
const DEFAULT_ARCH = "aarch64";

/** The options as they were given. */
export type StackValues = ReturnType<typeof readOptions<typeof DEFAULTS>>["values"];

/** The program that is named, or the demonstration. */
export async function programFor(
  name: string | undefined,
  values: StackValues,
  text = DEMONSTRATION,
): Promise<StackProgram> {
  if (name === undefined) return await vmProgramOf(text, values.arch);
  const bytes = await programBytes(name, DEFAULT_ARCH, memoryBytes(values));
  if (isText(bytes)) return await vmProgramOf(new TextDecoder().decode(bytes), values.arch);
  const { arch, elf } = await programOf(name, { arch: values.arch, limit: memoryBytes(values) });
  return { arch, elf, vm: undefined };
}

/** A machine with a program. */
export function machineFor(
  { arch, elf, vm }: StackProgram,
  values: StackValues,
  run: { readonly args: readonly string[]; readonly sinks: MachineOptions["sinks"] & object },
): Machine {
  const abi = choose("abi", values.abi, named(PROGRAM_ABIS));
  const commandLine = vm === undefined ? programLine(elf.name, run.args) : "vm";
  const parameters = readParameters(values.parameters);
  try {
    return new Machine({
      ...machineOptions(arch, values),
      modules: [{ commandLine, bytes: elf.bytes, abi, parameters }],
      sinks: run.sinks,
    });
  } catch (error) {
    throw asUsageError(error);
  }
}
