/**
 * Core files of Linux: registers, mapped files and memory of a process that was stopped or died.
 * What a core says is in its notes (`core(5)`, and `include/uapi/linux/elfcore.h` of the kernel): a
 * `NT_PRSTATUS` for each thread, the files it had mapped in `NT_FILE`, and in `NT_AUXV` where the
 * kernel's own object (the vDSO) is.
 *
 * @module
 */
import { InputError } from "../../bytes/mod.ts";
import {
  type ElfFile,
  type ElfNote,
  elfNotes,
  loadSegments,
  type Machine,
  parseElf,
} from "../../elf/mod.ts";
import { CoreError, type CoreErrorKind } from "../errors.ts";
import { memoryOf, type MemoryReader } from "./memory.ts";
import { ModuleList } from "./module_list.ts";
import { moduleFromElf } from "./module_sources.ts";
import { RegisterSet } from "./register_set.ts";

/** A thread as a core file has it. */
export interface CoreThread {
  /** Its number. */
  readonly id: number;
  /** Number of the signal that ended the process, or 0. */
  readonly signal: number;
  /** Its general registers. */
  readonly registers: RegisterSet;
}

/** A process as a core file has it: what a walk starts from. */
export interface CoreFile {
  /** Its threads; the first is the one that died if one did. */
  readonly threads: readonly CoreThread[];
  /** Registers of the first thread. */
  readonly registers: RegisterSet;
  /** Its memory, as far as the core holds it. */
  readonly memory: MemoryReader;
  /** The code files it had mapped, and the kernel's own. */
  readonly modules: ModuleList;
  /**
   * Names of mapped files that are not among the modules: not to be had, no ELF files, damaged, or
   * without room.
   */
  readonly missing: readonly string[];
}

/** What {@linkcode readCore} must be given. */
export interface CoreOptions {
  /** Name of the core file, for errors; default `core file`. */
  readonly name?: string;
  /**
   * The bytes of a file the process had mapped, or undefined if it cannot be had; without this no
   * file is looked for.
   */
  readonly file?: (path: string) => Uint8Array | undefined;
}

/** Where a part of a file is mapped. */
interface FilePlace {
  readonly name: string;
  readonly start: bigint;
  /** Of its first byte in the file. */
  readonly offset: bigint;
  readonly pageSize: bigint;
}

/** Bytes of a page, as far as the vDSO is concerned. */
const PAGE_SIZE = 4096n;

const NT_PRSTATUS = 1;
const NT_AUXV = 6;
const NT_FILE = 0x46494c45;
const AT_SYSINFO_EHDR = 33n;

/** DWARF numbers in the order of `elf_gregset_t`; −1 for what DWARF has no number for. */
const USER_REGISTERS: Readonly<Record<Machine, readonly number[]>> = {
  x86_64: [
    ...[15, 14, 13, 12, 6, 3, 11, 10, 9, 8], // r15 to r12, rbp, rbx, r11 to r8
    ...[0, 2, 1, 4, 5, -1], // rax, rcx, rdx, rsi, rdi, orig_rax
    ...[16, 51, 49, 7, 52], // rip, cs, rflags, rsp, ss
    ...[58, 59, 53, 50, 54, 55], // fs.base, gs.base, ds, es, fs, gs
  ],
  aarch64: [...Array.from({ length: 33 }, (_, i) => i), -1], // x0 to x30, sp, pc, pstate
};

/** Offsets of signal, number and registers in `struct elf_prstatus`. */
const SIGNAL_AT = 12;
const THREAD_AT = 32;
const REGISTERS_AT = 112;

/**
 * Reads a core file. Its bytes are kept, not copied.
 *
 * @throws {CoreError} (`type`) If it is another kind of ELF file; (`note`) if a note is cut off;
 * (`registers`) if no thread is described.
 * @throws {ElfError} If it is not a sound ELF file, or its segments or notes lie outside it.
 */
export function readCore(bytes: Uint8Array, options: CoreOptions = {}): CoreFile {
  return new CoreReader(parseElf(bytes, { name: options.name ?? "core file" }), options).read();
}

class CoreReader {
  readonly #core: ElfFile;
  readonly #file: (path: string) => Uint8Array | undefined;
  readonly #memory: MemoryReader;
  readonly #modules = new ModuleList();
  readonly #missing: string[] = [];
  readonly #threads: CoreThread[] = [];

