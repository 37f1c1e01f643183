/**
 * Matching of thrown C++ types against handlers by the type information in the program's memory
 * (Itanium C++ ABI, 2.9.5). What a handler takes: its own type; classes derived from it, if it is
 * their only base of that type and a public one; and for pointers, pointers to such, with no fewer
 * qualifiers, `void *`, and null.
 *
 * @module
 */

import type { ElfFile } from "../../elf/mod.ts";
import { type MemoryReader, readWord } from "../walk/mod.ts";

/** Most bases looked at; damaged type information may run in circles. */
const BASE_LIMIT = 1024;

/** Deepest inheritance and most levels of pointers. */
const DEPTH_LIMIT = 64;

/** `__base_class_type_info::__offset_flags`: the offset is in the upper bits, signed. */
const OFFSET_SHIFT = 8n;
const PUBLIC = 2n;
const VIRTUAL = 1n;

/** `__pbase_type_info::__flags`: qualifiers of what is pointed at. */
const QUALIFIERS = 7n;
const CONST = 1n;

const LOW_HALF = 0xffff_ffffn;

/** Classes of type information, told apart by their virtual tables. */
type TypeClass = "plain" | "single" | "multiple" | "pointer" | "function";

const TABLES: readonly (readonly [symbol: string, kind: TypeClass])[] = [
  ["_ZTVN10__cxxabiv117__class_type_infoE", "plain"],
  ["_ZTVN10__cxxabiv120__si_class_type_infoE", "single"],
  ["_ZTVN10__cxxabiv121__vmi_class_type_infoE", "multiple"],
  ["_ZTVN10__cxxabiv119__pointer_type_infoE", "pointer"],
  ["_ZTVN10__cxxabiv120__function_type_infoE", "function"],
];

/** A direct base. */
interface Base {
  readonly type: bigint;
  /** Offset in the object, or of the word in the virtual table that has it. */
  readonly offset: bigint;
  readonly isVirtual: boolean;
  readonly isPublic: boolean;
}

/** A base found in an object: which one it is, and where. */
interface Subobject {
  /** The type whose only virtual base, or whole object, it is part of, and the offset in that. */
  readonly root: bigint;
  readonly offset: bigint;
  /** Address, 0 in no object. */
  readonly address: bigint;
  readonly isPublic: boolean;
}

/** Knows the type information of one program. */
export class TypeMatcher {
  readonly #classes = new Map<bigint, TypeClass>();
  readonly #memory: MemoryReader;
  readonly #void: bigint | undefined;
  readonly #null: bigint | undefined;

  /** Type information as laid out by the ABI, in a program whose file still has its symbols. */
  constructor(elf: ElfFile, memory: MemoryReader) {
    this.#memory = memory;
    for (const [symbol, kind] of TABLES) {
      const table = elf.symbolNamed(symbol);
      // An object's table pointer skips the offset to top and the type information pointer.
      if (table !== undefined) this.#classes.set(table.value + 16n, kind);
    }
    this.#void = elf.symbolNamed("_ZTIv")?.value;
    this.#null = elf.symbolNamed("_ZTIDn")?.value;
  }

