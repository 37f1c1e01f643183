/**
 * What is in a machine before its first instruction: the boot modules, and the thread that starts
 * all others.
 *
 * @module
 */

import { PAGE_SIZE } from "../arch/physical_memory.ts";
import { Random } from "../util/random.ts";
import { KernelError } from "./errors.ts";
import type { Kernel } from "./kernel.ts";
import type { CheckedProgram } from "./machine_options.ts";
import type { PerCpu } from "./per_cpu.ts";
import { ModuleCode } from "./program/module_code.ts";
import { KERNEL_PARAMETERS } from "./thread/parameters.ts";

/**
 * Places the modules in RAM, makes the first thread and points a CPU at its first instruction.
 * @throws {KernelError} of kind `memory` if the modules leave too little
 */
export function prepareBoot(
  kernel: Kernel,
  { on, programs, seed }: { on: PerCpu; programs: readonly CheckedProgram[]; seed: number },
): void {
  const random = new Random(seed);
  for (const program of programs) placeModule(kernel, program, random);
  checkMemoryLeft(kernel);
  const first = kernel.createThread(kernel.kernelTask, {
    parameters: KERNEL_PARAMETERS,
    label: "startup_thread",
    resume: { name: "startup" },
  });
  kernel.stacks.attach(first);
  kernel.setThreadWord(first, kernel.layout.continuation, kernel.label(first.takeLabel()));
  on.begin(first);
  kernel.policy.running(first.id, on.id);
  on.cpu.boot({ thread: first.address, emergencyStackTop: kernel.emergencyStackTop });
}

function placeModule(
  kernel: Kernel,
  { module, name, program, parameters }: CheckedProgram,
  source: Random,
): void {
  const { pageFrames, memory, bootModules } = kernel;
  const { commandLine, bytes, mode = "user", abi = "trapline" } = module;
  const pages = Math.max(1, Math.ceil(bytes.length / PAGE_SIZE));
  const physical = pageFrames.allocateContiguous(pages);
  memory.write(physical, bytes);
  const index = bootModules.length;
  const code = new ModuleCode({ bytes, name });
  const random = abi === "linux" ? randomBytes(source) : null;
  bootModules.push({
    index,
    name,
    commandLine,
    bytes,
    physical,
    mode,
    abi,
    parameters,
    random,
    program,
    code,
  });
}

/** As many as Linux gives a program. */
function randomBytes(source: Random): Uint8Array {
  return new Uint8Array(Uint32Array.from({ length: 4 }, () => source.next()).buffer);
}

/** A machine whose modules leave too little memory would not get far. */
function checkMemoryLeft({ pageFrames: frames, bootModules: modules }: Kernel): void {
  if (frames.available > frames.low) return;
  throw new KernelError(
    "memory",
    `Cannot boot with ${frames.total} pages of RAM: ${modules.length} modules leave ${frames.available} free, ` +
      `expected more than ${frames.low}`,
  );
}
