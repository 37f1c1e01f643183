/**
 * Stepping a program in user mode.
 *
 * @module
 */

import type { Machine, RunResult } from "../../kernel/machine.ts";

/**
 * Executes the next instruction of the program, and whatever the kernel does about it. Gives how the
 * machine came to stop, if it did.
 */
export function step(machine: Machine): RunResult | null {
  const { cpu } = machine;
  const before = cpu.instructions;
  for (;;) {
    const result = machine.run(1);
    if (result.kind === "halted" || result.kind === "watchpoint") return result;
    if (cpu.instructions > before && cpu.userMode) return null;
  }
}

/**
 * Runs until so many instructions are executed. Breakpoints on the way are passed over.
 */
export function runTo(machine: Machine, instructions: number): void {
  const { cpu } = machine;
  while (cpu.instructions < instructions) {
    const { kind } = machine.run(instructions - cpu.instructions);
    if (kind === "halted") return;
  }
}