  /**
   * Whether a handler for type `wanted` takes an object of type `thrown`.
   * @param object address of the object
   * @returns what the handler gets: the address of the part of the object that is of its type, or
   * the pointer converted to its type; `undefined` if it does not take the object
   */
  match(thrown: bigint, object: bigint, wanted: bigint): bigint | undefined {
    const kind = this.#class(wanted);
    if (kind !== "pointer") {
      return thrown === wanted ? object : this.#upcast(thrown, object, wanted);
    }
    if (thrown === this.#null) return 0n;
    const pointer = this.#read(object);
    if (thrown === wanted || pointer === undefined) return pointer;
    return this.#convert(thrown, wanted, { pointer, level: 0 });
  }

  /** A pointer of type `thrown` as one of type `wanted`. */
  #convert(
    thrown: bigint,
    wanted: bigint,
    at: { pointer: bigint; level: number },
  ): bigint | undefined {
    const { pointer, level } = at;
    if (this.#class(thrown) !== "pointer" || level > DEPTH_LIMIT) return undefined;
    const [has, to] = [this.#pointee(thrown), this.#pointee(wanted)];
    if (has === undefined || to === undefined) return undefined;
    if ((has.flags & ~to.flags & QUALIFIERS) !== 0n) return undefined;
    if (has.type === to.type) return pointer;
    if (this.#class(to.type) === "pointer") {
      // What is pointed at may gain qualifiers only if nothing can be put in its place.
      return (to.flags & CONST) === 0n
        ? undefined
        : this.#convert(has.type, to.type, { pointer, level: level + 1 });
    }
    if (level > 0) return undefined;
    if (to.type === this.#void) return this.#class(has.type) === "function" ? undefined : pointer;
    return this.#upcast(has.type, pointer, to.type);
  }

  #pointee(type: bigint): { flags: bigint; type: bigint } | undefined {
    const flags = this.#read(type + 16n);
    const pointee = this.#read(type + 24n);
    return flags === undefined || pointee === undefined
      ? undefined
      : { flags: flags & LOW_HALF, type: pointee };
  }

  /** Address of the only base of type `wanted` in an object, if it is public. */
  #upcast(type: bigint, object: bigint, wanted: bigint): bigint | undefined {
    const found = new Map<string, Subobject>();
    let left = BASE_LIMIT;
    const search = (type: bigint, place: Subobject, depth: number): void => {
      if (type === wanted) {
        const key = `${place.root}+${place.offset}`;
        const isPublic = place.isPublic || found.get(key)?.isPublic === true;
        found.set(key, { ...place, isPublic });
        return;
      }
      for (const base of depth < DEPTH_LIMIT ? this.#bases(type) : []) {
        if (--left < 0) return;
        const inner = this.#enter(base, place);
        if (inner !== undefined) search(base.type, inner, depth + 1);
      }
    };
    search(type, { root: type, offset: 0n, address: object, isPublic: true }, 0);
    const [only, ...others] = found.values();
    return others.length === 0 && only?.isPublic ? only.address : undefined;
  }

  #enter(base: Base, place: Subobject): Subobject | undefined {
    const { type, offset, isVirtual } = base;
    const isPublic = place.isPublic && base.isPublic;
    const { root, address } = place;
    if (!isVirtual) {
      const inner = address === 0n ? 0n : BigInt.asUintN(64, address + offset);
      return { root, offset: place.offset + offset, address: inner, isPublic };
    }
    if (address === 0n) return { root: type, offset: 0n, address, isPublic };
    const table = this.#read(address);
    const distance = table === undefined
      ? undefined
      : this.#read(BigInt.asUintN(64, table + offset));
    if (distance === undefined) return undefined;
    return { root: type, offset: 0n, address: BigInt.asUintN(64, address + distance), isPublic };
  }

  #read(address: bigint): bigint | undefined {
    return readWord(this.#memory, address);
  }

  #class(type: bigint): TypeClass | undefined {
    const table = this.#read(type);
    return table === undefined ? undefined : this.#classes.get(table);
  }

  *#bases(type: bigint): Generator<Base> {
    const kind = this.#class(type);
    const header = this.#read(type + 16n);
    if (header === undefined) return;
    if (kind === "single") {
      yield { type: header, offset: 0n, isVirtual: false, isPublic: true };
    }
    if (kind !== "multiple") return;
    const count = header >> 32n;
    for (let i = 0n; i < count; i++) {
      const base = this.#read(type + 24n + 16n * i);
      const flags = this.#read(type + 32n + 16n * i);
      if (base === undefined || flags === undefined) return;
      yield {
        type: base,
        offset: BigInt.asIntN(64, flags) >> OFFSET_SHIFT,
        isVirtual: (flags & VIRTUAL) !== 0n,
        isPublic: (flags & PUBLIC) !== 0n,
      };
    }
  }
}
