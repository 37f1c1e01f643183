/**
 * The AArch64 back-end.
 *
 * @module
 */

import type { Arch, Cpu, TrapFrame } from "../arch.ts";
import { ArchError } from "../errors.ts";
import { cpuModels } from "../../unicorn/mod.ts";
import { GuestImage } from "../guest_image.ts";
import { inspectCpus, inspectTrapFrames } from "../inspect.ts";
import type { KernelSpace } from "../kernel_space.ts";
import { core } from "./core_layout.ts";
import { bootProfile } from "./boot_profile.ts";
import { AArch64Cpu } from "./cpu.ts";
import { INSTRUCTION_SIZE } from "./decode.ts";
import { exceptionState } from "./exception_state.ts";
import { fpControl } from "./fp_state.ts";
import { flow } from "./flow.ts";
import { image as kernelImage } from "./guest/kernel_image.gen.ts";
import { linuxCalls } from "./linux_calls.ts";
import { entryFormat } from "./mmu.ts";
import { calling, stackUse } from "./stack_use.ts";
import { frameSavers, trapEntries } from "./trap_entry.ts";
import { AArch64TrapFrame, frameLayout, REGISTER_NAMES } from "./trap_frame.ts";

const image = new GuestImage(kernelImage.bytes(), "the AArch64 kernel");
const layout = frameLayout(image);
const switchFrameSize = image.constant("SWITCH_SIZE");
const switchResume = image.symbol("SWITCH_LR");

/** AArch64: a machine like QEMU's `virt`, with RAM from 1 GiB. */
export const aarch64: Arch = {
  name: "aarch64",
  kernelMode: bootProfile.kernelMode,
  image,
  ramBase: 0x4000_0000n,
  directMap: 0xffff_0000_0000_0000n,
  stackRegion: 0xffff_0040_0000_0000n,
  programRegion: 0xffff_0050_0000_0000n,
  userEnd: 1n << 48n,
  threadPointers: 1,
  linuxCalls,
  elfMachine: "aarch64",
  entryFormat,
  sharedRoot: false,
  registerNames: REGISTER_NAMES,
  bankedRegisters: { elr: "elr_el1" },
  bankedFlags: { pstate: "spsr_el1" },
  trapEntries: trapEntries(image),
  frameSavers: frameSavers(image),
  core,
  bootProfile,
  redZone: 0,
  maxInstructionSize: INSTRUCTION_SIZE,
  flow,
  stackUse,
  calling,
  cpuModels: cpuModels("aarch64"),
  openCpu(space: KernelSpace, options: { readonly model?: string } = {}): Cpu {
    return new AArch64Cpu(space, image, options);
  },
  switchFrameSize,
  writeSwitchFrame(space: KernelSpace, address: bigint, options: { resume: bigint }): void {
    for (let i = 0; i < switchFrameSize; i += 8) space.writeU64(address + BigInt(i), 0n);
    space.writeU64(address + switchResume, options.resume);
  },
  readSwitchFrame(space: KernelSpace, address: bigint): Readonly<Record<string, bigint>> {
    const word = (name: string, index = 0) =>
      space.readU64(address + image.symbol(`SWITCH_${name}`) + BigInt(8 * index));
    const saved = Array.from({ length: 10 }, (_, i) => [`x${19 + i}`, word("X19", i)]);
    const link = word("LR");
    return {
      ...Object.fromEntries(saved),
      x29: word("FP"),
      x30: link,
      pc: link,
      sp: address + BigInt(switchFrameSize),
    };
  },
  trapFrame(space: KernelSpace, address: bigint, options: { cpu: Cpu }): TrapFrame {
    const { cpu } = options;
    if (!(cpu instanceof AArch64Cpu)) {
      throw new ArchError("misuse", "Cannot view an AArch64 trap frame of another CPU");
    }
    return new AArch64TrapFrame(space, address, { layout, cpu });
  },
  fpStateOffset(register: number): number | undefined {
    // DWARF numbers 64 to 95 are v0 to v31.
    return register >= 64 && register < 96 ? (register - 64) * 16 : undefined;
  },
  fpControl,
  exceptionState,
  initializeFp(): void {
    // Zeros are the initial state: FPCR and FPSR select round to nearest with every trap off.
  },
};

inspectTrapFrames(AArch64TrapFrame, { names: REGISTER_NAMES });
inspectCpus(AArch64Cpu, { arch: "aarch64", names: REGISTER_NAMES });
