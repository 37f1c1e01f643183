/**
 * The list of files that a program publishes for the code that it makes: GDB's JIT interface,
 * version 1 ("JIT Compilation Interface" in the GDB manual).
 *
 * @module
 */
import type { InputError } from "../../../../bytes/mod.ts";
import { CodeMapError, type CodeMapErrorKind } from "../../../errors.ts";
import { contiguousBytes, type MemoryReader, readWord } from "../../memory.ts";

/** Name of the symbol of the list's head. */
export const DESCRIPTOR = "__jit_debug_descriptor";

/** Most files of a list. */
const MOST_FILES = 1 << 14;
/** Most bytes of one file. */
const LARGEST_FILE = 1 << 24;
/** Most bytes of all. */
const LARGEST_SUM = 1 << 26;

/** A file that a program publishes. */
export interface PublishedFile {
  /** Its address. */
  readonly address: bigint;
  /** Its bytes as they are in memory, maybe not a copy. */
  readonly bytes: Uint8Array;
}

/** The files of a list, and what is wrong with it; what is behind damage is not found. */
export function publishedFiles(
  memory: MemoryReader,
  descriptor: bigint,
): { readonly files: readonly PublishedFile[]; readonly problems: readonly InputError[] } {
  const files: PublishedFile[] = [];
  const problems: InputError[] = [];
  try {
    for (const file of eachFile(memory, descriptor, problems)) files.push(file);
  } catch (error) {
    if (!(error instanceof CodeMapError)) throw error;
    problems.push(error);
  }
  return { files, problems };
}

function* eachFile(
  memory: MemoryReader,
  descriptor: bigint,
  problems: InputError[],
): Generator<PublishedFile> {
  const word = (address: bigint): bigint => {
    const value = readWord(memory, address);
    if (value !== undefined) return value;
    throw listError("memory", "List of code cannot be read", address, "8 bytes");
  };
  const version = word(descriptor) & 0xffff_ffffn;
  if (version !== 1n) {
    throw listError("version", `Version is ${version}`, descriptor, "1");
  }
  const seen = new Set<bigint>();
  let sum = 0;
  for (let entry = word(descriptor + 16n); entry !== 0n; entry = word(entry)) {
    if (seen.has(entry)) {
      throw listError("list", "List of code leads back to an entry", entry, "an end");
    }
    seen.add(entry);
    const address = word(entry + 16n);
    const size = word(entry + 24n);
    if (size > LARGEST_FILE || seen.size > MOST_FILES || sum + Number(size) > LARGEST_SUM) {
      const what = `File ${seen.size} has ${size} bytes`;
      const most = `${MOST_FILES} files of ${LARGEST_FILE} bytes, ${LARGEST_SUM} in all, at most`;
      throw listError("limit", what, entry + 24n, most);
    }
    sum += Number(size);
    const bytes = contiguousBytes(memory, address, Number(size))?.bytes;
    if (bytes?.length === Number(size)) yield { address, bytes };
    else {problems.push(
        listError("memory", "File of code cannot be read", address, `${size} bytes`),
      );}
  }
}

function listError(
  kind: CodeMapErrorKind,
  message: string,
  address: bigint,
  expected: string,
): CodeMapError {
  return new CodeMapError(kind, message, { source: DESCRIPTOR, address, expected });
}
