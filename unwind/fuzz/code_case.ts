/**
 * Cases of published code: a stack of all kinds of code with damage in one part of the memory that
 * tells of it (maps, list, records of methods, anchors, frames), found, walked, and looked at.
 *
 * @module
 */
import { Refusals } from "../../bytes/testing/refusals.ts";
import type { Random } from "../../util/random.ts";
import { damaged } from "../../util/testing/damage.ts";
import {
  AT,
  BYTECODE,
  FRAME_SIZE,
  type FrameInit,
  HANDLES,
  LIST,
  METHOD,
  mixedStack,
  THREAD,
} from "../testing/mixed_stack.ts";
import {
  type Backtrace,
  backtrace,
  discoverCode,
  handleRoots,
  managedFrame,
  memoryOf,
  stackRoots,
  type WalkInput,
} from "../walk/mod.ts";

const CODES = ["native", "blind", "stub", "interpreter", "adapter", "jit", "optimized"] as const;

/** Runs a case; the first thing that was refused is thrown. */
export function codeCase(random: Random): void {
  const frames = Array.from({ length: 1 + random.below(12) }, (_, i) => frameOf(random, i === 0));
  const machine = random.pick(["x86_64", "aarch64"] as const);
  const stack = mixedStack(machine, [...frames, { code: "start" }], { isUnknown: true });
  const part = random.below(stack.windows.length + 1);
  const windows = stack.windows.map((window, i) =>
    i === part ? { ...window, bytes: damage(random, window.bytes, i === 0) } : window
  );
  const input = { ...stack, memory: memoryOf(windows) };
  const refusals = new Refusals();
  for (let round = 0; round < 2; round++) {
    const { problems } = discoverCode({ ...input, descriptor: BigInt(LIST) });
    refusals.note(problems[0]);
  }
  for (const native of ["walk", "skip"] as const) {
    const walk = backtrace(input, { native, framePointer: random.chance(0.5) });
    refusals.note(walk.error);
    look(walk, refusals);
  }
  refusals.attempt(() => void handleRoots(input.memory, BigInt(THREAD), HANDLES));
  refusals.attempt(() => strangeThread(random, input));
  if (refusals.first !== undefined) throw refusals.first;
}

/** Damaged bytes; of a stack, where its frames are. */
function damage(random: Random, bytes: Uint8Array, isStack: boolean): Uint8Array {
  if (!isStack) return damaged(random, bytes, { limit: Infinity });
  const used = bytes.length - 0x100 - FRAME_SIZE * 4;
  const changed = bytes.slice();
  changed.set(damaged(random, bytes.subarray(used), { keepSize: true }), used);
  return changed;
}

/** A stack is walked from any thread pointer. */
function strangeThread(random: Random, input: WalkInput): void {
  const threadPointer = random.pick([0n, 1n, 2n ** 64n - 16n, BigInt(random.next()) << 32n]);
  const { error } = backtrace({ ...input, threadPointer });
  if (error !== undefined) throw error;
}

function frameOf(random: Random, isInnermost: boolean): FrameInit {
  const code = random.chance(0.2) ? "entry" : random.pick(CODES);
  const at = isInnermost ? random.pick(Object.values(AT)) : AT.call;
  const words = { [-40]: BYTECODE + 4 * random.below(4), [-48]: METHOD };
  return { code, at, anchors: code === "stub", ...code === "interpreter" ? { words } : {} };
}

function look({ frames }: Backtrace, refusals: Refusals): void {
  for (const frame of frames) {
    refusals.attempt(() => {
      for (const variable of managedFrame(frame)?.variables ?? []) {
        void variable.value;
        void variable.absence;
        void variable.location;
      }
    });
  }
  refusals.attempt(() => void [...stackRoots(frames)]);
}
