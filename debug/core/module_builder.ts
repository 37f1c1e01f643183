/**
 * Makes modules of the files that a process had mapped.
 *
 * @module
 */
import { fromBigAddress, InputError, toBigAddress } from "../../bytes/mod.ts";
import { type ElfFile, isElf, loadSegments, type Machine, parseElf, PT } from "../../elf/mod.ts";
import { Module, moduleFromElf, ModuleList } from "../../unwind/walk/mod.ts";
import type { MissingFile } from "../target/mod.ts";
import { bytesOf, type Content, type NamedContent, sizeOf } from "../target/content.ts";
import { CoreError } from "./errors.ts";
import type { FileMapping } from "./file_list.ts";
import type { CoreMemory } from "./memory.ts";
import type { CoreOptions } from "./options.ts";
import { biasOf } from "./place.ts";
import { headerImage, mismatch, unlessDamaged } from "../target/verify.ts";

/** Bytes of a page, as far as the kernel's own object is concerned. */
const PAGE = 4096;
/** Most bytes of a file's header that are compared with the core's. */
const HEADER = 4096;
/** Most bytes of modules that are taken from memory, all in all. */
const IMAGES = 2 ** 27;
/** Most bytes of the kernel's own object. */
const VDSO = 2 ** 20;
/** Most files that are opened. */
const FILES = 8192;
/** What Linux appends to the name of a file that is there no more. */
const DELETED = / \(deleted\)$/;

/** Why a file is not used: in words, and the error if there is one. */
export type Refusal = { readonly reason: string; readonly error?: InputError | undefined };

/** A file that has been opened. */
export interface OpenedFile {
  readonly name: string;
  readonly content: Content;
  /** Undefined if it is no ELF file. */
  readonly elf: ElfFile | undefined;
}

/** The modules of a process, as they are found. */
export class ModuleBuilder {
  /** Those made; of a file that is missing there is its code, with no more than its name. */
  readonly modules: ModuleList = new ModuleList();
  /** Files that are not among them. */
  readonly missing: MissingFile[] = [];
  /** The memory in which they are. */
  readonly memory: CoreMemory;
  /** As the core file is read with. */
  readonly options: CoreOptions;
  readonly #machine: Machine;
  readonly #told: (problem: InputError) => void;
  #opened = 0;
  #images = IMAGES;

  /** No modules yet. */
  constructor(
    memory: CoreMemory,
    how: {
      readonly machine: Machine;
      readonly options: CoreOptions;
      readonly told: (problem: InputError) => void;
    },
  ) {
    this.memory = memory;
    this.options = how.options;
    this.#machine = how.machine;
    this.#told = how.told;
  }

