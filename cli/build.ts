/**
 * `trapline build` and `trapline headers`: programs of the user's own.
 *
 * @module
 */

import { ARCHES } from "../arch/mod.ts";
import { buildProgram, writeProgramFiles } from "../build/mod.ts";
import { choose, readOptions } from "./options.ts";
import { writeText } from "./output.ts";
import { UsageError } from "./usage_error.ts";

const DEFAULTS = { arch: "aarch64", output: "" };

/** Runs `trapline build`; returns the status to end with. */
export async function build(args: readonly string[]): Promise<number> {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  // Compilers call it -o, whatever else they differ in.
  const own = args.slice(0, end).map((arg) => arg === "-o" ? "--output" : arg);
  const { values, rest: sources } = readOptions("build", own, DEFAULTS);
  const [first] = sources;
  if (first === undefined) throw new UsageError("Cannot build nothing: expected source files");
  const output = values.output || first.replace(/\.[^./]*$/, "") + ".elf";
  const { name: arch } = choose("arch", values.arch, ARCHES);
  const { bytes, warnings } = await buildProgram({ arch, sources, flags: args.slice(end + 1) });
  await Deno.stderr.write(new TextEncoder().encode(warnings));
  await Deno.writeFile(output, bytes, { mode: 0o755 });
  writeText(`${output}: ${bytes.length} bytes, ${arch}\n`);
  return 0;
}

/** Runs `trapline headers`; returns the status to end with. */
export async function headers(args: readonly string[]): Promise<number> {
  const { rest: [folder, ...more] } = readOptions("headers", args, {});
  if (folder === undefined || more.length > 0) {
    throw new UsageError("Cannot write the headers: expected one folder");
  }
  await writeProgramFiles(folder);
  return 0;
}
