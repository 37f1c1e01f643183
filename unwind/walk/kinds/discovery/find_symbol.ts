/**
 * Finds one symbol without reading all of them into objects.
 *
 * @module
 */
import { type ElfFile, SHN, SHT, symbolAtIndex } from "../../../../elf/mod.ts";

/** Bytes of an entry. */
const ENTRY_SIZE = 24;

/** What has been found already: files do not change. */
const FOUND = new WeakMap<ElfFile, Map<string, bigint | undefined>>();

/**
 * Value of the defined symbol of a name; undefined if the file has none. Throws `ElfError` if its
 * tables are damaged.
 */
export function valueOfSymbol(file: ElfFile, name: string): bigint | undefined {
  let known = FOUND.get(file);
  if (known === undefined) FOUND.set(file, known = new Map());
  if (known.has(name)) return known.get(name);
  const value = search(file, name);
  known.set(name, value);
  return value;
}

/** Most bytes of a string table that are searched at once. */
const CHUNK = 1 << 20;

const LATIN1 = new TextDecoder("latin1");

function search(file: ElfFile, name: string): bigint | undefined {
  const bytes = new TextEncoder().encode(`${name}\0`);
  for (const section of file.sections) {
    if (section.type !== SHT.symtab && section.type !== SHT.dynsym) continue;
    const strings = file.sections[section.link];
    if (strings === undefined || section.entrySize !== ENTRY_SIZE) continue;
    const text = file.slice(strings.offset, strings.size, `section ${strings.name}`);
    if (!holds(text, name)) continue;
    const entries = file.slice(section.offset, section.size, `section ${section.name}`);
    const view = new DataView(entries.buffer, entries.byteOffset, entries.length);
    for (let at = ENTRY_SIZE; at + ENTRY_SIZE <= entries.length; at += ENTRY_SIZE) {
      if (!begins(text, view.getUint32(at, true), bytes)) continue;
      const symbol = symbolAtIndex(file, section, at / ENTRY_SIZE);
      if (symbol.section !== SHN.undefined) return symbol.value;
    }
  }
  return undefined;
}

/** Whether a string table holds a name: the runtime's own search looks at many bytes at once. */
function holds(text: Uint8Array, name: string): boolean {
  for (let at = 0; at < text.length; at += CHUNK) {
    const chunk = text.subarray(at, at + CHUNK + name.length);
    if (LATIN1.decode(chunk).includes(name)) return true;
  }
  return false;
}

function begins(text: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (text[at + i] !== name[i]) return false;
  return true;
}
