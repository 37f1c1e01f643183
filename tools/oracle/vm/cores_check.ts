/**
 * Core files of a machine with the VM in gdb, at random instants.
 *
 * @module
 */
import { readCore } from "../../../debug/core/mod.ts";
import type { GuestArch } from "../../../guest/embedded.ts";
import { Random } from "../../../util/random.ts";
import { machineWith } from "../../../vm/testing/followed.ts";
import { randomProgram } from "../../../vm/testing/random_program.ts";
import { vmOf } from "../../../vm/lockstep/vm_task.ts";
import { readWithGdb } from "../gdb/cores.ts";
import { type CheckResult, Differences } from "../tool.ts";
import { frameDifference, vmThreads } from "./own_frames.ts";

/** Core files. */
const COUNT = 30;

/** Compares; undefined if there is no gdb. */
export async function checkCores(
  arch: GuestArch,
  directory: string,
): Promise<CheckResult | undefined> {
  const random = new Random(3);
  const { program } = randomProgram(4, {
    natives: ["collect", "move"],
    rounds: 50,
    steps: [5000, 50_000],
  });
  using machine = await machineWith(arch, program, { threads: 2, jitAt: 2, optimizeAt: 4 }, {
    quantum: 700,
  });
  const { task, file } = vmOf(machine);
  const name = `${directory}/vm_${arch}.elf`;
  const { bytes } = task.module!;
  Deno.writeFileSync(name, bytes);
  const entered = machine.addBreakpoint(file.symbolNamed("vm_enter")!.value);
  machine.run();
  entered[Symbol.dispose]();
  const cores: Uint8Array[] = [];
  for (let i = 0; i < COUNT && machine.run(1 + random.below(20_000)).kind === "paused"; i++) {
    const core = machine.core({ task: task.id, file: name });
    Deno.writeFileSync(`${directory}/vm_${arch}_${i}.core`, core);
    cores.push(core);
  }
  const theirs = readWithGdb(
    cores.map((_, i) => ({ program: name, core: `${directory}/vm_${arch}_${i}.core`, memory: [] })),
    directory,
  );
  if (theirs === undefined) return undefined;
  const differences = new Differences(20);
  let frames = 0;
  cores.forEach((core, i) => {
    const other = theirs[i]!;
    if ("error" in other) return differences.add(`core ${i}: ${other.error}`);
    const own = vmThreads(readCore(core, { open: () => bytes }));
    for (const thread of own.threads) {
      const found = other.threads.find(({ id }) => id === thread.id)?.frames ?? [];
      frames += found.length;
      const difference = frameDifference(own.frames(thread), found);
      if (difference === undefined) continue;
      differences.add(`core ${i}, thread ${thread.id}: ${difference}`);
    }
  });
  return {
    name: `cores in gdb ${arch}`,
    figures: `${cores.length} core files, ${frames} frames`,
    differences: differences.texts,
  };
}
