/**
 * `trapline demo`: the main job. Boots both architectures with the same program and prints the
 * logs.
 *
 * @module
 */

import { ARCHES } from "../arch/mod.ts";
import { Machine } from "../kernel/machine.ts";
import { MachLog } from "../trace/mach_log.ts";
import { refuseArguments } from "./options.ts";
import { Output } from "./output.ts";
import { moduleHello } from "../guest/boot_modules.ts";

/** Runs the command; returns the status to end with. */
export async function demo(args: readonly string[]): Promise<number> {
  refuseArguments("demo", args);
  const output = new Output();
  let status = 0;
  for (const arch of [ARCHES.aarch64, ARCHES.x86_64]) {
    output.write(`\n=== ${arch.name} ===\n`);
    using machine = new Machine({
      arch,
      modules: [await moduleHello(arch.name)],
      sinks: [new MachLog((text) => output.write(text))],
    });
    const result = machine.run();
    const reason = result.kind === "halted" ? result.reason : result.kind;
    output.write(
      `\n--- ${arch.name}: ${reason} after ${machine.cpu.instructions} instructions\n`,
    );
    if (reason !== "reboot") status = 1;
  }
  output.flush();
  return status;
}
