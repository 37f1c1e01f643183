/**
 * What the labels of the guest image mean: the code a thread runs on an empty kernel stack.
 *
 * @module
 */

import { type BootstrapOptions, startup } from "./boot/bootstrap.ts";
import { daemonBody, isDaemon } from "./thread/daemons.ts";
import type { Kernel } from "./kernel.ts";
import { type Outcome, RETURN } from "./thread/outcome.ts";

/** Runs the continuation at a label for the current thread. */
export function runContinuation(
  k: Kernel,
  address: bigint,
  options: BootstrapOptions,
): Outcome {
  const label = k.arch.image.labelAt(address) ?? "";
  const thread = k.current;
  const { resume } = thread;
  thread.resume = null;
  if (label === "startup_thread") return startup(k, options);
  if (isDaemon(label)) return daemonBody(k, label);
  if (label === "thread_exception_return") return RETURN;
  if (resume !== null) return resume();
  return { kind: "halt", reason: `Kernel panic: continuation ${label} has nothing to do` };
}
