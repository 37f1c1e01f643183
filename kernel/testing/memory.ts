/**
 * RAM and a kernel half without an engine, for tests of what is built on them.
 *
 * @module
 */
import type { Arch, ArchName } from "../../arch/arch.ts";
import { KernelSpace } from "../../arch/kernel_space.ts";
import { archByName } from "../../arch/mod.ts";
import { PhysicalMemory } from "../../arch/physical_memory.ts";
import { PageFrames } from "../vm/page_frames.ts";

/** RAM with the kernel half of an architecture in it. */
export interface KernelMemory {
  /** Architecture. */
  readonly arch: Arch;
  /** Frames that are left. */
  readonly frames: PageFrames;
  /** Kernel half. */
  readonly space: KernelSpace;
}

/** Makes 8 MiB of RAM with a kernel half. */
export function kernelMemory(name: ArchName): KernelMemory {
  const arch = archByName(name);
  const memory = new PhysicalMemory(arch.ramBase, 8 * 1024 * 1024);
  const frames = new PageFrames(memory);
  const { image } = arch;
  frames.reserve(image.begin - arch.directMap, Number(image.end - image.begin));
  image.load(memory, arch.directMap);
  const space = new KernelSpace(memory, {
    frames,
    format: arch.entryFormat,
    image,
    directMap: arch.directMap,
    stackRegion: arch.stackRegion,
  });
  return { arch, frames, space };
}
