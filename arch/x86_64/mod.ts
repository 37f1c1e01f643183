/**
 * The x86-64 back-end.
 *
 * @module
 */

import type { Arch, Cpu, TrapFrame } from "../arch.ts";
import { cpuModels } from "../../unicorn/mod.ts";
import { GuestImage } from "../guest_image.ts";
import { inspectCpus, inspectTrapFrames } from "../inspect.ts";
import type { KernelSpace } from "../kernel_space.ts";
import { core } from "./core_layout.ts";
import { bootProfile } from "./boot_profile.ts";
import { X86Cpu } from "./cpu.ts";
import { MAX_INSTRUCTION } from "./decode.ts";
import { exceptionState } from "./exception_state.ts";
import { fpControl } from "./fp_state.ts";
import { flow } from "./flow.ts";
import { image as kernelImage } from "./guest/kernel_image.gen.ts";
import { linuxCalls } from "./linux_calls.ts";
import { entryFormat } from "./mmu.ts";
import { calling, stackUse } from "./stack_use.ts";
import { frameSavers, trapEntries } from "./trap_entry.ts";
import { frameLayout, REGISTER_NAMES, X86TrapFrame } from "./trap_frame.ts";

const image = new GuestImage(kernelImage.bytes(), "the x86-64 kernel");
const layout = frameLayout(image);
const threadFp = image.symbol("TH_FP");
const switchFrameSize = image.constant("SWITCH_SIZE");
const switchResume = image.symbol("SWITCH_RIP");

/**
 * FXSAVE area: x87 control word with every exception masked, and MXCSR's initial value (SDM vol. 1,
 * 10.5.1).
 */
const FXSAVE_FCW = 0x037fn;
const FXSAVE_MXCSR = 0x1f80n;

/** x86-64: long mode with RAM from address 0. */
export const x86_64: Arch = {
  name: "x86_64",
  kernelMode: bootProfile.kernelMode,
  image,
  ramBase: 0n,
  directMap: 0xffff_8000_0000_0000n,
  stackRegion: 0xffff_8040_0000_0000n,
  programRegion: 0xffff_8050_0000_0000n,
  userEnd: 0x7fff_ffff_f000n,
  threadPointers: 2,
  linuxCalls,
  elfMachine: "x86_64",
  entryFormat,
  sharedRoot: true,
  registerNames: REGISTER_NAMES,
  bankedRegisters: {},
  bankedFlags: {},
  trapEntries: trapEntries(image),
  frameSavers: frameSavers(image),
  core,
  bootProfile,
  // System V ABI, 3.2.2.
  redZone: 128,
  maxInstructionSize: MAX_INSTRUCTION,
  flow,
  stackUse,
  calling,
  cpuModels: cpuModels("x86_64"),
  openCpu(space: KernelSpace, options: { readonly model?: string } = {}): Cpu {
    return new X86Cpu(space, image, options);
  },
  switchFrameSize,
  writeSwitchFrame(space: KernelSpace, address: bigint, options: { resume: bigint }): void {
    for (let i = 0; i < switchFrameSize; i += 8) space.writeU64(address + BigInt(i), 0n);
    space.writeU64(address + switchResume, options.resume);
  },
  readSwitchFrame(space: KernelSpace, address: bigint): Readonly<Record<string, bigint>> {
    const word = (name: string) => space.readU64(address + image.symbol(`SWITCH_${name}`));
    return {
      rbx: word("RBX"),
      rbp: word("RBP"),
      r12: word("R12"),
      r13: word("R13"),
      r14: word("R14"),
      r15: word("R15"),
      rip: word("RIP"),
      rsp: address + BigInt(switchFrameSize),
    };
  },
  trapFrame(space: KernelSpace, address: bigint, options: { cpu: Cpu }): TrapFrame {
    const faultAddress = () => options.cpu.register("cr2");
    return new X86TrapFrame(space, address, { layout, faultAddress });
  },
  fpControl,
  fpStateOffset(): undefined {
    // The System V ABI makes no vector register callee-saved, so no unwinding changes one.
    return undefined;
  },
  exceptionState,
  initializeFp(space: KernelSpace, thread: bigint): void {
    space.writeU64(thread + threadFp, FXSAVE_FCW);
    space.writeU64(thread + threadFp + 24n, FXSAVE_MXCSR);
  },
};

inspectTrapFrames(X86TrapFrame, { names: REGISTER_NAMES });
inspectCpus(X86Cpu, { arch: "x86_64", names: REGISTER_NAMES });
