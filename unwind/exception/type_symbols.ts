/**
 * Which type an entry of an LSDA's type table names, found in the file alone: through the symbol at
 * the entry's target, or through the relocation that would fill the slot it points to.
 *
 * @module
 */
import { toBigAddress } from "../../bytes/mod.ts";
import {
  type ElfFile,
  entryCount,
  type SectionLayout,
  SHF,
  SHN,
  SHT,
  symbolAtIndex,
} from "../../elf/mod.ts";
import type { EncodedPointer } from "../cfi/mod.ts";
import { typeNameOf } from "./type_name.ts";

/** Finds names of types in one file. */
export class TypeSymbols {
  #file: ElfFile;
  #layout: SectionLayout;
  #names: Map<bigint, string> | undefined;
  #slots: Map<bigint, string> | undefined;
  #words: Map<bigint, bigint> = new Map();

  /** A finder for one file. */
  constructor(file: ElfFile, layout: SectionLayout) {
    this.#file = file;
    this.#layout = layout;
  }

  /**
   * Name of the type an entry points to; its address if no symbol tells; `...` for an entry that
   * stands for every type. `at` is the address of the entry itself, as an entry of a relocatable
   * file may be empty but for its relocation. Throws `ElfError`.
   */
  name(pointer: EncodedPointer | undefined, at: bigint): string {
    const slots = this.#slotMap();
    let symbol = slots.get(at);
    if (symbol === undefined) {
      if (pointer === undefined) return "...";
      const address = toBigAddress(pointer.address);
      symbol = this.#nameMap().get(address) ??
        (pointer.indirect ? slots.get(address) : undefined) ??
        this.#ownName(pointer.indirect ? this.#word(address) : address) ??
        `0x${address.toString(16)}`;
    }
    return typeNameOf(symbol.replace(/^DW\.ref\./, ""));
  }

  /**
   * The name that a type information object itself holds, in its second word; this is there in
   * stripped files too.
   */
  #ownName(object: bigint | undefined): string | undefined {
    const at = object === undefined ? undefined : this.#word(object + 8n);
    if (at === undefined) return undefined;
    const section = this.#layout.sectionAt(at);
    if (section === undefined || section.type === SHT.nobits) return undefined;
    const from = section.offset + Number(at - section.address);
    const name = this.#file.nameAt(from, section.offset + section.size);
    // A star says that the name is to be compared by address.
    return name === "" ? undefined : `_ZTI${name.replace(/^\*/, "")}`;
  }

  /**
   * Address that a word will hold when the file is loaded at its own addresses, as far as a
   * relocation says it.
   */
  #word(at: bigint): bigint | undefined {
    this.#slotMap();
    return this.#words.get(at);
  }

  /** Names of type information, and of the slots that point to it, by address. */
  #nameMap(): Map<bigint, string> {
    if (this.#names !== undefined) return this.#names;
    const names = this.#names = new Map<bigint, string>();
    for (const symbol of this.#file.symbols.all) {
      const { name, section } = symbol;
      if (section === SHN.undefined) continue;
      if (!name.startsWith("_ZTI") && !name.startsWith("DW.ref.")) continue;
      names.set(this.#place(symbol.value, section), name);
    }
    return names;
  }

  /** Address of a symbol's value under the layout. */
  #place(value: bigint, section: number): bigint {
    const file = this.#file;
    const home = file.sections[section];
    return file.type === "relocatable" && home !== undefined
      ? value + this.#layout.addressOf(home)
      : value;
  }

  /** Symbols that relocations will put into slots, by the slot's address. */
  #slotMap(): Map<bigint, string> {
    if (this.#slots !== undefined) return this.#slots;
    const slots = this.#slots = new Map<bigint, string>();
    const file = this.#file;
    for (const table of file.sections) {
      if (table.type !== SHT.rela) continue;
      const symbols = file.sections[table.link];
      const target = file.sections[table.info];
      const relocatable = file.type === "relocatable";
      if (relocatable && (!target || (target.flags & SHF.alloc) === 0n)) {
        continue;
      }
      const base = relocatable ? this.#layout.addressOf(target!) : 0n;
      const count = entryCount(file, table, 24, "relocation");
      for (let index = 0; index < count; index++) {
        const at = table.offset + index * 24;
        const number = file.view.getUint32(at + 12, true);
        const addend = file.view.getBigInt64(at + 16, true);
        const symbol = number === 0 || symbols === undefined
          ? undefined
          : symbolAtIndex(file, symbols, number);
        const place = symbol === undefined
          ? addend
          : this.#place(symbol.value + addend, symbol.section);
        const slot = base + file.view.getBigUint64(at, true);
        this.#words.set(slot, place);
        const name = symbol !== undefined && symbol.name !== ""
          ? symbol.name
          : this.#nameMap().get(place);
        if (name?.startsWith("_ZTI") || name?.startsWith("DW.ref._ZTI")) {
          slots.set(slot, name!);
        }
      }
    }
    return slots;
  }
}
