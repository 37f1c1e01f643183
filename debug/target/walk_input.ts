/**
 * From a target to a walk.
 *
 * @module
 */
import type { WalkInput } from "../../unwind/walk/mod.ts";
import type { TargetProcess, TargetThread } from "./target.ts";

/**
 * What a walk of a thread's stack starts from, by default that of the thread that died or runs. Its
 * options are in `process.walk`.
 *
 * @throws {RangeError} If the process has no thread.
 */
export function walkInput(
  { memory, modules, threads }: TargetProcess,
  thread: TargetThread | undefined = threads[0],
): WalkInput {
  if (thread === undefined) throw new RangeError("Cannot walk: the process has no thread");
  return {
    registers: thread.registers,
    memory,
    modules,
    // Of a program behind a wire it must be fetched, and few walks need it.
    get threadPointer() {
      return thread.threadPointer;
    },
  };
}
