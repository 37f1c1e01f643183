/**
 * Code that a program has published: what its bytes say.
 *
 * @module
 */
import { InputError } from "../../../../bytes/mod.ts";
import { type Machine, parseElf } from "../../../../elf/mod.ts";
import type { Module } from "../../module.ts";
import { modulesFromSymfile } from "../../module_sources.ts";
import { CodeRegion, DamagedData } from "../code_kind.ts";
import type { CodeRegistry, CodeUnit } from "../code_registry.ts";
import { CodeMap, type MapRegion } from "../map/code_map.ts";
import { NATIVE } from "../native_kind.ts";

/** Section with a map. */
export const MAP_SECTION = ".code_map";

/** What was published. */
export interface Publication {
  /** What it is: a loaded module's section of maps, or a file for generated code. */
  readonly type: "section" | "file";
  /** Name for messages. */
  readonly name: string;
  /** Its address. */
  readonly address: bigint;
  /** Its bytes. */
  readonly bytes: Uint8Array;
  /** Machine of its code; of a file, the file tells. */
  readonly machine?: Machine | undefined;
}

/** Code that a program has published. */
export class PublishedUnit implements CodeUnit {
  /** Name for messages. */
  readonly name: string;
  /** Its pieces of code. Where one's description is damaged, it says so when it is asked. */
  readonly regions: readonly CodeRegion[];
  /** Unwind tables and names, of a file. */
  readonly modules: readonly Module[];
  /** What is wrong with it. */
  readonly problems: readonly InputError[];
  /** Names of kinds that it has regions of and that were not known. */
  readonly unknownKinds: readonly string[];
  /** What it was read from; its bytes are a copy. */
  readonly publication: Publication;

  /** Reads what was published. Does not throw: what is damaged is told of in `problems`. */
  constructor(publication: Publication, kinds: Pick<CodeRegistry, "kind">) {
    const bytes = publication.bytes.slice();
    this.publication = { ...publication, bytes };
    this.name = publication.name;
    const reader = new UnitReader(kinds);
    reader.attempt(() => reader.read(this.publication));
    this.regions = reader.regions;
    this.modules = reader.modules;
    this.problems = reader.problems;
    this.unknownKinds = reader.unknownKinds;
  }
}

/** Reads a unit, and goes on where something is damaged. */
class UnitReader {
  readonly regions: CodeRegion[] = [];
  readonly problems: InputError[] = [];
  readonly unknownKinds: string[] = [];
  modules: readonly Module[] = [];
  readonly #kinds: Pick<CodeRegistry, "kind">;

  constructor(kinds: Pick<CodeRegistry, "kind">) {
    this.#kinds = kinds;
  }

  read({ type, name, bytes, machine }: Publication): void {
    const source = `${MAP_SECTION} of ${name}`;
    if (type === "section") {
      if (machine !== undefined) this.#readMaps(bytes, machine, source);
      return;
    }
    const file = parseElf(bytes, { name });
    this.modules = modulesFromSymfile(file);
    // All of them have the same tables.
    this.problems.push(...this.modules[0]?.damage ?? []);
    const section = file.section(MAP_SECTION);
    if (section !== undefined) this.#readMaps(file.sectionData(section), file.machine, source);
  }

  /** Does something; what is damaged is told of, and given. */
  attempt(action: () => void): InputError | undefined {
    try {
      action();
      return undefined;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.problems.push(error);
      return error;
    }
  }

  #readMaps(section: Uint8Array, machine: Machine, source: string): void {
    for (const map of mapsOf(section, source)) {
      for (let i = 0; i < map.count; i++) {
        this.attempt(() => void this.regions.push(this.#regionOf(map.region(i), machine)));
      }
    }
  }

  /** A region of a map; a damaged one, or of a kind that is not known, says so when it is asked. */
  #regionOf(region: MapRegion, machine: Machine): CodeRegion {
    const { map, name, method } = region;
    const kind = this.#kinds.kind(region.kind);
    let data: unknown;
    const error = this.attempt(() => {
      if (kind !== undefined) data = kind.read(region, machine);
      else {
        this.unknownKinds.push(region.kind);
        throw map.error("kind", `Kind is ${region.kind}`, region.at + 8, "one that is known");
      }
    });
    return new CodeRegion({
      kind: kind ?? { ...NATIVE, name: region.kind },
      name,
      method,
      map,
      begin: map.begin + region.begin,
      end: map.begin + region.end,
      origin: map.begin,
      data: error === undefined ? data : new DamagedData(error),
    });
  }
}

/** The maps that stand one after another in a section, each on a multiple of eight bytes. */
function* mapsOf(section: Uint8Array, source: string): Generator<CodeMap> {
  for (let at = 0; section.subarray(at).some((byte) => byte !== 0);) {
    const map = new CodeMap(section.subarray(at), at === 0 ? source : `${source} from ${at} on`);
    yield map;
    at += map.size + 7 & ~7;
  }
}
