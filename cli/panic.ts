/**
 * `trapline panic`: the road from a panic to the end of its task, one line a step.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { archByName } from "../arch/mod.ts";
import { Machine } from "../kernel/machine.ts";
import { UnwindLog } from "../trace/unwind_log.ts";
import { Output } from "./output.ts";
import { unwindProgram } from "../guest/boot_modules.ts";
import { refuseUnknown, UsageError } from "./usage_error.ts";

/** What the program `unwind` can end its chain of calls with. */
const CAUSES: readonly string[] = [
  "panic",
  "throw",
  "fault",
  "kill",
  "leaf",
  "inline",
  "syscall",
  "spin",
  "overflow",
  "double",
  "nested",
];

/** More than any of the causes needs. */
const INSTRUCTION_LIMIT = 10_000_000;

/** Runs the command; returns the status to end with. */
export async function panic(args: readonly string[]): Promise<number> {
  const options = parseArgs([...args], {
    string: ["arch", "why", "catch", "mode"],
    default: { arch: "aarch64", why: "panic", catch: "0", mode: "user" },
    unknown: refuseUnknown("panic"),
  });
  const arch = archByName(options.arch);
  const { why, catch: catcher } = options;
  if (!CAUSES.includes(why)) {
    throw new UsageError(`Cannot use --why ${why}: expected ${CAUSES.join(", ")}`);
  }
  if (!/^[0-5]$/.test(catcher)) {
    throw new UsageError(`Cannot use --catch ${catcher}: expected 1 to 5, or 0 for nobody`);
  }
  const { mode } = options;
  if (mode !== "user" && mode !== "kernel") {
    throw new UsageError(`Cannot use --mode ${mode}: expected user, kernel`);
  }
  using output = new Output();
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
