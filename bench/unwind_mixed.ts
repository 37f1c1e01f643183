/**
 * Nanoseconds per frame of stacks that mix kinds of code, beside stacks of the same depth whose
 * frames all have unwind tables; of interpreted frames also with their variables' values; and of
 * finding all references.
 *
 * @module
 */
import type { Machine } from "../elf/mod.ts";
import { FrameIterator, managedFrame, stackRoots } from "../unwind/walk/mod.ts";
import {
  AT,
  BYTECODE,
  type FrameInit,
  METHOD,
  type MixedStack,
  mixedStack,
} from "../unwind/testing/mixed_stack.ts";

/** Frames on each stack, beside the one that they began in. */
const DEPTH = 1000;

/** One line of the table: nanoseconds per frame, of walks that have been made before. */
export interface MixedFigure {
  /** Machine of the stack. */
  readonly machine: Machine;
  /** All frames by unwind tables. */
  readonly tables: number;
  /** Frames of all kinds. */
  readonly mixed: number;
  /** Interpreted frames. */
  readonly interpreted: number;
  /** The same with method, position and the values of all variables, four each. */
  readonly variables: number;
  /** Of frames of all kinds, every reference with its place. */
  readonly roots: number;
}

const INTERPRETED: FrameInit = {
  code: "interpreter",
  at: AT.call,
  words: { [-40]: BYTECODE + 4, [-48]: METHOD, [-56]: 1, [-64]: 2, [-72]: 3, [-80]: 4 },
};

const MIXED: readonly FrameInit[] = [
  { code: "native" },
  { code: "stub" },
  INTERPRETED,
  { code: "adapter" },
  { code: "jit" },
  { code: "optimized" },
];

/** Measures on both machines. */
export function measureMixed(): MixedFigure[] {
  return (["x86_64", "aarch64"] as const).map((machine) => {
    const stack = (frames: readonly FrameInit[]) =>
      mixedStack(machine, [
        ...Array.from({ length: DEPTH }, (_, i) => frames[i % frames.length]!),
        { code: "start" },
      ]);
    const tables = stack([{ code: "native" }, { code: "optimized" }]);
    const mixed = stack(MIXED);
    const interpreted = stack([INTERPRETED]);
    return {
      machine,
      tables: perFrame(() => walk(tables)),
      mixed: perFrame(() => walk(mixed)),
      interpreted: perFrame(() => walk(interpreted)),
      variables: perFrame(() => variables(interpreted)),
      roots: perFrame(() => roots(mixed)),
    };
  });
}

function walk(stack: MixedStack): number {
  let frames = 0;
  for (const frame of new FrameIterator(stack)) frames += frame.cfaAddress > 0 ? 1 : 0;
  return frames;
}

function variables(stack: MixedStack): number {
  let frames = 0;
  for (const frame of new FrameIterator(stack)) {
    let values = 0;
    for (const { value } of managedFrame(frame)?.variables ?? []) {
      if (value !== undefined) values++;
    }
    // The one that they began in has none.
    frames += values >= 4 || frame.code === undefined ? 1 : 0;
  }
  return frames;
}

function roots(stack: MixedStack): number {
  const frames = [...new FrameIterator(stack)];
  let found = 0;
  for (const { value } of stackRoots(frames)) found += value >= 0n ? 1 : 0;
  return found > DEPTH ? frames.length : 0;
}

/** The fastest of many, as others' work can only add to it. */
function perFrame(action: () => number): number {
  let best = Infinity;
  for (let round = 0; round < 60; round++) {
    const before = performance.now();
    if (action() !== DEPTH + 1) throw new Error("Walk does not give the frames that were built");
    best = Math.min(best, performance.now() - before);
  }
  return best * 1e6 / (DEPTH + 1);
}
