/**
 * The stack frames of a target's threads, as this library has them.
 *
 * @module
 */
import { DebugFiles } from "../../../../debug/files/mod.ts";
import { FrameReader, type StackFrame } from "../../../../debug/frames/mod.ts";
import type { Target, TargetProcess } from "../../../../debug/target/mod.ts";

/** Most frames of a thread. */
const LIMIT = 20_000;

/** A thread's frames. */
export interface OwnThread {
  /** Its number. */
  readonly id: number;
  /** The frames, innermost first. */
  readonly frames: readonly StackFrame[];
  /** Why there are no more, if that is an error. */
  readonly error: Error | undefined;
}

/** The frames of all threads of a process. */
export async function framesOf(
  target: Target,
  process: TargetProcess,
  sysroot?: string,
): Promise<OwnThread[]> {
  const reader = new FrameReader(process, new DebugFiles({ sysroot }));
  await target.settle(() => reader.prepare());
  const threads: OwnThread[] = [];
  for (const thread of process.threads) {
    threads.push(
      await target.settle(() => {
        const walk = reader.frames(thread, { limit: LIMIT });
        const frames = [...walk];
        return { id: thread.id, frames, error: walk.error };
      }),
    );
  }
  return threads;
}
