/**
 * Machines and programs as the command line names them.
 *
 * @module
 */

import type { Arch, ArchName } from "../arch/arch.ts";
import { ARCHES } from "../arch/mod.ts";
import { type ElfFile, parseElf } from "../elf/mod.ts";
import { namedProgram } from "../guest/boot_modules.ts";
import { KernelError, type MachineOptions, scriptLine } from "../kernel/mod.ts";
import { LOAD_MODES } from "../kernel/program/load_mode.ts";
import { readInput } from "./input.ts";
import type { MachineValues } from "./machine_defaults.ts";
import { choose, named, wholeNumber } from "./options.ts";
import { UsageError } from "./usage_error.ts";

/**
 * What a machine is built from, but for its programs and sinks.
 * @throws {UsageError}
 */
export function machineOptions(arch: Arch, values: MachineValues): Omit<MachineOptions, "modules"> {
  return {
    arch,
    ...(values.cpu === "" ? {} : { cpuModel: values.cpu }),
    policy: values.policy,
    quantum: wholeNumber("quantum", values.quantum, 1),
    ...(values.timer === ""
      ? {}
      : { timer: choose("timer", values.timer, named(["periodic", "one-shot"])) }),
    seed: wholeNumber("seed", values.seed),
    load: choose("load", values.load, named(LOAD_MODES)),
    memory: memoryBytes(values),
  };
}

/** Bytes of RAM; no program is larger. */
export function memoryBytes({ memory }: MachineValues): number {
  return wholeNumber("memory", memory, 1) * 2 ** 20;
}

/** Instructions after which to stop, if there is such a number. */
export function instructionLimit({ limit }: MachineValues): number | undefined {
  return limit === "" ? undefined : wholeNumber("limit", limit, 1);
}

/**
 * A program's ELF file: one that is there by name, or a file of at most `limit` bytes.
 * @throws {InputFileError}
 */
export async function programBytes(
  name: string,
  arch: ArchName,
  limit: number,
): Promise<Uint8Array> {
  return await namedProgram(name, arch) ?? readInput(name, limit);
}

/** Which build of a built-in program is taken unless it is said. */
export const DEFAULT_ARCH: Arch = ARCHES.aarch64;

/** The architecture that was asked for; undefined if none was. */
export function askedArch(name: string): Arch | undefined {
  return name === "" ? undefined : choose("arch", name, ARCHES);
}

/** A program's file, and the architecture it is for: the one asked for, or its own. */
export async function programOf(
  file: string,
  how: { readonly arch: string; readonly limit: number },
): Promise<{ readonly arch: Arch; readonly elf: ElfFile }> {
  const asked = askedArch(how.arch);
  const bytes = await programBytes(file, (asked ?? DEFAULT_ARCH).name, how.limit);
  return programIn(bytes, { name: file, asked });
}

/** The same of a file that has been read. */
export function programIn(
  bytes: Uint8Array,
  { name, asked }: { readonly name: string; readonly asked: Arch | undefined },
): { readonly arch: Arch; readonly elf: ElfFile } {
  const elf = parseElf(bytes, { name });
  return { arch: asked ?? ARCHES[elf.machine], elf };
}

/** The script line that starts a program with arguments; its name is that of its file. */
export function programLine(file: string, args: readonly string[]): string {
  const name = (file.split("/").at(-1) || file).replace(/(?<=.)\.elf$/, "");
  return scriptLine([name, ...args]);
}

/** What is thrown for options that no machine can be built from is the caller's mistake. */
export function asUsageError(error: unknown): unknown {
  const misuse = error instanceof KernelError && error.kind === "misuse";
  const policy = error instanceof Error && error.name === "SchedError";
  return misuse || policy ? new UsageError((error as Error).message) : error;
}
