/**
 * Interrupts: the timer's tick, and the end of a page-in.
 *
 * @module
 */

import type { TrapFrame } from "../../arch/arch.ts";
import { InterruptLine } from "../clock.ts";
import type { Kernel } from "../kernel.ts";
import { type Outcome, RETURN } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import { handleAlarm } from "./alarm.ts";

/** Handles an interrupt that a thread was interrupted by. */
export function handleInterrupt(
  k: Kernel,
  thread: Thread,
  interrupt: { frame: TrapFrame; line: number },
): Outcome {
  const { frame, line } = interrupt;
  const mode = frame.fromUser ? "user" : "kernel";
  k.events.emit({ type: "irq", thread: thread.ref, mode, line, pc: frame.pc });
  if (line === InterruptLine.TIMER) tick(k, thread);
  if (line === InterruptLine.IO) k.wake("ioDone");
  if (line === InterruptLine.ALARM) handleAlarm(k, thread);
  return RETURN;
}

/** The timer: charges the running thread and wakes the timeout thread if a deadline has passed. */
function tick(k: Kernel, thread: Thread): void {
  const on = k.cpuOf(thread);
  if (on.isIdle) k.decisions.charge(on);
  else if (k.decisions.tick(on)) thread.postAst("quantum");
  if ((k.sleepers.next ?? Infinity) <= k.clock.now) k.wake("timeout");
}
