/**
 * `trapline panic`: the road from a panic to the end of its task, one line a step.
 *
 * @module
 */

import { ARCHES } from "../arch/mod.ts";
import { Machine } from "../kernel/machine.ts";
import { UnwindLog } from "../trace/unwind_log.ts";
import { Output } from "./output.ts";
import { unwindProgram } from "../guest/boot_modules.ts";
import { choose, named, readOptions, refuseArguments } from "./options.ts";

/** What the program `unwind` can end its chain of calls with. */
const CAUSES = named([
  "panic",
  "throw",
  "fault",
  "kill",
  "leaf",
  "inline",
  "null",
  "syscall",
  "spin",
  "overflow",
  "double",
  "nested",
]);

const MODES = named(["user", "kernel"]);

/** Levels that can catch, and nobody. */
const LEVELS = named(["0", "1", "2", "3", "4", "5"]);

/** More than any of the causes needs. */
const INSTRUCTION_LIMIT = 10_000_000;

/** Runs the command; returns the status to end with. */
export async function panic(args: readonly string[]): Promise<number> {
  const { values, rest } = readOptions("panic", args, {
    arch: "aarch64",
    why: "panic",
    catch: "0",
    mode: "user",
  });
  refuseArguments("panic", rest);
  const arch = choose("arch", values.arch, ARCHES);
  const why = choose("why", values.why, CAUSES);
  const catcher = choose("catch", values.catch, LEVELS);
  const mode = choose("mode", values.mode, MODES);
  const output = new Output();
  using machine = new Machine({
    arch,
    modules: [await unwindProgram(arch.name, { args: `${why} ${catcher}`, mode })],
    sinks: [new UnwindLog((text) => output.write(text))],
  });
  const result = machine.run(INSTRUCTION_LIMIT);
  output.flush();
  if (result.kind === "halted" && result.reason === "all tasks have ended") return 0;
  console.error(
    `trapline: ${result.kind === "halted" ? result.reason : "Stopped: no end in sight"}`,
  );
  return 1;
}
