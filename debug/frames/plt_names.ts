/**
 * Names of the stubs of procedure linkage tables, `puts@plt`: no symbol names them. A stub jumps
 * through a word that a relocation fills in; the relocation tells the function.
 *
 * @module
 */
import { type ElfFile, type ElfSection, SHT, symbolAtIndex } from "../../elf/mod.ts";

/** Sections with stubs. */
const SECTIONS: ReadonlySet<string> = new Set([".plt", ".plt.sec", ".plt.got", ".iplt"]);

/** Bytes of an entry of `SHT_RELA`. */
const RELOCATION_SIZE = 24;

/** Most bytes that a stub takes. */
const LONGEST_STUB = 24;

/** Names of a file's stubs by address. */
export class PltNames {
  readonly #file: ElfFile;
  #slots: Map<bigint, string> | undefined;

  /** Of that file. Nothing is read before it is asked for. */
  constructor(file: ElfFile) {
    this.#file = file;
  }

  /** Name of the stub at an address in the file; undefined if there is none. Throws `ElfError`. */
  at(address: bigint): string | undefined {
    const section = this.#file.sections.find((each) =>
      SECTIONS.has(each.name) && address >= each.address &&
      address < each.address + BigInt(each.size)
    );
    if (section === undefined) return undefined;
    const slot = this.#slotOf(section, Number(address - section.address));
    const name = slot === undefined ? undefined : this.#slotNames().get(slot);
    return name === undefined ? undefined : `${name}@plt`;
  }

  /** The word that the stub around an offset jumps through. */
  #slotOf(section: ElfSection, offset: number): bigint | undefined {
    const bytes = this.#file.sectionData(section);
    const size = section.name === ".plt.got" && this.#file.machine === "x86_64" ? 8 : 16;
    const size2 = section.entrySize > 0 ? section.entrySize : size;
    const start = offset - offset % Math.min(size2, LONGEST_STUB);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const end = Math.min(start + size2, bytes.length);
    return this.#file.machine === "x86_64"
      ? slotX86(view, { start, end, address: section.address })
      : slotArm(view, { start, end, address: section.address });
  }

  #slotNames(): Map<bigint, string> {
    if (this.#slots !== undefined) return this.#slots;
    const slots = this.#slots = new Map<bigint, string>();
    const file = this.#file;
    for (const section of file.sections) {
      if (section.type !== SHT.rela) continue;
      const symbols = file.sections[section.link];
      if (symbols === undefined || symbols.type !== SHT.dynsym) continue;
      const bytes = file.sectionData(section);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let at = 0; at + RELOCATION_SIZE <= bytes.length; at += RELOCATION_SIZE) {
        const symbol = view.getUint32(at + 12, true);
        if (symbol === 0) continue;
        slots.set(view.getBigUint64(at, true), symbolAtIndex(file, symbols, symbol).name);
      }
    }
    return slots;
  }
}

interface StubBytes {
  readonly start: number;
  readonly end: number;
  readonly address: bigint;
}

/** `jmp *slot(%rip)`, which is the first indirect jump of the stub. */
function slotX86(view: DataView, { start, end, address }: StubBytes): bigint | undefined {
  for (let at = start; at + 6 <= end; at++) {
    if (view.getUint16(at, true) !== 0x25ff) continue;
    return BigInt.asUintN(64, address + BigInt(at + 6) + BigInt(view.getInt32(at + 2, true)));
  }
  return undefined;
}

/** `adrp x16, page`, `ldr x17, [x16, #offset]`. */
function slotArm(view: DataView, { start, end, address }: StubBytes): bigint | undefined {
  for (let at = start; at + 8 <= end; at += 4) {
    const adrp = view.getUint32(at, true);
    const ldr = view.getUint32(at + 4, true);
    if (((adrp & 0x9f00001f) >>> 0) !== 0x90000010) continue;
    if (((ldr & 0xffc003ff) >>> 0) !== 0xf9400211) continue;
    const pages = BigInt.asIntN(21, BigInt((adrp >>> 29 & 3) | (adrp >>> 5 & 0x7ffff) << 2));
    const page = (address + BigInt(at) & ~0xfffn) + (pages << 12n);
    return BigInt.asUintN(64, page + BigInt((ldr >>> 10 & 0xfff) * 8));
  }
  return undefined;
}
