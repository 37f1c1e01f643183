/**
 * A few instructions on a machine, to the first trap.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { BareMachine, Delivered, Mode, Registers, Trap } from "../../testing/harness.ts";

/** Where user mode runs the code. */
export const CODE = 0x60_0000n;
const PAGE = 0x1000n;
const INT3 = 0xcc;

/** Runs code, with a breakpoint behind it, to its first trap. */
export function runCode(
  machine: BareMachine,
  { mode, code, registers = {}, budget = 10_000 }: {
    mode: Mode;
    code: readonly number[];
    registers?: Registers;
    budget?: number;
  },
): Trap {
  const protection = { write: false, execute: true };
  const at = mode === "user" ? CODE : machine.kernelPage(0);
  const page = mode === "user"
    ? machine.mapUser(at, protection)
    : machine.mapKernel(at, protection);
  machine.memory.slice(page, Number(PAGE)).set([...code, INT3]);
  machine.start({ mode, pc: at, registers });
  const delivered: Delivered[] = [];
  for (;;) {
    const exit = machine.run(budget);
    delivered.push(...machine.delivered);
    if (exit.kind === "budget") continue;
    assertEquals(exit.kind, "hypercall");
    const frame = machine.arch.trapFrame(machine.space, machine.cpu.hypercallWord(0), machine);
    return { delivered, entry: delivered.at(-1), frame, sp: machine.cpu.sp };
  }
}

/** Vector, error code and distance from the code's beginning of what was delivered. */
export function seen(machine: BareMachine, mode: Mode, trap: Trap): number[][] {
  const at = mode === "user" ? CODE : machine.kernelPage(0);
  return trap.delivered.map(({ vector, code, pc }) => [vector, Number(code), Number(pc - at)]);
}
