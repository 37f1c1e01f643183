/**
 * Measures the paths of the kernel:
 * `deno task bench [--json] [--arch NAME] [--path TEXT] [--quick]`.
 *
 * Without `--json` it prints a table. `--arch` chooses one architecture, `--path` the paths whose
 * names contain a text, `--quick` takes a tenth of the time.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import type { Arch } from "../arch/arch.ts";
import { aarch64, archByName, x86_64 } from "../arch/mod.ts";
import { environment } from "./paths/environment.ts";
import { type Effort, FULL, measure, type Measurement, QUICK } from "./paths/measure.ts";
import { PATHS } from "./paths/mod.ts";
import type { Path } from "./paths/path.ts";
import { renderTable } from "./paths/table.ts";
import { Progress } from "../util/progress.ts";

const OPTIONS = "[--json] [--arch NAME] [--path TEXT] [--quick]";

/** What to measure, and how to say it. */
export interface Request {
  readonly arches: readonly Arch[];
  readonly paths: readonly Path[];
  readonly effort: Effort;
  readonly json: boolean;
}

/**
 * Reads the command line.
 * @throws {Error} for an unknown option, architecture or path
 */
export function readRequest(args: readonly string[]): Request {
  const options = parseArgs([...args], {
    boolean: ["json", "quick"],
    string: ["arch", "path"],
    unknown: (arg) => {
      throw new Error(
        `Cannot use "${arg}": expected ${OPTIONS}`,
      );
    },
  });
  const { arch, path = "" } = options;
  const paths = PATHS.filter(({ name }) => name.includes(path));
  if (paths.length === 0) {
    const names = PATHS.map(({ name }) => name).join("; ");
    throw new Error(`Cannot measure "${path}": the paths are ${names}`);
  }
  return {
    arches: arch === undefined ? [x86_64, aarch64] : [archByName(arch)],
    paths,
    effort: options.quick ? QUICK : FULL,
    json: options.json,
  };
}

function main(args: readonly string[]): void {
  const { arches, paths, effort, json } = readRequest(args);
  const measurements: Measurement[] = [];
  {
    using progress = new Progress();
    for (const arch of arches) {
      for (const path of paths) {
        progress.at(`measuring ${arch.name}, ${path.name}`);
        measurements.push(measure(path, arch, { effort }));
      }
    }
  }
  const made = environment();
  console.log(
    json
      ? JSON.stringify({ environment: made, measurements }, null, 2)
      : renderTable(measurements, made),
  );
}

if (import.meta.main) {
  try {
    if (Deno.args.some((arg) => arg === "--help" || arg === "-h")) {
      console.log(`deno task bench ${OPTIONS}`);
    } else main(Deno.args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exitCode = 1;
  }
}
