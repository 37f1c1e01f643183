/**
 * Matching of thrown C++ types against handlers by the type information in the program's memory (Itanium C++ ABI, 2.9.5).
 *
 * @module
 */

import type { ElfFile } from "../unwind/elf.ts";

/** Deepest inheritance followed; damaged type information may run in circles. */
const DEPTH_LIMIT = 64;

/** `__base_class_type_info::__offset_flags`: the offset is in the upper bits. */
const OFFSET_SHIFT = 8n;
const PUBLIC = 2n;
const VIRTUAL = 1n;

/** Classes of type information, told apart by their virtual tables. */
type TypeClass = "plain" | "single" | "multiple";

/** Reads words of the program's memory. */
export type WordReader = (address: bigint) => bigint | undefined;

/** Knows the type information of one program. */
export class TypeMatcher {
  readonly #classes = new Map<bigint, TypeClass>();
  readonly #read: WordReader;

  /** Type information as laid out by the ABI, in a program whose file still has its symbols. */
  constructor(elf: ElfFile, read: WordReader) {
    this.#read = read;
    const tables: readonly (readonly [string, TypeClass])[] = [
      ["_ZTVN10__cxxabiv117__class_type_infoE", "plain"],
      ["_ZTVN10__cxxabiv120__si_class_type_infoE", "single"],
      ["_ZTVN10__cxxabiv121__vmi_class_type_infoE", "multiple"],
    ];
    for (const [symbol, kind] of tables) {
      const table = elf.symbolNamed(symbol);
      // An object's table pointer skips the offset to top and the type information pointer.
      if (table !== undefined) this.#classes.set(table.value + 16n, kind);
    }
  }

  /**
   * Whether a handler for type `wanted` takes an object of type `thrown`.
   * @returns what to add to the object's address to get the handler's object, or `undefined` if it does not
   */
  adjustment(thrown: bigint, wanted: bigint): bigint | undefined {
    return this.#find(thrown, { wanted, offset: 0n, depth: 0 });
  }

  #find(
    type: bigint,
    search: { wanted: bigint; offset: bigint; depth: number },
  ): bigint | undefined {
    const { wanted, offset, depth } = search;
    if (type === wanted) return offset;
    if (depth >= DEPTH_LIMIT) return undefined;
    const table = this.#read(type);
    switch (table === undefined ? undefined : this.#classes.get(table)) {
      case "single": {
        const base = this.#read(type + 16n);
        return base === undefined
          ? undefined
          : this.#find(base, { wanted, offset, depth: depth + 1 });
      }
      case "multiple":
        return this.#findInBases(type, search);
      default:
        return undefined;
    }
  }

  #findInBases(
    type: bigint,
    search: { wanted: bigint; offset: bigint; depth: number },
  ): bigint | undefined {
    const header = this.#read(type + 16n);
    if (header === undefined) return undefined;
    const count = header >> 32n;
    for (let i = 0n; i < count && i < 64n; i++) {
      const base = this.#read(type + 24n + 16n * i);
      const flags = this.#read(type + 32n + 16n * i);
      if (base === undefined || flags === undefined) return undefined;
      // A virtual base's offset is in the object, not here; a private one is no handler's business.
      if ((flags & VIRTUAL) !== 0n || (flags & PUBLIC) === 0n) continue;
      const found = this.#find(base, {
        wanted: search.wanted,
        offset: search.offset + (BigInt.asIntN(64, flags) >> OFFSET_SHIFT),
        depth: search.depth + 1,
      });
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