  constructor(core: ElfFile, options: CoreOptions) {
    this.#core = core;
    this.#file = options.file ?? (() => undefined);
    if (core.type !== "core") throw this.#error("type", `File is ${core.type}, no core file`, 16);
    this.#memory = memoryOf(
      loadSegments(core).filter((each) => each.fileSize > 0).map((segment) => ({
        start: segment.vaddr,
        bytes: core.segmentData(segment),
      })),
    );
  }

  read(): CoreFile {
    for (const note of elfNotes(this.#core)) {
      if (note.owner !== "CORE") continue;
      if (note.type === NT_PRSTATUS) this.#threads.push(this.#thread(note));
      else if (note.type === NT_FILE) this.#addFiles(note);
      else if (note.type === NT_AUXV) this.#addVdso(note);
    }
    const [first] = this.#threads;
    if (first === undefined) throw this.#error("registers", "No thread is described", 0);
    return {
      threads: this.#threads,
      registers: first.registers,
      memory: this.#memory,
      modules: this.#modules,
      missing: this.#missing,
    };
  }

  #thread(note: ElfNote): CoreThread {
    const { machine } = this.#core;
    const numbers = USER_REGISTERS[machine];
    const view = this.#viewOf(note, REGISTERS_AT + 8 * numbers.length);
    const registers = new RegisterSet(machine);
    numbers.forEach((register, i) => {
      if (register >= 0) registers.set(register, view.getBigUint64(REGISTERS_AT + 8 * i, true));
    });
    return {
      id: view.getInt32(THREAD_AT, true),
      signal: view.getInt16(SIGNAL_AT, true),
      registers,
    };
  }

  /**
   * Number of files, size of a page, then begin, end and file page of each mapping, then the names.
   */
  #addFiles(note: ElfNote): void {
    const head = this.#viewOf(note, 16);
    const count = head.getBigUint64(0, true);
    const pageSize = head.getBigUint64(8, true);
    if (count > BigInt(note.bytes.length)) {
      throw this.#error("note", `File list has ${count} entries`, note.offset);
    }
    const namesAt = 16 + 24 * Number(count);
    const view = this.#viewOf(note, namesAt);
    const names = new TextDecoder().decode(note.bytes.subarray(namesAt)).split("\0");
    const places = names.slice(0, Number(count)).map((name, i): FilePlace => ({
      name,
      start: view.getBigUint64(16 + 24 * i, true),
      offset: view.getBigUint64(16 + 24 * i + 16, true) * pageSize,
      pageSize,
    }));
    // The first page of a file is where its headers are; further segments may begin in it. Where it
    // is not mapped, the first mapping has to do.
    const headed = new Set(places.filter(({ offset }) => offset === 0n).map(({ name }) => name));
    const others = new Set<string>();
    for (const place of places) {
      const { name, start, offset } = place;
      if (headed.has(name)) {
        if (offset !== 0n || this.#modules.at(start)?.name === name) continue;
      } else if (others.has(name)) continue;
      else others.add(name);
      const bytes = this.#file(name);
      if (bytes === undefined || !this.#addModule(bytes, place)) this.#missing.push(name);
    }
  }

  /** The kernel maps a small shared object of its own, which signal handlers may return through. */
  #addVdso(note: ElfNote): void {
    const view = this.#viewOf(note, 0);
    for (let at = 0; at + 16 <= view.byteLength; at += 16) {
      if (view.getBigUint64(at, true) !== AT_SYSINFO_EHDR) continue;
      const start = view.getBigUint64(at + 8, true);
      const window = this.#memory.window(start);
      const bytes = window?.bytes.subarray(Number(start - window.start));
      if (
        bytes === undefined ||
        !this.#addModule(bytes, { name: "[vdso]", start, offset: 0n, pageSize: PAGE_SIZE })
      ) {
        this.#missing.push("[vdso]");
      }
    }
  }

  /** Adds a file that is mapped at `start` from an offset on; false if that cannot be. */
  #addModule(bytes: Uint8Array, { name, start, offset, pageSize }: FilePlace): boolean {
    try {
      const file = parseElf(bytes, { name });
      // A mapping begins at a page, a segment anywhere in it; further segments may, too.
      const segment = loadSegments(file).find((each) =>
        BigInt(each.offset) < offset + pageSize &&
        offset < BigInt(each.offset + each.fileSize)
      );
      if (segment === undefined) return false;
      const floor = (at: bigint) => at - at % pageSize;
      const bias = start - offset - floor(segment.vaddr) + floor(BigInt(segment.offset));
      this.#modules.add(moduleFromElf(file, { bias }));
      return true;
    } catch (error) {
      // A damaged file, or one that does not fit beside the others, costs only its own stack
      // frames.
      if (error instanceof InputError || error instanceof RangeError) return false;
      throw error;
    }
  }

  /** A view of a note that must have at least `size` bytes. */
  #viewOf(note: ElfNote, size: number): DataView {
    const { bytes } = note;
    if (bytes.length < size) {
      const message = `Note of type ${note.type} has ${bytes.length} bytes, ${size} are needed`;
      throw this.#error("note", message, note.offset);
    }
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #error(kind: CoreErrorKind, message: string, offset: number): CoreError {
    return new CoreError(kind, message, { source: this.#core.name, offset });
  }
}
