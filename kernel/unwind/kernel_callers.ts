/**
 * Who had called the kernel's code when it could not go on.
 *
 * @module
 */

import type { TrapFrame } from "../../arch/arch.ts";
import { hex, PAGE_SIZE } from "../../arch/physical_memory.ts";
import { fromBigAddress } from "../../bytes/mod.ts";
import { backtrace, type Frame, moduleFromElf, ModuleList } from "../../unwind/walk/mod.ts";
import type { Kernel } from "../kernel.ts";
import { registersOf } from "./unwind_stack.ts";

/** Most stack frames looked at: the kernel's chains of calls are short. */
const FRAME_LIMIT = 16;

const PAGE_MASK = ~BigInt(PAGE_SIZE - 1);

/**
 * Functions of the kernel on the stack below the code that a trap frame interrupted, innermost
 * first, as `name+offset`, with how sure it is where it is not exact.
 */
export function kernelCallers(k: Kernel, frame: TrapFrame): string[] {
  const { image } = k.arch;
  const registers = registersOf(k, frame);
  // From what is no address no walk begins: the CPU was sent there from outside, or by a damaged
  // stack.
  if (![registers.pc, registers.sp].every(isAddress)) return [];
  const { frames } = backtrace({
    registers,
    modules: new ModuleList([moduleFromElf(image.elf, { trapVectors: true })]),
    memory: {
      window: (address) => {
        const start = address & PAGE_MASK;
        const bytes = k.kernelSpace.pageBytes(start);
        return bytes === undefined ? undefined : { start, bytes };
      },
    },
    // Interrupts push on the kernel's stacks.
  }, { redZone: 0, framePointer: false, maxFrames: FRAME_LIMIT });
  const callers = frames.slice(1);
  const end = callers.findIndex(({ pc }) => pc < image.begin || pc >= image.end);
  return (end < 0 ? callers : callers.slice(0, end)).map(describe);
}

function isAddress(value: bigint | undefined): boolean {
  return value !== undefined && Number.isSafeInteger(fromBigAddress(value));
}

function describe(frame: Frame): string {
  const { function: named, pc, certainty, doubt } = frame;
  const place = named === undefined ? hex(pc) : `${named.name}+${hex(named.offset)}`;
  return certainty === "exact" ? place : `${place} (${doubt ?? certainty})`;
}
