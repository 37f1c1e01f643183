/**
 * A core file of Linux as a target.
 *
 * @module
 */
import { fromBigAddress, type InputError } from "../../bytes/mod.ts";
import type { ElfNote, Machine } from "../../elf/mod.ts";
import type { ModuleList } from "../../unwind/walk/mod.ts";
import { AT } from "../target/auxiliary_vector.ts";
import { RED_ZONE } from "../target/red_zone.ts";
import { readSignalInfo } from "../target/signal_info.ts";
import type { MissingFile, SignalInfo, Target, TargetProcess } from "../target/mod.ts";
import type { Content } from "../target/content.ts";
import { CoreError } from "./errors.ts";
import { readFileList } from "./file_list.ts";
import { addLinked } from "./linked_modules.ts";
import { addMapped } from "./mapped_modules.ts";
import { CoreMemory } from "./memory.ts";
import { ModuleBuilder } from "./module_builder.ts";
import { type CoreNotes, readNotes, readProcessInfo } from "./notes.ts";
import type { CoreOptions } from "./options.ts";
import { readLayout } from "./segments.ts";
import { CoreThread, statusSize } from "./thread.ts";

/** The process of a core file. */
export interface CoreProcess extends TargetProcess {
  /** Its threads; the first is the one that died. */
  readonly threads: readonly CoreThread[];
  /** Its arguments, cut off after 79 bytes. */
  readonly commandLine: string;
}

/** A core file that is open. */
export class CoreTarget implements Target {
  /** It is a core file. */
  readonly kind = "core";
  /** Name of the core file. */
  readonly name: string;
  /** Machine the code is for. */
  readonly machine: Machine;
  /** What was damaged or not to be had, and has been left out. */
  readonly problems: InputError[] = [];
  /** The process. */
  readonly process: CoreProcess;
  readonly #close: () => void;

  /** Use {@linkcode readCore}. */
  constructor(content: Content, options: CoreOptions, close: () => void = () => {}) {
    const name = this.name = options.name ?? "core file";
    this.#close = close;
    const told = (problem: InputError) => void this.problems.push(problem);
    const { machine, segments, notes: places } = readLayout(content, { name, told });
    this.machine = machine;
    const notes = readNotes(content, places, { name, told });
    const threads = this.#threads(notes);
    const memory = new CoreMemory(content, segments);
    const { modules, missing } = this.#modules(memory, { notes, options, told });
    const info = notes.info === undefined ? undefined : readProcessInfo(notes.info);
    const [first] = threads;
    const { addressBits } = first ?? {};
    this.process = {
      id: info?.id ?? first?.id ?? 0,
      name: info?.name ?? "",
      commandLine: info?.args ?? "",
      threads,
      memory,
      modules,
      missing,
      walk: { redZone: RED_ZONE[machine], ...(addressBits === undefined ? {} : { addressBits }) },
      signal: signalOf(notes.signal, first),
    };
  }

  /** The one process. */
  get processes(): readonly [CoreProcess] {
    return [this.process];
  }

  /** Runs an action: all memory can be read at once. */
  settle<T>(action: () => T): Promise<T> {
    return Promise.resolve(action());
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#close();
  }

  #threads(notes: CoreNotes): CoreThread[] {
    const size = statusSize(this.machine);
    const threads: CoreThread[] = [];
    for (const each of notes.threads) {
      const { bytes, offset } = each.status;
      if (bytes.length >= size) threads.push(new CoreThread(this.machine, each));
      else {
        this.problems.push(this.#error(
          "note",
          `Status of a thread has ${bytes.length} bytes`,
          { offset, expected: `${size}` },
        ));
      }
    }
    if (threads.length > 0) return threads;
    const why = this.problems[0];
    throw why?.kind === "note" || why?.kind === "truncated" ? why : this.#error(
      "registers",
      "No thread is described",
      { offset: 0, expected: "an NT_PRSTATUS note" },
    );
  }

  #modules(
    memory: CoreMemory,
    { notes, options, told }: {
      readonly notes: CoreNotes;
      readonly options: CoreOptions;
      readonly told: (problem: InputError) => void;
    },
  ): { readonly modules: ModuleList; readonly missing: readonly MissingFile[] } {
    const { auxiliary } = notes;
    const builder = new ModuleBuilder(memory, { machine: this.machine, options, told });
    const list = notes.files === undefined
      ? undefined
      : readFileList(notes.files, { name: this.name, told });
    if (list !== undefined && list.files.length > 0) {
      const entry = auxiliary.get(AT.entry);
      addMapped(builder, {
        ...list,
        entry: entry === undefined ? undefined : fromBigAddress(entry),
      });
    } else addLinked(builder, auxiliary);
    const vdso = auxiliary.get(AT.sysinfoEhdr);
    if (vdso !== undefined && vdso !== 0n) builder.addVdso(vdso);
    return builder;
  }

  #error(
    kind: "note" | "registers",
    message: string,
    { offset, expected }: { readonly offset: number; readonly expected: string },
  ): CoreError {
    return new CoreError(kind, message, { source: this.name, offset, expected });
  }
}

function signalOf(
  note: ElfNote | undefined,
  thread: CoreThread | undefined,
): SignalInfo | undefined {
  const info = note === undefined ? undefined : readSignalInfo(note.bytes);
  if (info !== undefined && info.number !== 0) return info;
  const number = thread?.signal ?? 0;
  return number === 0 ? undefined : { number };
}

/**
 * Reads a core file. Of a large one only headers and notes are read at once, and memory where it is
 * looked at.
 *
 * @param content Its bytes, which are kept and not copied, or what reads them in parts
 * @throws {ElfError} If it is no ELF64 file of a known machine.
 * @throws {CoreError} (`type`) If it is another kind of ELF file; (`segments`) if it has no program
 * headers; (`registers`) if no thread is described; (`mismatch`) if the program's file was given
 * and is another one. Whatever else is damaged is left out, and listed in `problems`.
 */
export function readCore(content: Content, options: CoreOptions = {}): CoreTarget {
  return new CoreTarget(content, options);
}
