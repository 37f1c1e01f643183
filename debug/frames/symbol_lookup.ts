/**
 * From a function's name to its address. Asked for few names, so tables are searched, not indexed.
 *
 * @module
 */
import { type Address, fromBigAddress } from "../../bytes/mod.ts";
import { type ElfFile, type ElfSection, SHN, SHT } from "../../elf/mod.ts";

/** Bytes of a symbol. */
const ENTRY_SIZE = 24;

/** Types of symbols that may be functions: function, GNU's indirect function. */
const TYPES: ReadonlySet<number> = new Set([2, 10]);

const LATIN1 = new TextDecoder("latin1");

/** String tables as text, while their files are in use. */
const TEXTS: WeakMap<ElfSection, string> = new WeakMap();

/**
 * Address in the file of the function of that name; a global one is preferred. Undefined if the
 * file's symbol tables have none. Throws `ElfError`.
 */
export function functionNamed(file: ElfFile, name: string): Address | undefined {
  let local: Address | undefined;
  for (const type of [SHT.symtab, SHT.dynsym]) {
    const table = file.sections.find((each) => each.type === type);
    const strings = table && file.sections[table.link];
    if (table === undefined || strings === undefined) continue;
    const found = search(file, { table, wanted: placesOf(file, strings, name) });
    if (found?.isGlobal === true) return found.address;
    local ??= found?.address;
  }
  return local;
}

/**
 * Offsets in a string table at which a name stands, by itself or with a version, which linkers write
 * into symbol tables that debuggers read: `pthread_join@@GLIBC_2.34`.
 */
function placesOf(file: ElfFile, strings: ElfSection, name: string): ReadonlySet<number> {
  let text = TEXTS.get(strings);
  if (text === undefined) TEXTS.set(strings, text = LATIN1.decode(file.sectionData(strings)));
  const wanted = LATIN1.decode(new TextEncoder().encode(name));
  const places = new Set<number>();
  for (const end of ["\0", "@"]) {
    const ended = `${wanted}${end}`;
    for (let at = text.indexOf(ended); at >= 0; at = text.indexOf(ended, at + 1)) places.add(at);
  }
  return places;
}

function search(
  file: ElfFile,
  { table, wanted }: { readonly table: ElfSection; readonly wanted: ReadonlySet<number> },
): { readonly address: Address; readonly isGlobal: boolean } | undefined {
  if (wanted.size === 0) return undefined;
  const bytes = file.sectionData(table);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let found: { readonly address: Address; readonly isGlobal: boolean } | undefined;
  for (let at = ENTRY_SIZE; at + ENTRY_SIZE <= bytes.length; at += ENTRY_SIZE) {
    if (!wanted.has(view.getUint32(at, true)) || !TYPES.has(bytes[at + 4]! & 15)) continue;
    if (view.getUint16(at + 6, true) === SHN.undefined) continue;
    const isGlobal = bytes[at + 4]! >> 4 !== 0;
    if (found === undefined || isGlobal) {
      found = { address: fromBigAddress(view.getBigUint64(at + 8, true)), isGlobal };
    }
    if (isGlobal) break;
  }
  return found;
}
