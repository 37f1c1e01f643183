/**
 * Whether a file is the one that a process has mapped: its build-id is that in the process's memory,
 * or where there is none, its program headers are.
 *
 * @module
 */
import { InputError } from "../../bytes/mod.ts";
import { buildIdOf, type ElfFile, isElf, parseElf } from "../../elf/mod.ts";

/** An ELF file's first bytes out of memory; undefined if they are no ELF file's. */
export function headerImage(
  bytes: Uint8Array | undefined,
  { name, base }: { readonly name: string; readonly base: bigint },
): ElfFile | undefined {
  if (bytes === undefined || !isElf(bytes)) return undefined;
  return unlessDamaged(() => parseElf(bytes, { name, layout: "memory", base }));
}

/**
 * What is different between a file and what is in memory of its header; undefined if it is the same
 * file as far as can be seen.
 */
export function mismatch(
  file: ElfFile,
  loaded: ElfFile | undefined,
): { readonly is: string; readonly expected: string } | undefined {
  if (loaded === undefined) return undefined;
  const ids = [file, loaded].map((each) => unlessDamaged(() => buildIdOf(each)));
  const [id, expected] = ids;
  if (expected !== undefined) {
    return id === expected ? undefined : { is: `build-id ${id ?? "none"}`, expected };
  }
  const [text, wanted] = [file, loaded].map((each) => unlessDamaged(() => headersOf(each)));
  if (wanted === undefined || text === wanted) return undefined;
  return { is: "other program headers", expected: "those in its memory" };
}

/** Machine, type, entry and program headers: what stripping leaves as it is. */
function headersOf(file: ElfFile): string {
  const { machine, type, entry, view } = file;
  const at = file.sizeAt(32, "program table offset");
  const size = view.getUint16(54, true) * view.getUint16(56, true);
  const table = file.slice(at, size, "program headers");
  return `${machine} ${type} ${entry} ${table.toHex()}`;
}

/** The value of an action, undefined if its input is damaged. */
export function unlessDamaged<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
