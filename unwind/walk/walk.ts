/**
 * The stack frames of a walk, all at once.
 *
 * @module
 */
import { InputError } from "../../bytes/mod.ts";
import type { Frame } from "./frame.ts";
import { FrameIterator } from "./frame_iterator.ts";
import type { WalkEnd, WalkInput, WalkOptions } from "./walk_types.ts";

/** A whole walk. */
export interface Backtrace {
  /** Stack frames found, innermost first. */
  readonly frames: readonly Frame[];
  /** Why the walk ended; undefined if an error ended it. */
  readonly end: WalkEnd | undefined;
  /** The error that ended the walk; the stack frames before it are sound. */
  readonly error: InputError | undefined;
}

/**
 * Walks a stack to its end, or to the first damage.
 *
 * @example A routine that was just called
 * ```ts
 * import { aarch64 } from "@trapline/trapline/arch"; // for the bytes of a file
 * import {
 *   backtrace,
 *   memoryOf,
 *   moduleFromElf,
 *   ModuleList,
 *   parseElf,
 *   RegisterSet,
 * } from "@trapline/trapline/unwind";
 *
 * const elf = parseElf(aarch64.image.bytes);
 * const pc = elf.symbolNamed("copyin")!.value;
 * const { frames, end } = backtrace({
 *   // Called from switch_context (x30), with an empty stack.
 *   registers: RegisterSet.named("aarch64", {
 *     pc,
 *     sp: 0x1000n,
 *     x30: elf.symbolNamed("switch_context")!.value + 4n,
 *   }),
 *   memory: memoryOf([{ start: 0x1000n, bytes: new Uint8Array(256) }]),
 *   modules: new ModuleList([moduleFromElf(elf)]),
 * });
 * console.log(frames, end);
 * ```
 *
 * @throws {WalkError} (`registers`) If program counter or stack pointer are not known.
 */
export function backtrace(input: WalkInput, options?: WalkOptions): Backtrace {
  const iterator = new FrameIterator(input, options);
  const frames: Frame[] = [];
  try {
    for (const frame of iterator) frames.push(frame);
  } catch (error) {
    if (error instanceof InputError) return { frames, end: undefined, error };
    throw error;
  }
  return { frames, end: iterator.end, error: undefined };
}
