/**
 * `trapline boot`: one machine, one log.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { archByName } from "../arch/mod.ts";
import type { ArchName } from "../arch/arch.ts";
import type { LoadMode } from "../kernel/program/load_mode.ts";
import { Machine } from "../kernel/machine.ts";
import type { ModuleOptions } from "../kernel/machine_options.ts";
import { JsonLines } from "../trace/json_lines.ts";
import { MachLog } from "../trace/mach_log.ts";
import type { EventSink } from "../trace/events.ts";
import { Output } from "./output.ts";
import { moduleHello } from "../guest/boot_modules.ts";
import { refuseUnknown, UsageError, wholeNumber } from "./usage_error.ts";

/** Sinks by the name `--log` gives them. */
const LOGS: Readonly<Record<string, (output: Output) => EventSink[]>> = {
  mach: (output) => [new MachLog((text) => output.write(text))],
  json: (output) => [new JsonLines((text) => output.write(text))],
  quiet: () => [],
};

const LOADS: readonly string[] = ["copyout", "demand"];

function choose<T>(option: string, value: string, table: Readonly<Record<string, T>>): T {
  const chosen = Object.hasOwn(table, value) ? table[value] : undefined;
  if (chosen !== undefined) return chosen;
  throw new UsageError(
    `Cannot use --${option} ${value}: expected ${Object.keys(table).join(", ")}`,
  );
}

async function module(
  arch: ArchName,
  file: string | undefined,
  args: readonly string[],
): Promise<ModuleOptions> {
  if (file === undefined) {
    if (args.length > 0) {
      throw new UsageError(`Cannot use argument "${args[0]}": arguments need --module`);
    }
    return await moduleHello(arch);
  }
  const bytes = await Deno.readFile(file);
  const name = (file.split("/").at(-1) ?? file).replace(/\.elf$/, "");
  return { commandLine: [name, ...args].join(" "), bytes };
}

/** Runs the command; returns the status to end with. */
export async function boot(args: readonly string[]): Promise<number> {
  const options = parseArgs([...args], {
    string: [
      "arch",
      "module",
      "policy",
      "quantum",
      "log",
      "seed",
      "load",
      "memory",
      "limit",
      "cmdline",
    ],
    default: {
      arch: "aarch64",
      policy: "rr",
      quantum: "10000",
      log: "mach",
      seed: "0",
      load: "copyout",
      memory: "64",
      cmdline: "",
    },
    unknown: refuseUnknown("boot"),
  });
  const arch = archByName(options.arch);
  using output = new Output();
  const sinks = choose("log", options.log, LOGS)(output);
  if (!LOADS.includes(options.load)) {
    throw new UsageError(`Cannot use --load ${options.load}: expected ${LOADS.join(", ")}`);
  }
  const limit = options.limit === undefined ? undefined : wholeNumber("limit", options.limit, 1);
  using machine = new Machine({
    arch,
    modules: [await module(arch.name, options.module, options._.map(String))],
    policy: options.policy,
    quantum: wholeNumber("quantum", options.quantum, 1),
    seed: wholeNumber("seed", options.seed),
    load: options.load as LoadMode,
    memory: wholeNumber("memory", options.memory, 1) * 2 ** 20,
    commandLine: options.cmdline,
    sinks,
  });
  const result = machine.run(limit);
  output.flush();
  if (result.kind === "halted" && result.reason === "reboot") return 0;
  if (result.kind === "halted" && result.reason === "all tasks have ended") return 0;
  console.error(
    `trapline: ${
      result.kind === "halted" ? result.reason : `Stopped after ${machine.now} instructions`
    }`,
  );
  return 1;
}
