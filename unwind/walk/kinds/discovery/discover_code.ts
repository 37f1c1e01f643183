/**
 * Finds the code that a program has published, from its memory alone.
 *
 * @module
 */
import { type Address, InputError, partitionPoint, toBigAddress } from "../../../../bytes/mod.ts";
import type { ElfFile, ElfSection } from "../../../../elf/mod.ts";
import { SHF, SHT } from "../../../../elf/mod.ts";
import { CodeMapError } from "../../../errors.ts";
import { contiguousBytes, type MemoryReader } from "../../memory.ts";
import type { Module } from "../../module.ts";
import type { ModuleList } from "../../module_list.ts";
import { valueOfSymbol } from "./find_symbol.ts";
import { DESCRIPTOR, publishedFiles } from "./jit_list.ts";
import { MAP_SECTION, type Publication, PublishedUnit } from "./published_unit.ts";

/** Where code is looked for. */
export interface DiscoveryInput {
  /** Memory of the program. */
  readonly memory: MemoryReader;
  /** Its modules, in whose registry (`modules.code`) the code is kept. */
  readonly modules: ModuleList;
  /** Address of its `__jit_debug_descriptor`; by default, where modules' symbols say. */
  readonly descriptor?: bigint | undefined;
}

/** What was found. */
export interface Discovery {
  /** What has been published since it was last looked for. */
  readonly added: readonly PublishedUnit[];
  /** What has been freed, or replaced by other code. */
  readonly removed: readonly PublishedUnit[];
  /** What is wrong, with what is there now. */
  readonly problems: readonly InputError[];
}

/**
 * Brings the registry of a program's code up to date: maps in the section `.code_map` of its
 * modules, and the files that it publishes through `__jit_debug_descriptor`. What has not changed
 * stays as it was. Whatever the memory holds, this ends; an error of the memory itself, such as that
 * a part has not been fetched, leaves the registry as it was.
 */
export function discoverCode(input: DiscoveryInput): Discovery {
  const { modules } = input;
  const { code } = modules;
  const problems: InputError[] = [];
  const known = new Map<string, PublishedUnit>();
  for (const unit of code.units) {
    if (unit instanceof PublishedUnit) known.set(keyOf(unit.publication), unit);
  }
  const current = new Set<PublishedUnit>();
  for (const publication of publications(input, problems)) {
    const before = known.get(keyOf(publication));
    const isSame = before !== undefined && isEqual(before.publication.bytes, publication.bytes) &&
      !before.unknownKinds.some((name) => code.kind(name) !== undefined);
    current.add(isSame ? before : new PublishedUnit(publication, code));
  }
  const removed = [...known.values()].filter((unit) => !current.has(unit));
  for (const unit of removed) known.delete(keyOf(unit.publication));
  const room = new Room();
  for (const unit of code.units) {
    if (!(unit instanceof PublishedUnit) || current.has(unit)) room.take(unit);
  }
  const added = [...current].filter((unit) => known.get(keyOf(unit.publication)) !== unit)
    .filter((unit) => {
      const error = room.take(unit);
      if (error !== undefined) problems.push(error);
      return error === undefined;
    });
  if (added.length > 0 || removed.length > 0) code.replace(removed, added);
  for (const unit of current) problems.push(...unit.problems);
  return { added, removed, problems };
}

function keyOf({ type, address }: Publication): string {
  return `${type} ${address}`;
}

/** All that is published. What is wrong with the way there is told of. */
function* publications(
  { memory, modules, descriptor }: DiscoveryInput,
  problems: InputError[],
): Generator<Publication> {
  const descriptors = new Set(descriptor === undefined ? [] : [descriptor]);
  for (const module of modules.modules) {
    const { file } = module;
    if (file === undefined) continue;
    try {
      const section = file.section(MAP_SECTION);
      if (section !== undefined) yield sectionOf(memory, module, { file, section });
      if (descriptor !== undefined) continue;
      const value = valueOfSymbol(file, DESCRIPTOR);
      if (value !== undefined) {
        descriptors.add(BigInt.asUintN(64, value + toBigAddress(module.bias)));
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(error);
    }
  }
  for (const each of descriptors) {
    const { files, problems: wrong } = publishedFiles(memory, each);
    problems.push(...wrong);
    const seen = new Set<bigint>();
    for (const { address, bytes } of files) {
      if (seen.has(address)) continue;
      seen.add(address);
      yield { type: "file", name: `code file 0x${address.toString(16)}`, address, bytes };
    }
  }
}

/** The maps of a loaded module: as they are in memory, or if that cannot be read in the file. */
function sectionOf(
  memory: MemoryReader,
  { bias, name }: Module,
  { file, section }: { readonly file: ElfFile; readonly section: ElfSection },
): Publication {
  const { machine } = file;
  const address = BigInt.asUintN(64, section.address + toBigAddress(bias));
  const isLoaded = (section.flags & SHF.alloc) !== 0n && section.type !== SHT.nobits;
  const found = isLoaded ? contiguousBytes(memory, address, section.size)?.bytes : undefined;
  const bytes = found?.length === section.size ? found : file.sectionData(section);
  return { type: "section", name, address, bytes, machine };
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Which addresses code has taken. */
class Room {
  #regions: readonly Range[] = [];
  #modules: readonly Range[] = [];

  /** Takes a unit's addresses, or tells why it cannot have them. */
  take(unit: Pick<PublishedUnit, "name" | "regions" | "modules">): CodeMapError | undefined {
    const regions = merged(this.#regions, unit.regions.map(({ begin, end }) => [begin, end]));
    const modules = merged(this.#modules, unit.modules.map(({ start, limit }) => [start, limit]));
    if ("overlap" in regions || "overlap" in modules) {
      const overlap = "overlap" in regions ? regions.overlap : (modules as Overlap).overlap;
      return new CodeMapError("overlap", "Code overlaps other code", {
        source: unit.name,
        address: toBigAddress(overlap),
        expected: "addresses of its own",
      });
    }
    this.#regions = regions;
    this.#modules = modules;
    return undefined;
  }
}

type Range = readonly [begin: Address, end: Address];

/** Where ranges overlap. */
interface Overlap {
  readonly overlap: Address;
}

/** Ranges in order, with others among them; or where one of these overlaps another. */
function merged(taken: readonly Range[], others: readonly Range[]): readonly Range[] | Overlap {
  const own = others.toSorted(([a], [b]) => a - b);
  for (const [i, [begin, end]] of own.entries()) {
    const at = partitionPoint(taken.length, (index) => taken[index]![0] < begin);
    const before = Math.max(own[i - 1]?.[1] ?? -Infinity, taken[at - 1]?.[1] ?? -Infinity);
    if (before > begin || (taken[at]?.[0] ?? Infinity) < end) return { overlap: begin };
  }
  const [first] = own;
  if (first === undefined) return taken;
  // Most come behind all others.
  if (!(first[0] < (taken.at(-1)?.[0] ?? -Infinity))) return [...taken, ...own];
  return [...taken, ...own].sort(([a], [b]) => a - b);
}
