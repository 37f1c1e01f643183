/**
 * What a thread is dying of, as a signal.
 *
 * @module
 */

import type { TrapCause } from "../../arch/arch.ts";
import { SIGNAL, signalOfException } from "../../trace/signals.ts";
import type { Kernel } from "../kernel.ts";
import type { Thread } from "../thread/thread.ts";
import { programFrame } from "../unwind/unwind_stack.ts";
import type { SignalInfo } from "./notes.ts";

/** A signal, and for that of an exception what it was about. */
export interface Death {
  /** Its number; 0 if the thread is not dying. */
  readonly signal: number;
  /** What is known of an exception whose interrupted state the trap frame still has. */
  readonly info?: SignalInfo;
}

/**
 * What a thread is dying of: the cause of the unwinding it has begun, or the exception that ends
 * its task without one.
 */
export function deathOf(k: Kernel, thread: Thread): Death {
  const unwind = thread.unwinds.innermost;
  switch (unwind?.cause) {
    case "panic":
    case "throw":
    case "forced":
      return { signal: SIGNAL.ABRT };
    case "kill":
      return { signal: SIGNAL.KILL };
    case "exception":
      return unwind.landings === 0 ? ofException(k, thread) : { signal: SIGNAL.SEGV };
  }
  if (thread.task.ending?.kind !== "killed") return { signal: 0 };
  const { kind } = programFrame(k, thread).cause();
  if (thread.cpu === null) return { signal: SIGNAL.KILL };
  return kind === "page-fault" || kind === "error"
    ? ofException(k, thread)
    : { signal: SIGNAL.ABRT };
}

function ofException(k: Kernel, thread: Thread): Death {
  const frame = programFrame(k, thread);
  const cause = frame.cause();
  const signal = signalOfException(frame.report().name);
  const address = cause.kind === "page-fault" ? cause.address : frame.pc;
  return { signal, info: { signal, code: codeOf(signal, cause), address } };
}

/** `SEGV_MAPERR` or `SEGV_ACCERR`; of others the first code, what fits exceptions here best. */
function codeOf(signal: number, cause: TrapCause): number {
  const isRefused = cause.kind === "page-fault" && cause.present;
  return signal === SIGNAL.SEGV && isRefused ? 2 : 1;
}
