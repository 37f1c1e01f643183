/**
 * Stacks for the benchmark of the unwinder: real functions of libstdc++, for both machines, that
 * have called each other as their own unwind tables allow.
 *
 * @module
 */
import { type Machine, parseElf } from "../elf/mod.ts";
import { type Module, moduleFromElf } from "../unwind/walk/mod.ts";
import {
  buildStack,
  type BuiltStack,
  type CallPlace,
  callPlaces,
} from "../unwind/testing/stack_builder.ts";
import { machineRegisters } from "../unwind/cfi/mod.ts";

/** A library to take functions from. */
export interface BenchLibrary {
  /** Machine of the code. */
  readonly machine: Machine;
  /** Path of the library. */
  readonly path: string;
  /** The library, loaded. */
  readonly module: Module;
  /** Places to call from. */
  readonly places: readonly CallPlace[];
}

/** Where libraries are loaded. */
export const BIAS = 0x7f0000000000n;

const PATHS: readonly (readonly [Machine, string])[] = [
  ["x86_64", "/usr/lib/x86_64-linux-gnu/libstdc++.so.6"],
  ["aarch64", "/usr/aarch64-linux-gnu/lib/libstdc++.so.6"],
];

/** Different return addresses on a stack: as many as a deep stack of a large program has. */
const PLACES = 600;

/** The libraries that this system has. */
export function benchLibraries(): BenchLibrary[] {
  const libraries: BenchLibrary[] = [];
  for (const [machine, path] of PATHS) {
    let bytes: Uint8Array;
    try {
      bytes = Deno.readFileSync(path);
    } catch {
      continue;
    }
    const module = moduleFromElf(parseElf(bytes, { name: path }), { bias: BIAS });
    const places = callPlaces(module, { machine, count: 7 * PLACES })
      .filter((_, i) => i % 7 === 0);
    libraries.push({ machine, path, module, places });
  }
  return libraries;
}

/** A stack of so many frames. */
export function benchStack(library: BenchLibrary, depth: number): BuiltStack {
  const { machine, places } = library;
  const calls = Array.from({ length: depth }, (_, i) => places[i % places.length]!);
  return buildStack(calls, { machine });
}

/** Writes a stack where the native peer reads it; the path of the description. */
export function writeStack(
  library: BenchLibrary,
  stack: BuiltStack,
  directory: string,
): string {
  const { stackPointer, framePointer, link } = machineRegisters(library.machine);
  const name = `${directory}/${library.machine}-${stack.pcs.length}`;
  const hex = (value: bigint | number | undefined) =>
    `0x${BigInt.asUintN(64, BigInt(value ?? 0)).toString(16)}`;
  const { registers } = stack;
  const fields = {
    machine: library.machine,
    module: library.path,
    memory: `${name}.memory`,
    bias: hex(library.module.bias),
    begin: hex(library.module.start),
    end: hex(library.module.limit),
    depth: hex(stack.pcs.length),
    pc: hex(registers.pc),
    sp: hex(registers.get(stackPointer)),
    fp: hex(registers.get(framePointer)),
    lr: hex(link === undefined ? 0 : registers.get(link)),
    start: hex(stack.window.start),
  };
  Deno.writeFileSync(fields.memory, stack.window.bytes);
  const lines = Object.entries(fields).map(([key, value]) => `${key} ${value}\n`);
  Deno.writeTextFileSync(`${name}.stack`, lines.join(""));
  return `${name}.stack`;
}
