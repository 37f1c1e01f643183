/**
 * Code that a program has published: what its bytes say.
 *
 * @module
 */
import { InputError } from "../../../../bytes/mod.ts";
import { type Machine, parseElf } from "../../../../elf/mod.ts";
import type { Module } from "../../module.ts";
import { modulesFromSymfile } from "../../module_sources.ts";
import { type CodeKind, CodeRegion, DamagedData } from "../code_kind.ts";
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
    const problems: InputError[] = [];
    const regions: CodeRegion[] = [];
    const unknownKinds: string[] = [];
    let modules: readonly Module[] = [];
    const attempt = <T>(action: () => T): T | undefined => {
      try {
        return action();
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        problems.push(error);
        return undefined;
      }
    };
    const readMaps = (section: Uint8Array, machine: Machine, source: string) =>
      attempt(() => {
        for (const map of mapsOf(section, source)) {
          for (let i = 0; i < map.count; i++) {
            const region = attempt(() => map.region(i));
            if (region === undefined) continue;
            if (kinds.kind(region.kind) === undefined) unknownKinds.push(region.kind);
            regions.push(regionOf(region, { machine, kinds, attempt }));
          }
        }
      });
    const { type, name, machine } = publication;
    if (type === "section") {
      if (machine !== undefined) readMaps(bytes, machine, `${MAP_SECTION} of ${name}`);
    } else {
      attempt(() => {
        const file = parseElf(bytes, { name });
        modules = modulesFromSymfile(file);
        const section = file.section(MAP_SECTION);
        if (section === undefined) return;
        readMaps(file.sectionData(section), file.machine, `${MAP_SECTION} of ${name}`);
      });
    }
    for (const { damage } of modules.slice(0, 1)) problems.push(...damage);
    this.regions = regions;
    this.modules = modules;
    this.problems = problems;
    this.unknownKinds = unknownKinds;
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

/** A region of a map; a damaged one, or of a kind that is not known, says so when it is asked. */
function regionOf(
  region: MapRegion,
  { machine, kinds, attempt }: {
    readonly machine: Machine;
    readonly kinds: Pick<CodeRegistry, "kind">;
    readonly attempt: <T>(action: () => T) => T | undefined;
  },
): CodeRegion {
  const { map, name, method, begin, end } = region;
  let kind: CodeKind | undefined;
  let error: InputError | undefined;
  let data: unknown;
  attempt(() => {
    try {
      kind = kinds.kind(region.kind);
      if (kind === undefined) {
        throw map.error("kind", `Kind is ${region.kind}`, region.at + 8, "one that is known");
      }
      data = kind.read(region, machine);
    } catch (caught) {
      if (caught instanceof InputError) error = caught;
      throw caught;
    }
  });
  return new CodeRegion({
    kind: kind ?? NATIVE,
    name,
    method,
    map,
    begin: map.begin + begin,
    end: map.begin + end,
    origin: map.begin,
    data: error === undefined ? data : new DamagedData(error),
  });
}
