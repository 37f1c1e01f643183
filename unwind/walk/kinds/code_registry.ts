/**
 * The registry of code that is not plain native code: kinds by name, and pieces of code by address.
 *
 * @module
 */
import { type Address, partitionPoint } from "../../../bytes/mod.ts";
import type { Module } from "../module.ts";
import type { CodeKind, CodeRegion } from "./code_kind.ts";
import { ADAPTER, JIT, NATIVE_STUB, OPTIMIZED } from "./compiled_kind.ts";
import { INTERPRETER } from "./interpreter_kind.ts";
import { MethodTable } from "./map/method.ts";
import { NATIVE } from "./native_kind.ts";

/** What was found together and goes together: the code of a map, or of a published file. */
export interface CodeUnit {
  /** Name for messages. */
  readonly name: string;
  /** Its pieces of code. */
  readonly regions: readonly CodeRegion[];
  /** Unwind tables and names of generated code; loaded modules have theirs elsewhere. */
  readonly modules: readonly Module[];
}

/** Something with addresses. */
interface Placed {
  readonly begin: Address;
  readonly end: Address;
}

/**
 * Kinds of code and where code of them is, of one program. Empty, it costs a walk nothing; each
 * change drops the rules that walks have learned.
 */
export class CodeRegistry {
  /** Records of methods that have been read. */
  readonly methods: MethodTable = new MethodTable();
  readonly #changed: () => void;
  readonly #kinds: Map<string, CodeKind> = new Map();
  readonly #units: Set<CodeUnit> = new Set();
  #regions: readonly CodeRegion[] = [];
  #modules: readonly (Placed & { readonly module: Module })[] = [];
  #last: CodeRegion | undefined;
  #anchors: readonly number[] = [];

  /** A registry with the kinds that maps can name; `changed` is called after each change. */
  constructor(changed: () => void = () => {}) {
    this.#changed = changed;
    for (const kind of [OPTIMIZED, JIT, INTERPRETER, ADAPTER, NATIVE_STUB, NATIVE]) {
      this.#kinds.set(kind.name, kind);
    }
  }

  /** The kind of a name, or undefined. */
  kind(name: string): CodeKind | undefined {
    return this.#kinds.get(name);
  }

  /** All kinds. */
  get kinds(): Iterable<CodeKind> {
    return this.#kinds.values();
  }

  /**
   * Adds a kind from outside, which maps that are read from then on can name. Throws `RangeError` if
   * there is one of that name.
   */
  addKind(kind: CodeKind): void {
    if (this.#kinds.has(kind.name)) {
      throw new RangeError(`Cannot add code kind ${kind.name}: there is one of that name`);
    }
    this.#kinds.set(kind.name, kind);
  }

  /** Whether it knows no code. */
  get isEmpty(): boolean {
    return this.#units.size === 0;
  }

  /** Pieces of code in address order. */
  get regions(): readonly CodeRegion[] {
    return this.#regions;
  }

  /** What has been added, in that order. */
  get units(): Iterable<CodeUnit> {
    return this.#units;
  }

  /** Bytes from thread pointers to anchors, of all programs that have any. */
  get anchors(): readonly number[] {
    return this.#anchors;
  }

  /** The piece of code at an address, or undefined: native code. */
  at(address: Address): CodeRegion | undefined {
    const last = this.#last;
    if (last !== undefined && address >= last.begin && address < last.end) return last;
    const found = placeAt(this.#regions, address);
    if (found !== undefined) this.#last = found;
    return found;
  }

  /** The module of published code at an address, or undefined. */
  moduleAt(address: Address): Module | undefined {
    return placeAt(this.#modules, address)?.module;
  }

  /** Adds a piece of code by itself. Throws `RangeError` if it overlaps another. */
  add(region: CodeRegion): CodeUnit {
    const unit = { name: region.name, regions: [region], modules: [] };
    this.replace([], [unit]);
    return unit;
  }

  /** Removes what was added; false if it is not there. */
  remove(unit: CodeUnit): boolean {
    if (!this.#units.has(unit)) return false;
    this.replace([unit], []);
    return true;
  }

  /**
   * Removes and adds units, all at once. Throws `RangeError`, and changes nothing, if one that is
   * added overlaps another or one that stays.
   */
  replace(removed: Iterable<CodeUnit>, added: Iterable<CodeUnit>): void {
    const units = new Set(this.#units);
    for (const unit of removed) units.delete(unit);
    for (const unit of added) units.add(unit);
    const regions = sorted([...units].flatMap((unit) => unit.regions));
    const modules = sorted([...units].flatMap((unit) =>
      unit.modules.map((module) => ({
        name: module.name,
        begin: module.start,
        end: module.limit,
        module,
      }))
    ));
    this.#units.clear();
    for (const unit of units) this.#units.add(unit);
    this.#regions = regions;
    this.#modules = modules;
    this.#last = undefined;
    const offsets = regions.map(({ map }) => map?.anchor).filter((each) => each !== undefined);
    this.#anchors = [...new Set(offsets)];
    this.#changed();
  }
}

function sorted<T extends Placed & { readonly name: string }>(items: readonly T[]): T[] {
  const all = items.toSorted((a, b) => a.begin - b.begin);
  for (const [i, item] of all.entries()) {
    const before = all[i - 1];
    if (before !== undefined && before.end > item.begin) {
      throw new RangeError(`Cannot add code ${item.name}: it overlaps ${before.name}`);
    }
  }
  return all;
}

function placeAt<T extends Placed>(items: readonly T[], address: Address): T | undefined {
  const found = items[partitionPoint(items.length, (i) => items[i]!.begin <= address) - 1];
  return found !== undefined && address < found.end ? found : undefined;
}
