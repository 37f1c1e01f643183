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

/** Most bytes of a stub up to the end of its jump. */
const LONGEST_X86 = 16;

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
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const { address } = section;
    if (this.#file.machine === "aarch64") return slotArm(view, address, offset);
    const start = offset - offset % (section.entrySize > 0 ? section.entrySize : 16);
    return slotX86(view, address, start);
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

/** `jmp *slot(%rip)`, which is the first indirect jump of the stub. */
function slotX86(view: DataView, address: bigint, start: number): bigint | undefined {
  const end = Math.min(start + LONGEST_X86, view.byteLength);
  for (let at = start; at + 6 <= end; at++) {
    if (view.getUint16(at, true) !== 0x25ff) continue;
    return BigInt.asUintN(64, address + BigInt(at + 6) + BigInt(view.getInt32(at + 2, true)));
  }
  return undefined;
}

/**
 * `adrp x16, page`, `ldr x17, [x16, #offset]`, `add`, `br x17`, at any of which execution may be, or
 * at a `bti` before them.
 */
function slotArm(view: DataView, address: bigint, offset: number): bigint | undefined {
  for (const distance of [0, -4, -8, -12, 4]) {
    const at = offset - offset % 4 + distance;
    if (at < 0 || at + 8 > view.byteLength) continue;
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
