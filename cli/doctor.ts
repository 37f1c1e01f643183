/**
 * `trapline doctor`: what is wrong with the stacks of a program that switches between them.
 *
 * @module
 */

import {
  type Allocator,
  diagnose,
  type DoctorOptions,
  type Releaser,
  reportJson,
  reportSvg,
  reportText,
  sourceOf,
} from "../check/doctor/mod.ts";
import { type ElfFile, SHN } from "../elf/mod.ts";
import { PROGRAM_ABIS } from "../kernel/program/loader.ts";
import {
  asUsageError,
  instructionLimit,
  machineOptions,
  memoryBytes,
  programLine,
  programOf,
} from "./machine.ts";
import { MACHINE_DEFAULTS } from "./machine_defaults.ts";
import { choose, named, readOptions } from "./options.ts";
import { writeText } from "./output.ts";
import { ProgramEnd } from "./program_end.ts";
import { readParameters } from "./parameters.ts";
import { UsageError } from "./usage_error.ts";

const DEFAULTS = {
  ...MACHINE_DEFAULTS,
  arch: "",
  abi: "trapline",
  allocator: [],
  releaser: [],
  switch: [],
  svg: "",
  addresses: "hex",
  json: false,
} as const;

const ADDRESSES = named(["hex", "decimal"]);

/** A function's name, and the numbers of arguments behind it, each after a colon. */
function functionAndArguments(option: string, value: string, most: number): [string, ...number[]] {
  const [name = "", ...numbers] = value.split(/:(?=\d+(?::\d+)*$)/);
  if (name !== "" && numbers.length <= most) return [name, ...numbers.map(Number)];
  const form = `NAME${"[:NUMBER".repeat(most)}${"]".repeat(most)}`;
  throw new UsageError(`Cannot use --${option} ${value}: expected ${form}`);
}

function allocatorOf(value: string): Allocator {
  const [name, size] = functionAndArguments("allocator", value, 1);
  return size === undefined ? { name } : { name, size };
}

function releaserOf(value: string): Releaser {
  const [name, address, size] = functionAndArguments("releaser", value, 2);
  if (address === undefined) return { name };
  return size === undefined ? { name, address } : { name, address, size };
}

/** What the doctor is told of a program's functions, which all have to be there. */
function functionsOf(
  elf: ElfFile,
  values: Readonly<Record<"allocator" | "releaser" | "switch", readonly string[]>>,
): DoctorOptions {
  const functions = {
    allocator: values.allocator.map(allocatorOf),
    releaser: values.releaser.map(releaserOf),
    switch: values.switch.map((name) => ({ name })),
  };
  for (const [option, all] of Object.entries(functions)) {
    for (const { name } of all) {
      const symbol = elf.symbolNamed(name);
      if (symbol !== undefined && symbol.section !== SHN.undefined) continue;
      throw new UsageError(`Cannot use --${option} ${name}: ${elf.name} has no such function`);
    }
  }
  const { allocator: allocators, releaser: releasers } = functions;
  return { allocators, releasers, switches: values.switch };
}

/** Whether a program says where its functions are. */
function hasFunctions(elf: ElfFile): boolean {
  return elf.symbols.all.some(({ type, section }) => type === "func" && section !== SHN.undefined);
}

/** Runs the command; returns the status to end with: 1 if anything was found. */
export async function doctor(args: readonly string[]): Promise<number> {
  const { values, rest: [file, ...programArgs] } = readOptions("doctor", args, DEFAULTS);
  if (file === undefined) throw new UsageError("Cannot diagnose nothing: expected a program");
  const addresses = choose("addresses", values.addresses, ADDRESSES);
  const abi = choose("abi", values.abi, named(PROGRAM_ABIS));
  const instructions = instructionLimit(values);
  const { arch, elf } = await programOf(file, { arch: values.arch, limit: memoryBytes(values) });
  const told = {
    ...functionsOf(elf, values),
    ...(instructions === undefined ? {} : { instructions }),
  };
  if (!hasFunctions(elf)) {
    console.error(`trapline: ${file} has no symbols, without which little can be found`);
  }
  const module = {
    commandLine: programLine(file, programArgs),
    bytes: elf.bytes,
    abi,
    parameters: readParameters(values.parameters),
  };
  const end = new ProgramEnd();
  const options = { ...machineOptions(arch, values), modules: [module], sinks: [end] };
  const report = await diagnose(options, told).catch((error) => {
    throw asUsageError(error);
  });
  const source = sourceOf(elf);
  const { status } = end;
  const text = values.json
    ? reportJson(report, { source, status })
    : reportText(report, { source, addresses, status });
  writeText(text);
  // What has been found is told even if the drawing cannot be written.
  if (values.svg !== "") Deno.writeTextFileSync(values.svg, reportSvg(report));
  return report.findings.length === 0 ? 0 : 1;
}
