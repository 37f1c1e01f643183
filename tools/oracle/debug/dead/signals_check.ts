/**
 * Stacks with signal handlers on them, of programs for AArch64 that died in QEMU. gdb cannot judge
 * them (see `programs.ts`): the program's own functions and lines must be those of the same program
 * on this machine, whose stacks are compared with gdb's.
 *
 * @module
 */
import { openCore } from "../../../../debug/core/mod.ts";
import { FrameReader } from "../../../../debug/frames/mod.ts";
import { type CheckResult, Differences } from "../../tool.ts";
import type { ProgramCore } from "./core_of.ts";

/** The cores of one program on both machines. */
export interface SignalCores {
  readonly name: string;
  readonly native: ProgramCore;
  readonly arm: ProgramCore;
}

/** Compares cores; undefined if there are none. */
export function checkSignals(
  name: string,
  cores: readonly SignalCores[],
): CheckResult | undefined {
  if (cores.length === 0) return undefined;
  const differences = new Differences();
  let count = 0;
  for (const { name, native, arm } of cores) {
    const [own, wanted] = [framesOf(arm), framesOf(native)];
    count += own.length;
    if (!own.includes("signal")) differences.add(`${name}: there is no frame of a signal`);
    if (own.join() !== wanted.join()) differences.add(`${name}: ${own}, natively ${wanted}`);
  }
  return {
    name,
    figures: `${cores.length} cores, ${count} frames`,
    differences: differences.texts,
  };
}

/** Functions and lines of the program's own code, and where signals are. */
function framesOf({ core, program, sysroot }: ProgramCore): string[] {
  using target = openCore(core, { exe: program, sysroot });
  const [thread] = target.process.threads;
  const frames = thread === undefined ? [] : [...new FrameReader(target.process).frames(thread)];
  return frames.flatMap(({ kind, name, source }) =>
    kind === "signal"
      ? kind
      : source?.file.endsWith("signal_stack.c")
      ? `${name}:${source.line}`
      : []
  );
}
