/**
 * Calls of the guest kernel's routines that may trap on the way.
 *
 * @module
 */

import { type BareMachine, describeExit, type Trap } from "../../testing/harness.ts";
import type { GuestLabel } from "../../guest_labels.ts";

/**
 * Calls a routine of the image on the current kernel stack and returns its result. Traps on the way
 * are given to `onTrap`, which may edit the frame; then the routine goes on.
 */
export function callThrough(
  machine: BareMachine,
  call: { routine: GuestLabel; words: readonly bigint[] },
  onTrap: (trap: Trap) => void,
): bigint {
  machine.cpu.answer(machine.routine(call.routine), ...call.words);
  return finish(machine, onTrap);
}

/** Runs a routine that was called to its end; see {@linkcode callThrough}. */
export function finish(machine: BareMachine, onTrap: (trap: Trap) => void = refuse): bigint {
  const { image } = machine.arch;
  for (;;) {
    const exit = machine.run(100_000);
    if (exit.kind !== "hypercall") throw new Error(`Cannot finish: ${describeExit(exit)}`);
    const { cpu } = machine;
    if (cpu.hypercall() === image.constant("HC_RESULT")) return cpu.hypercallWord(0);
    const frame = machine.arch.trapFrame(machine.space, cpu.hypercallWord(0), { cpu });
    onTrap({ delivered: machine.delivered, entry: machine.delivered.at(-1), frame, sp: cpu.sp });
    machine.answerExit(frame);
  }
}

function refuse(trap: Trap): void {
  const { meaning } = trap.frame.report();
  throw new Error(`Unexpected trap: ${meaning} at 0x${trap.frame.pc.toString(16)}`);
}
