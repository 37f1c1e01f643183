/**
 * Frames of the VM's threads, as the unwinder has them, beside gdb's.
 *
 * @module
 */
import { type Target, type TargetThread, walkInput } from "../../../debug/target/mod.ts";
import { backtrace, discoverCode } from "../../../unwind/walk/mod.ts";
import { chainProgram } from "../../../vm/testing/chain_program.ts";
import type { VmProgram } from "../../../vm/mod.ts";

/** A frame of gdb's; numbers are decimal. */
export interface TheirFrame {
  /** Program counter. */
  readonly pc: string;
  /** Function. */
  readonly name: string | null;
}

/** A program that stops in a native function behind calls through all kinds of code. */
export function stoppingProgram(): VmProgram {
  return chainProgram({
    depth: 9,
    kinds: [
      "jit",
      "interpreter",
      "native",
      "optimized",
      "native",
      "jit",
      "optimized",
      "interpreter",
    ],
    // Once for each way that leads there.
    last: ["  invoke brk", "  invoke collect", "  iconst @step1", "  invoke move", "  invoke brk"],
  });
}

/** Threads of the VM's process, once what it has published is known. */
export function vmThreads(target: Target): {
  readonly threads: readonly TargetThread[];
  frames(thread: TargetThread): TheirFrame[];
} {
  const process = target.processes.find(({ name }) => name.includes("vm"));
  if (process === undefined) throw new Error("There is no VM");
  const { problems: [problem] } = discoverCode(process);
  if (problem !== undefined) throw problem;
  return {
    threads: process.threads,
    frames(thread) {
      const { frames, error } = backtrace(walkInput(process, thread), process.walk);
      if (error !== undefined) throw error;
      return frames.map(({ pc, function: named }) => ({
        pc: String(pc),
        name: named?.name ?? null,
      }));
    },
  };
}

/** The first difference between frames in words. */
export function frameDifference(
  ours: readonly TheirFrame[],
  theirs: readonly TheirFrame[],
): string | undefined {
  // What a thread begins with returns to address 0, which gdb has a frame of.
  const all = theirs.filter(({ pc }) => pc !== "0");
  for (let i = 0; i < Math.max(ours.length, all.length); i++) {
    const [own, other] = [ours[i], all[i]];
    if (own?.pc === other?.pc && own?.name === other?.name) continue;
    const text = (frame: TheirFrame | undefined): string =>
      frame === undefined ? "none" : `0x${BigInt(frame.pc).toString(16)} ${frame.name}`;
    return `frame ${i} is ${text(other)} in gdb, expected ${text(own)}`;
  }
  return undefined;
}
