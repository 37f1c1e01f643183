/**
 * The guest's heap against the reference interpreter's: after a collection there must be every object
 * that can be reached, as it should be, and no other.
 *
 * @module
 */
import type { ElfFile } from "../../elf/mod.ts";
import type { MemoryReader } from "../../unwind/walk/mod.ts";
import type { VmProgram } from "../bytecode/mod.ts";
import { reachable, type VmObject } from "../reference/mod.ts";
import { valueText } from "./compare.ts";

/** Where an object's words begin: see `guest/runtimes/vm/records.h`. */
const WORDS = 16n;

const PAGE_BITS = 12n;
const PAGE_MASK = (1n << PAGE_BITS) - 1n;

/** What should be there. */
export interface ExpectedHeap {
  /** Addresses of objects that are referred to, and which of the reference interpreter's they are. */
  readonly roots: Iterable<readonly [address: bigint, object: VmObject]>;
  /** Objects that may be there, with what they refer to: no frame shows them now. */
  readonly inFlight: readonly VmObject[];
}

/** Reads the heap of a guest. */
export class HeapCheck {
  readonly #program: VmProgram;
  readonly #memory: MemoryReader;
  readonly #heap: bigint;
  readonly #static: bigint;
  /** Pages that have been read, while nothing changes them. */
  readonly #pages = new Map<bigint, DataView>();

  /** The heap of a program that runs a file. */
  constructor(program: VmProgram, memory: MemoryReader, file: ElfFile) {
    this.#program = program;
    this.#memory = memory;
    this.#heap = file.symbolNamed("vm_heap")!.value;
    this.#static = file.symbolNamed("vm_static_reference")!.value;
  }

  /** The static reference's address, 0 if it is null. */
  get static(): bigint {
    this.#pages.clear();
    return this.#word(this.#static);
  }

  /** The first difference in words, or the number of objects if there is none. */
  difference({ roots, inFlight }: ExpectedHeap): string | number {
    this.#pages.clear();
    const objects = this.#objects();
    if (typeof objects === "string") return objects;
    const places = new Map<VmObject, bigint>();
    const taken = new Map<bigint, VmObject>();
    const queue: VmObject[] = [];
    const visit = (address: bigint, object: VmObject, where: () => string): string | undefined => {
      const known = places.get(object);
      const other = taken.get(address);
      if (known === address) return undefined;
      const name = `${where()}: object at 0x${address.toString(16)}`;
      if (known !== undefined || other !== undefined) {
        return `${name} is ${valueText(other)}, expected ${valueText(object)}`;
      }
      const index = objects.get(address);
      if (index === undefined) return `${name} is none, expected ${valueText(object)}`;
      if (index !== object.class.index) {
        return `${name} is of class ${index}, expected ${valueText(object)}`;
      }
      places.set(object, address);
      taken.set(address, object);
      queue.push(object);
      return undefined;
    };
    for (const [address, object] of roots) {
      const wrong = visit(address, object, () => "a root");
      if (wrong !== undefined) return wrong;
    }
    for (let object = queue.pop(); object !== undefined; object = queue.pop()) {
      const of = object;
      const words = places.get(of)! + WORDS;
      for (const [i, expected] of of.refs.entries()) {
        const value = this.#word(words + BigInt(8 * i));
        const where = () => `reference ${i} of ${valueText(of)}`;
        if ((value === 0n) !== (expected === null)) {
          return `${where()} is 0x${value.toString(16)}, expected ${valueText(expected)}`;
        }
        const wrong = expected === null ? undefined : visit(value, expected, where);
        if (wrong !== undefined) return wrong;
      }
      for (const [i, expected] of of.ints.entries()) {
        const value = BigInt.asIntN(64, this.#word(words + BigInt(8 * (of.refs.length + i))));
        if (value === expected) continue;
        return `int ${i} of ${valueText(of)} is ${value}, expected ${expected}`;
      }
    }
    const dead = objects.size - taken.size;
    if (dead === 0) return objects.size;
    const more = [...reachable(inFlight)].filter((object) => !places.has(object));
    if (dead <= more.length) return objects.size;
    const [kept] = [...objects.keys()].filter((address) => !taken.has(address));
    return `${dead} objects are kept that nobody refers to, the first at 0x${kept!.toString(16)}`;
  }

  /** Class of each object by its address. */
  #objects(): ReadonlyMap<bigint, number> | string {
    const objects = new Map<bigint, number>();
    const end = this.#word(this.#heap + 16n);
    for (let at = this.#word(this.#heap); at < end;) {
      const index = Number(this.#word(at) & 0xffffffffn);
      const type = this.#program.classes[index];
      if (type === undefined) return `at 0x${at.toString(16)} is an object of class ${index}`;
      objects.set(at, index);
      at += WORDS + BigInt(8 * (type.refs + type.ints));
    }
    return objects;
  }

  /** A word, which is aligned; 0 if it cannot be read. */
  #word(address: bigint): bigint {
    const page = address >> PAGE_BITS;
    let view = this.#pages.get(page);
    if (view === undefined) {
      const bytes = this.#memory.window(page << PAGE_BITS)?.bytes;
      if (bytes === undefined) return 0n;
      view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      this.#pages.set(page, view);
    }
    return view.getBigUint64(Number(address & PAGE_MASK), true);
  }
}
