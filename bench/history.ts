/**
 * Measures what a history costs, and what it costs to go back in it:
 * `deno task bench:history [--instructions N]`.
 *
 * @module
 */
import type { ArchName } from "../arch/arch.ts";
import { archByName } from "../arch/mod.ts";
import { parseElf } from "../elf/mod.ts";
import { image as threadsAarch64 } from "../guest/images/threads_aarch64.gen.ts";
import { image as threadsX86 } from "../guest/images/threads_x86_64.gen.ts";
import { image as spinnerAarch64 } from "../guest/images/spinner_aarch64.gen.ts";
import { image as spinnerX86 } from "../guest/images/spinner_x86_64.gen.ts";
import { History } from "../history/mod.ts";
import { Machine } from "../kernel/mod.ts";
import { readTask } from "../tools/task_numbers.ts";
import { median } from "./peers/commands.ts";

const IMAGES = {
  aarch64: { spinner: spinnerAarch64, threads: threadsAarch64 },
  x86_64: { spinner: spinnerX86, threads: threadsX86 },
} as const;
/** Of three runs the fastest counts. */
const TRIALS = 3;
/** Steps of which the median is told. */
const STEPS = 50;

/** A program that writes a variable early, and one that computes for long. */
function machineOf(arch: ArchName): Machine {
  const { spinner, threads } = IMAGES[arch];
  return new Machine({
    arch: archByName(arch),
    modules: [
      { commandLine: "threads", bytes: threads.bytes() },
      { commandLine: "spinner 1000000000", bytes: spinner.bytes() },
    ],
  });
}

function milliseconds(action: () => void): number {
  const begun = performance.now();
  action();
  return performance.now() - begun;
}

function measure(arch: ArchName, instructions: number): Record<string, number> {
  const trial = (recorded: boolean): number => {
    using machine = machineOf(arch);
    machine.run(100_000);
    return milliseconds(() => {
      if (recorded) new History(machine).run(instructions);
      else machine.run(instructions);
    });
  };
  const best = (recorded: boolean) =>
    Math.min(...Array.from({ length: TRIALS }, () => trial(recorded)));
  const plain = best(false);
  const recorded = best(true);
  using machine = machineOf(arch);
  using history = new History(machine);
  history.run(instructions);
  const first = milliseconds(() => history.reverseStep());
  const steps = Array.from({ length: STEPS }, () => milliseconds(() => history.reverseStep()));
  const middle = milliseconds(() => history.goTo(Math.floor(instructions * 0.4711)));
  history.goTo(history.end);
  const turns = parseElf(IMAGES[arch].threads.bytes()).symbolNamed("turns")?.value ?? 0n;
  using _ = history.addWatchpoint(turns, 4, "write", { task: 1 });
  const writer = milliseconds(() => {
    if (history.reverseRun().kind !== "watchpoint") throw new Error("nobody wrote it");
  });
  return {
    "a run, ms": plain,
    "recorded, ms": recorded,
    "more, %": 100 * (recorded / plain - 1),
    "snapshots kept": history.checkpoints.length,
    "their MiB": history.bytes / 2 ** 20,
    "first step back, ms": first,
    "a step back, ms": median(steps),
    "to the middle, ms": middle,
    "who wrote it, at the begin, ms": writer,
  };
}

function main(): number {
  const request = readTask("bench:history", Deno.args, { instructions: 50_000_000 });
  if ("status" in request) return request.status;
  const { instructions } = request.numbers;
  for (const arch of ["x86_64", "aarch64"] as const) {
    console.log(`${arch}, ${instructions} instructions`);
    for (const [name, value] of Object.entries(measure(arch, instructions))) {
      console.log(`  ${name.padEnd(32)} ${value.toFixed(1).padStart(9)}`);
    }
  }
  return 0;
}

if (import.meta.main) Deno.exit(main());
