/**
 * `trapline frames` and `trapline lsda`: unwind tables of a file as JSON lines.
 *
 * @module
 */

import { frameChunks } from "../unwind/cli_frames.ts";
import { readSparseElf } from "../unwind/elf_sparse.ts";
import { lsdaLines } from "../unwind/cli_lsda.ts";
import { Output, writeAll } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/** Sections a dump of call frame information reads. */
const FRAME_SECTIONS: readonly string[] = [".eh_frame", ".debug_frame"];

function fileArgument(command: string, args: readonly string[]): string {
  const [file, ...rest] = args;
  if (file === undefined || rest.length > 0 || file.startsWith("-")) {
    throw new UsageError(`Cannot run "${[command, ...args].join(" ")}": expected one file name`);
  }
  return file;
}

/** Reads only what is needed of a file: a dump of a large library is faster than reading it. */
function readFor(file: string, wanted: (section: string) => boolean): Uint8Array {
  using handle = Deno.openSync(file);
  const { size, isFile } = handle.statSync();
  if (!isFile) return Deno.readFileSync(file);
  const readAt = (offset: number, into: Uint8Array): void => {
    handle.seekSync(offset, Deno.SeekMode.Start);
    for (let done = 0; done < into.length;) {
      const read = handle.readSync(into.subarray(done));
      if (read === null) return;
      done += read;
    }
  };
  return readSparseElf({ size, readAt }, wanted);
}

/** Prints the unwind table rows of an ELF file, one line for each FDE. */
export function frames(args: readonly string[]): number {
  const file = fileArgument("frames", args);
  const bytes = readFor(file, (section) => FRAME_SECTIONS.includes(section));
  for (const chunk of frameChunks(bytes, file)) writeAll(chunk);
  return 0;
}

/** Prints the exception tables of an ELF file, one line for each LSDA. */
export function lsda(args: readonly string[]): number {
  const file = fileArgument("lsda", args);
  using output = new Output();
  for (const line of lsdaLines(Deno.readFileSync(file), file)) output.write(`${line}\n`);
  return 0;
}
