/**
 * Finds which files a process behind a stub has loaded, and where.
 *
 * @module
 */
import { InputError } from "../../../bytes/mod.ts";
import { type ElfFile, loadSegments, type Machine, parseElf } from "../../../elf/mod.ts";
import { AT, readAuxiliaryVector } from "../../../debug/target/auxiliary_vector.ts";
import type { MissingFile, NamedContent, ProgramFiles } from "../../../debug/target/mod.ts";
import {
  dynamicOf,
  headerAddress,
  interpreterOf,
  linkMap,
  programBias,
  textAt,
} from "../../../debug/target/link_map.ts";
import { headerImage, mismatch, unlessDamaged } from "../../../debug/target/verify.ts";
import { moduleFromElf, ModuleList } from "../../../unwind/walk/mod.ts";
import {
  GdbProtocolError,
  parseLibraries,
  parseLibrariesSvr4,
  type ThreadId,
} from "../../protocol/mod.ts";
import type { Stub } from "../stub/stub.ts";
import type { FetchedMemory } from "./fetched_memory.ts";
import { RemoteError } from "../errors.ts";
import { fetchFor } from "./not_fetched.ts";

/** A process, as far as it is known when its files are looked for. */
export interface ProcessPlace {
  /** The stub. */
  readonly stub: Stub;
  /** Its machine. */
  readonly machine: Machine;
  /** Its memory. */
  readonly memory: FetchedMemory;
  /** One of its threads. */
  readonly thread: ThreadId;
  /** Its number, where the stub has several processes. */
  readonly process: number | undefined;
}

/** What was found. */
export interface FoundModules {
  /** Name of the program. */
  readonly name: string;
  /** The files that are loaded. */
  readonly modules: ModuleList;
  /** Files that are loaded and not among them. */
  readonly missing: readonly MissingFile[];
}

/** A file that is loaded somewhere. */
interface Loaded {
  readonly name: string;
  /** Address in memory minus address in the file, where it is known. */
  readonly bias?: bigint | undefined;
  /** Address of its first byte in memory, where it is known. */
  readonly base?: bigint | undefined;
  /** The file itself, if it was given. */
  readonly given?: NamedContent | undefined;
  /** What the kernel told the program, if it is the program. */
  readonly auxiliary?: ReadonlyMap<number, bigint> | undefined;
}

/** Files of one process that are looked for. */
const MOST_FILES = 4096;
/** Bytes of modules that are taken from memory, all in all. */
const MOST_IMAGES = 2 ** 27;
const PAGE = 4096;

/** Where files come from; what cannot be had there is asked of the stub. */
interface FinderOptions extends ProgramFiles {
  /** Gets what is damaged and was left out. */
  readonly told: (problem: InputError) => void;
}

/** Finds the files. What is damaged is told and left out. Throws `RemoteError` alone. */
export async function findModules(
  place: ProcessPlace,
  options: FinderOptions,
): Promise<FoundModules> {
  const finder = new ModuleFinder(place, options);
  await finder.find();
  return { name: finder.name, modules: finder.modules, missing: finder.missing };
}

class ModuleFinder {
  readonly modules = new ModuleList();
  readonly missing: MissingFile[] = [];
  name = "";
  readonly #place: ProcessPlace;
  readonly #options: FinderOptions;
  #count = 0;
  #images = MOST_IMAGES;

  constructor(place: ProcessPlace, options: FinderOptions) {
    this.#place = place;
    this.#options = options;
  }

  async find(): Promise<void> {
    const { stub, thread, memory } = this.#place;
    const bytes = await stub.object("auxv", "", thread);
    const auxiliary = bytes === undefined ? new Map<number, bigint>() : readAuxiliaryVector(bytes);
    const vdso = auxiliary.get(AT.sysinfoEhdr);
    if (vdso !== undefined && vdso !== 0n) await this.#addImage("[vdso]", vdso);
    const program = await this.#program(auxiliary);
    const listed = await this.#listed();
    for (const each of listed) await this.#add(each);
    if (listed.length > 0) return;
    const dynamic = await fetchFor(() => dynamicOf(memory, auxiliary));
    const linked = await fetchFor(() => [...linkMap(memory, dynamic)]);
    const base = auxiliary.get(AT.base) ?? 0n;
    for (const each of linked) await this.#add(each);
    // Before it has made its list, there is the dynamic linker itself.
    if (base === 0n || linked.some((each) => each.bias === base) || program === undefined) return;
    const linker = unlessDamaged(() => interpreterOf(program));
    if (linker !== undefined) await this.#add({ name: linker, bias: base });
  }

