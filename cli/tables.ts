/**
 * `trapline frames` and `trapline lsda`: unwind tables of a file as JSON lines.
 *
 * @module
 */

import { frameChunks, isFrameSection, lsdaLines } from "../unwind/dump/mod.ts";
import { readSparseElf } from "../elf/mod.ts";
import { FileSource } from "../util/file_source.ts";
import { DamageReport } from "./damage.ts";
import { readInput } from "./input.ts";
import { Output, writeAll } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/** Most bytes of a file that is read whole. */
const SIZE_LIMIT = 2 ** 28;

function fileArgument(command: string, args: readonly string[]): string {
  const [file, ...rest] = args;
  if (file === undefined || rest.length > 0 || file.startsWith("-")) {
    throw new UsageError(`Cannot run "${[command, ...args].join(" ")}": expected one file name`);
  }
  return file;
}

/** Reads only what is needed of a file: a dump of a large library is faster than reading it. */
function readFrameSections(file: string): Uint8Array {
  // What is not a file of the disk can only be read from its beginning to its end.
  if (!Deno.statSync(file).isFile) return readInput(file, SIZE_LIMIT);
  using source = new FileSource(file);
  return readSparseElf(source, isFrameSection);
}

/** Prints the unwind table rows of an ELF file, one line for each FDE that is sound. */
export function frames(args: readonly string[]): number {
  const file = fileArgument("frames", args);
  const damage = new DamageReport();
  const options = { onDamage: damage.add };
  for (const chunk of frameChunks(readFrameSections(file), file, options)) writeAll(chunk);
  return damage.end();
}

/** Prints the exception tables of an ELF file, one line for each LSDA that is sound. */
export function lsda(args: readonly string[]): number {
  const file = fileArgument("lsda", args);
  const output = new Output();
  const damage = new DamageReport();
  const options = { onDamage: damage.add };
  for (const line of lsdaLines(readInput(file, SIZE_LIMIT), file, options)) {
    output.write(`${line}\n`);
    if (output.failed) break;
  }
  output.flush();
  return damage.end();
}
