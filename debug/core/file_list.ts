/**
 * The files that a process had mapped (`NT_FILE`): number of mappings, size of a page, then begin,
 * end and file page of each mapping, then their files' names.
 *
 * @module
 */
import { type Address, addressFromHalves, type InputError } from "../../bytes/mod.ts";
import type { ElfNote } from "../../elf/mod.ts";
import { viewOf } from "../target/content.ts";
import { CoreError } from "./errors.ts";

/** Linux writes 4 MiB at most. */
const MOST_BYTES = 2 ** 24;

/** A part of a file that was mapped. */
export interface FileMapping {
  /** First address. */
  readonly begin: Address;
  /** Address after the last page. */
  readonly end: Address;
  /** Offset of the first byte in the file. */
  readonly offset: number;
}

/** A file's mappings, in the order of the note. */
export interface MappedFile {
  /** Its name; one that was deleted ends in ` (deleted)`. */
  readonly name: string;
  /** Its mappings. */
  readonly mappings: readonly FileMapping[];
}

/** The files of an `NT_FILE`, in its order, and the size of a page; what is damaged is told of. */
export function readFileList(
  { bytes, offset }: ElfNote,
  { name, told }: { readonly name: string; readonly told: (problem: InputError) => void },
): { readonly files: readonly MappedFile[]; readonly pageSize: number } {
  const error = (message: string, at: number, expected: string) =>
    told(new CoreError("note", message, { source: name, offset: offset + at, expected }));
  const nothing = { files: [], pageSize: 4096 };
  if (bytes.length < 16 || bytes.length > MOST_BYTES) {
    error(`List of files has ${bytes.length} bytes`, 0, `16 to ${MOST_BYTES}`);
    return nothing;
  }
  const view = viewOf(bytes);
  const number = (at: number) =>
    addressFromHalves(view.getUint32(at, true), view.getUint32(at + 4, true));
  const pageSize = number(8);
  const count = number(0);
  const most = Math.floor((bytes.length - 16) / 24);
  if (!(count >= 0 && count <= most && pageSize > 0 && pageSize <= 2 ** 30)) {
    const is = `List of files has ${view.getBigUint64(0, true)} mappings in pages of ${pageSize}`;
    error(is, 0, `at most ${most} mappings`);
    return nothing;
  }
  const names = new TextDecoder().decode(bytes.subarray(16 + 24 * count)).split("\0");
  const files = new Map<string, FileMapping[]>();
  let bad = 0;
  for (let i = 0; i < count; i++) {
    const at = 16 + 24 * i;
    const mapping = { begin: number(at), end: number(at + 8), offset: number(at + 16) * pageSize };
    const path = names[i];
    const isSound = mapping.begin < mapping.end && Number.isSafeInteger(mapping.offset) &&
      mapping.offset >= 0;
    if (!isSound || path === undefined || path === "") {
      if (bad++ === 0) {
        error(`Mapping ${i} of the list of files is no range of a file`, at, "one, with a name");
      }
      continue;
    }
    const known = files.get(path);
    if (known === undefined) files.set(path, [mapping]);
    else known.push(mapping);
  }
  return { files: [...files].map(([path, mappings]) => ({ name: path, mappings })), pageSize };
}
