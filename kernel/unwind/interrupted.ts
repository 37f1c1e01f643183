/**
 * What a thread's program was interrupted with, while the guest is still saving it: some registers
 * are in the trap frame already, others on the CPU. The tables of the kernel's code know which.
 *
 * @module
 */

import type { Cpu } from "../../arch/arch.ts";
import { FrameIterator } from "../../unwind/walk/mod.ts";
import type { Kernel } from "../kernel.ts";
import type { Thread } from "../thread/thread.ts";
import { LiveState } from "./live_state.ts";
import { programFrame } from "./unwind_stack.ts";

/** Most stack frames between the code that saves and the program. */
const FRAME_LIMIT = 64;

/**
 * What reads a register of the program of a thread by name, if the CPU it runs on is in the midst
 * of saving a trap frame; `undefined` if not: then its trap frame is whole.
 */
export function interruptedProgram(
  k: Kernel,
  thread: Thread,
  cpu: Cpu,
): ((name: string) => bigint) | undefined {
  const { arch } = k;
  const { pc } = cpu;
  if (!arch.frameSavers.some(({ begin, end }) => pc >= begin && pc < end)) return undefined;
  const live = new LiveState(k, cpu);
  const { task } = thread;
  const walk = new FrameIterator({
    registers: live.walkRegisters(live.registers()),
    memory: live.memory(task),
    modules: live.modules(task),
  }, { framePointer: false, redZone: 0, maxFrames: FRAME_LIMIT });
  for (const { index, pc: at, registers } of walk) {
    const isProgram = at < arch.userEnd || (task.kernelMode && at >= arch.programRegion);
    if (!isProgram) continue;
    const { names, programCounter, stackPointer } = registers.numbers;
    const frame = programFrame(k, thread);
    return (name) => {
      const banked = arch.bankedFlags[name];
      // A trap of the kernel's own code may have come since the program's.
      if (banked !== undefined && index === 1) return cpu.register(banked);
      const number = name === names[programCounter] || name === "pc"
        ? programCounter
        : name === "sp"
        ? stackPointer
        : names.indexOf(name);
      return (number < 0 ? undefined : registers.get(number)) ?? frame.register(name);
    };
  }
  return undefined;
}
