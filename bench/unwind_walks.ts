/**
 * Nanoseconds per frame of walks, warm (rules cached) and cold, ours and the native peer's on the
 * same stacks.
 *
 * @module
 */
import { FrameIterator, memoryOf, ModuleList } from "../unwind/walk/mod.ts";
import type { BuiltStack } from "../unwind/testing/stack_builder.ts";
import { type BenchLibrary, benchStack, writeStack } from "./unwind_stacks.ts";

/** Depths that are measured. */
export const DEPTHS: readonly number[] = [8, 64, 512];

/** One line of the table: nanoseconds per frame. */
export interface WalkFigure {
  /** Machine of the stack. */
  readonly machine: string;
  /** Frames on the stack. */
  readonly depth: number;
  /** Rules known from the walk before. */
  readonly warm: number;
  /** No rule known: tables are searched and run for each frame. */
  readonly cold: number;
}

/**
 * Our figures: the median of many walks. Throws if a walk does not give the frames that were built.
 */
export function measureWalks(library: BenchLibrary): WalkFigure[] {
  return DEPTHS.map((depth) => {
    const stack = benchStack(library, depth);
    const modules = new ModuleList([library.module]);
    const walk = walker(stack, modules);
    check(stack, modules);
    const warm = median(31, () => timed(Math.ceil(20_000 / depth), depth, walk));
    const cold = median(15, () =>
      timed(Math.ceil(4000 / depth), depth, () => {
        modules.rules.clear();
        return walk();
      }));
    return { machine: library.machine, depth, warm, cold };
  });
}

function walker(stack: BuiltStack, modules: ModuleList): () => number {
  const input = {
    registers: stack.registers,
    memory: memoryOf([stack.window]),
    modules,
  };
  return () => {
    let frames = 0;
    const iterator = new FrameIterator(input, { start: "return-address" });
    for (const frame of iterator) frames += frame.cfaAddress > 0 ? 1 : 0;
    return frames;
  };
}

function check(stack: BuiltStack, modules: ModuleList): void {
  const iterator = new FrameIterator({
    registers: stack.registers,
    memory: memoryOf([stack.window]),
    modules,
  }, { start: "return-address" });
  const frames = [...iterator];
  const same = frames.length === stack.pcs.length &&
    frames.every((frame, i) =>
      frame.pcAddress === stack.pcs[i] && frame.cfaAddress === stack.cfas[i]
    );
  if (!same) throw new Error("Walk does not give the frames that were built");
}

function timed(walks: number, depth: number, walk: () => number): number {
  const before = performance.now();
  let frames = 0;
  for (let i = 0; i < walks; i++) frames += walk();
  const time = performance.now() - before;
  if (frames !== walks * depth) throw new Error(`Walks gave ${frames} frames`);
  return time * 1e6 / frames;
}

/** The middle of several measurements. */
export function median(rounds: number, measure: () => number): number {
  const times = Array.from({ length: rounds }, measure).sort((a, b) => a - b);
  return times[rounds >> 1]!;
}

/**
 * The native peer's figures; undefined if there is no Rust tool chain, or its crates cannot be had.
 */
export function measurePeer(
  libraries: readonly BenchLibrary[],
): WalkFigure[] | undefined {
  const source = new URL("./peers/unwind/", import.meta.url).pathname;
  const target = new URL("../.cache/peers/unwind/", import.meta.url).pathname;
  const directory = Deno.makeTempDirSync();
  try {
    const built = new Deno.Command("cargo", {
      args: ["build", "--release", "--quiet", "--locked"],
      cwd: source,
      env: { CARGO_TARGET_DIR: target },
      stdout: "null",
      stderr: "inherit",
    }).outputSync();
    if (!built.success) return undefined;
    const stacks = libraries.flatMap((library) =>
      DEPTHS.map((depth) => writeStack(library, benchStack(library, depth), directory))
    );
    const { success, stdout } = new Deno.Command(`${target}release/unwind-peer`, {
      args: stacks,
      stderr: "inherit",
    }).outputSync();
    if (!success) return undefined;
    return new TextDecoder().decode(stdout).trim().split("\n")
      .map((line) => JSON.parse(line) as WalkFigure);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}