  /** Adds the program itself. */
  async #program(auxiliary: ReadonlyMap<number, bigint>): Promise<ElfFile | undefined> {
    const { stub, memory, process } = this.#place;
    const { exe } = this.#options;
    const annex = process === undefined ? "" : process.toString(16);
    const said = await stub.object("exec-file", annex);
    const name = said !== undefined && said.length > 0
      ? new TextDecoder().decode(said)
      : exe?.name ?? await fetchFor(() => textAt(memory, auxiliary.get(AT.execfn))) ?? "";
    this.name = name.slice(name.lastIndexOf("/") + 1);
    if (name === "") {
      this.missing.push({ name: "[program]", reason: "the stub does not say which it is" });
      return undefined;
    }
    return await this.#add({ name, given: exe, auxiliary });
  }

  /** The files that the stub lists. */
  async #listed(): Promise<Loaded[]> {
    const { stub, thread } = this.#place;
    try {
      const svr4 = await stub.object("libraries-svr4", "", thread);
      if (svr4 !== undefined) {
        return parseLibrariesSvr4(new TextDecoder().decode(svr4))
          .filter(({ name, dynamic }) => name !== "" && !this.#holds(dynamic));
      }
      const list = await stub.object("libraries", "", thread);
      if (list === undefined) return [];
      return parseLibraries(new TextDecoder().decode(list))
        .map(({ name, segments }) => ({ name, base: segments[0] }));
    } catch (error) {
      if (!(error instanceof GdbProtocolError)) throw error;
      this.#options.told(error);
      return [];
    }
  }

  /** Whether an address is of a module that is known: the kernel's own, which is listed too. */
  #holds(address: bigint | undefined): boolean {
    return address !== undefined && address !== 0n && this.modules.at(address) !== undefined;
  }

  /** Adds a file: of this host if it is the right one, else as the stub or the memory has it. */
  async #add(loaded: Loaded): Promise<ElfFile | undefined> {
    if (this.#count++ >= MOST_FILES) return undefined;
    const { name, bias, auxiliary } = loaded;
    let reason = "";
    for (const source of [() => this.#here(loaded), () => this.#there(name)]) {
      const result = await this.#use(source, loaded);
      if (typeof result !== "string") return result;
      reason = result;
      if (loaded.given !== undefined) {
        const { name: path } = loaded.given;
        throw this.#place.stub.error("mismatch", `Cannot use the program ${path}: it ${reason}`);
      }
    }
    const headers = auxiliary?.get(AT.phdr);
    const base = loaded.base ?? bias ?? (headers && headers - headers % BigInt(PAGE));
    if (base !== undefined && await this.#addImage(name, base)) return undefined;
    this.missing.push({ name, reason });
    return undefined;
  }

  /** A file of this host: the one that was given, or that of the same path. */
  #here({ name, given }: Loaded): Promise<NamedContent | undefined> {
    if (given !== undefined || !name.startsWith("/")) return Promise.resolve(given);
    const content = this.#options.open?.(name);
    const path = this.#options.pathOf?.(name) ?? name;
    return Promise.resolve(content && { name: path, content });
  }

  /** A file as the stub serves it. */
  async #there(name: string): Promise<NamedContent | undefined> {
    const content = await this.#place.stub.file(name, this.#place.process);
    return content && { name, content };
  }

  /** Adds a file from somewhere; else says why not. */
  async #use(
    source: () => Promise<NamedContent | undefined>,
    loaded: Loaded,
  ): Promise<ElfFile | string> {
    try {
      const found = await source();
      if (found === undefined) return "not found";
      const file = parseElf(found.content, { name: found.name });
      const { machine } = this.#place;
      if (file.machine !== machine) return `is for ${file.machine}, the target is ${machine}`;
      const bias = await this.#biasOf(file, loaded);
      const different = await this.#mismatch(file, bias);
      if (different !== undefined) return different;
      this.modules.add(moduleFromElf(file, { name: loaded.name, bias }));
      return file;
    } catch (error) {
      if (error instanceof RemoteError) throw error;
      // A damaged file, or one that does not fit beside the others, costs only its own frames.
      if (!(error instanceof InputError || error instanceof RangeError)) throw error;
      return error.message;
    }
  }

  /** How a file differs from what is loaded; undefined if it is the same. */
  async #mismatch(file: ElfFile, bias: bigint): Promise<string | undefined> {
    const { memory } = this.#place;
    const base = headerAddress(file, bias);
    if (base === undefined) return undefined;
    const different = await fetchFor(() => {
      const window = memory.window(base);
      const bytes = window?.bytes.subarray(Number(base - window.start));
      return mismatch(file, headerImage(bytes, { name: file.name, base }));
    });
    return different && `has ${different.is}, the target's has ${different.expected}`;
  }

  /** Where a file is: as is known, by where the program was to begin, or as the stub says. */
  async #biasOf(file: ElfFile, { bias, base, auxiliary }: Loaded): Promise<bigint> {
    if (bias !== undefined) return bias;
    if (base !== undefined) return base - (headerAddress(file, 0n) ?? 0n);
    const found = auxiliary === undefined ? undefined : programBias(file, auxiliary);
    if (found !== undefined || file.type !== "shared") return found ?? 0n;
    const answer = await this.#place.stub.ask("qOffsets");
    const [, text] = /^Text(?:Seg)?=([0-9a-f]{1,16})/i.exec(answer) ?? [];
    return text === undefined ? 0n : BigInt(`0x${text}`);
  }

  /** Adds a module as it is in memory; false if that cannot be. */
  async #addImage(name: string, base: bigint): Promise<boolean> {
    const { stub, thread, machine } = this.#place;
    const bytes = await stub.memory(thread, base, PAGE);
    const header = headerImage(bytes, { name, base });
    const size = header === undefined ? 0 : unlessDamaged(() => extentOf(header)) ?? 0;
    if (!(size > 0 && size <= this.#images)) return false;
    this.#images -= size;
    const image = new Uint8Array(size);
    for (let at = 0; at < size;) {
      const part = await stub.memory(thread, base + BigInt(at), size - at);
      image.set(part ?? [], at);
      // What cannot be read is between two segments.
      at += part?.length ?? PAGE - at % PAGE;
    }
    try {
      const file = parseElf(image, { name, layout: "memory", base });
      if (file.machine !== machine) return false;
      this.modules.add(moduleFromElf(file));
      return true;
    } catch (error) {
      if (!(error instanceof InputError || error instanceof RangeError)) throw error;
      return false;
    }
  }
}

/** Bytes from a file's first byte to its last in memory. */
function extentOf(header: ElfFile): number {
  const loads = loadSegments(header);
  const begin = loads[0]?.vaddr ?? 0n;
  return Math.max(0, ...loads.map(({ vaddr, memSize }) => Number(vaddr + memSize - begin)));
}