  /** Opens a file by its name in the core. */
  open(name: string): OpenedFile | Refusal {
    if (this.#opened++ === FILES) this.miss("", { reason: `more than ${FILES} files` });
    if (this.#opened > FILES) return { reason: "too many files" };
    try {
      const content = this.options.open?.(name.replace(DELETED, ""));
      if (content === undefined) return { reason: "cannot be opened" };
      return this.#read(name, { name: this.options.pathOf?.(name) ?? name, content });
    } catch (error) {
      return this.#refusal(error);
    }
  }

  /** A file whose content is there, as the core calls it. */
  opened(name: string, file: NamedContent): OpenedFile | Refusal {
    try {
      return this.#read(name, file);
    } catch (error) {
      return this.#refusal(error);
    }
  }

  /**
   * Whether a file is the one whose first page is at an address; `base` is undefined if that is not
   * known.
   */
  verify(opened: OpenedFile, base: bigint | undefined): Refusal | undefined {
    const { name, elf } = opened;
    if (elf === undefined) return undefined;
    const loaded = base === undefined ? undefined : this.header(name, base);
    const found = mismatch(elf, loaded);
    if (found === undefined) {
      return loaded === undefined && DELETED.test(name)
        ? { reason: "deleted, and the core does not say which file it was" }
        : undefined;
    }
    return this.refuse(elf.name, { is: `has ${found.is}`, expected: found.expected });
  }

  /** Why a file is not the one that was mapped. */
  refuse(
    source: string,
    { is, expected }: { readonly is: string; readonly expected: string },
  ): Refusal {
    const error = new CoreError("mismatch", `File ${is}`, { source, expected });
    return { reason: `${is}, expected ${expected}`, error };
  }

  /** The header of a file as the core has it, at an address. */
  header(name: string, base: bigint): ElfFile | undefined {
    return headerImage(this.memory.stored(base, HEADER), { name, base });
  }

  /** Adds a module under a name; the refusal if that cannot be. */
  add(name: string, file: ElfFile, bias: bigint): Module | Refusal {
    try {
      if (file.machine !== this.#machine) {
        return this.refuse(name, { is: `is for ${file.machine}`, expected: this.#machine });
      }
      return this.modules.add(moduleFromElf(file, { name, bias }));
    } catch (error) {
      // A damaged file, or one that does not fit beside the others, costs only its own stack
      // frames.
      return this.#refusal(error);
    }
  }

  /**
   * Adds the kernel's own object, which every process has in its memory as a whole file, and signal
   * handlers may return through.
   */
  addVdso(base: bigint): void {
    const name = "[vdso]";
    const bytes = this.memory.stored(base, VDSO);
    const opened = bytes === undefined
      ? { reason: "the core does not store it" }
      : this.opened(name, { name, content: bytes });
    const file = "reason" in opened ? opened : opened.elf ?? { reason: "no ELF file" };
    if ("reason" in file) return this.miss(name, file);
    const mapping = { begin: fromBigAddress(base), offset: 0 };
    const bias = unlessDamaged(() => biasOf(file, { mapping, pageSize: PAGE }));
    const added = bias === undefined ? { reason: "damaged" } : this.add(name, file, bias);
    if ("reason" in added) this.miss(name, added);
  }

  /**
   * Adds a file that cannot be had from the core's own bytes. False if they lack its unwind table.
   */
  addImage(name: string, base: bigint): boolean {
    const header = this.header(name, base);
    const found = header === undefined ? undefined : unlessDamaged(() => extentOf(header));
    if (found === undefined || found.size > this.#images) return false;
    const tables = this.memory.stored(base + BigInt(found.tables), 1);
    if (tables === undefined) return false;
    this.#images -= found.size;
    const image = new Uint8Array(found.size);
    for (let at = 0; at < found.size;) {
      const part = this.memory.stored(base + BigInt(at), found.size - at);
      if (part === undefined) at += HEADER;
      else {
        image.set(part, at);
        at += part.length;
      }
    }
    const file = unlessDamaged(() => parseElf(image, { name, layout: "memory", base }));
    return file !== undefined && !("reason" in this.add(name, file, file.bias));
  }

  /** Adds code of a file that cannot be had: of what is on the stack there the file can be told. */
  addNamed(name: string, { begin, end }: FileMapping): void {
    const first = toBigAddress(begin);
    if (this.memory.isExecutable(first) !== true) return;
    try {
      this.modules.add(new Module({ name, begin: first, end: toBigAddress(end), tables: [] }));
    } catch (error) {
      // Damaged lists may have mappings that are in one another.
      if (!(error instanceof RangeError)) throw error;
    }
  }

  /** Notes that a file is missing. */
  miss(name: string, refusal: Refusal): void {
    this.missing.push({ name, reason: refusal.reason });
    this.tell(refusal);
  }

  /** Tells of the error of a file, if there is one. */
  tell({ error }: Refusal): void {
    if (error !== undefined) this.#told(error);
  }

  #read(name: string, { name: path, content }: NamedContent): OpenedFile {
    const first = bytesOf(content, 0, Math.min(4, sizeOf(content)));
    return { name, content, elf: isElf(first) ? parseElf(content, { name: path }) : undefined };
  }

  #refusal(error: unknown): Refusal {
    if (!(error instanceof InputError || error instanceof RangeError)) throw error;
    const reason = error.message;
    return { reason, error: error instanceof InputError ? error : undefined };
  }
}

/** Bytes from a file's first byte to its last in memory, and where its unwind table is in them. */
function extentOf(header: ElfFile): { readonly size: number; readonly tables: number } | undefined {
  const loads = loadSegments(header);
  const table = header.segments.find(({ type }) => type === PT.gnuEhFrame);
  const [first] = loads;
  if (first === undefined || table === undefined) return undefined;
  const base = first.vaddr;
  const ends = loads.map(({ vaddr, memSize }) => fromBigAddress(vaddr + memSize - base));
  const size = Math.max(...ends);
  const tables = fromBigAddress(table.vaddr - base);
  return size > 0 && tables > 0 && tables < size ? { size, tables } : undefined;
}
