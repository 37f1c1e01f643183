/**
 * Programs whose stacks are drawn, and the machines that they run in.
 *
 * @module
 */
import { isElf } from "../../elf/mod.ts";
import { Machine, type MachineOptions } from "../../kernel/mod.ts";
import { PROGRAM_ABIS } from "../../kernel/program/loader.ts";
import { DEMONSTRATION } from "../../vm/demonstration.ts";
import {
  askedArch,
  asUsageError,
  DEFAULT_ARCH,
  machineOptions,
  memoryBytes,
  programBytes,
  programIn,
  programLine,
} from "../machine.ts";
import { choose, named } from "../options.ts";
import { readParameters } from "../parameters.ts";
import type { StackValues } from "./options.ts";
import { type StackProgram, vmProgramOf } from "./vm_program.ts";

/** The program that is named, or the demonstration. */
export async function programFor(
  name: string | undefined,
  values: StackValues,
  text = DEMONSTRATION,
): Promise<StackProgram> {
  if (name === undefined) return await vmProgramOf(text, values.arch);
  const asked = askedArch(values.arch);
  const bytes = await programBytes(name, (asked ?? DEFAULT_ARCH).name, memoryBytes(values));
  if (!isElf(bytes)) return await vmProgramOf(new TextDecoder().decode(bytes), values.arch);
  return { ...programIn(bytes, { name, asked }), vm: undefined };
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
