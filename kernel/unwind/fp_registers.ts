/**
 * A thread's floating-point registers between the unit and its thread object.
 *
 * @module
 */

import type { Kernel } from "../kernel.ts";
import type { Continuation } from "../thread/continuation.ts";
import { call, type Outcome, resume } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";

/**
 * Has the guest save or load a thread's registers, if the unit holds them, then goes on. The unit is
 * enabled first: another thread may have run since this one had it.
 */
export function moveFpRegisters(
  k: Kernel,
  thread: Thread,
  how: { routine: "fp_save" | "fp_load"; then: Continuation<bigint> },
): Outcome {
  const on = k.cpuOf(thread);
  if (on.fpOwner !== thread) return resume(how.then, 0n);
  on.cpu.userFp = true;
  return call(how.routine, [thread.address], how.then);
}
