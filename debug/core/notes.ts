/**
 * What the notes of a core file say (`core(5)`, and `include/uapi/linux/elfcore.h` of the kernel).
 * Notes of a thread come after its `NT_PRSTATUS`.
 *
 * @module
 */
import { InputError } from "../../bytes/mod.ts";
import { type ElfNote, notesIn } from "../../elf/mod.ts";
import { readAuxiliaryVector } from "../target/auxiliary_vector.ts";
import { bytesOf, type Content, viewOf } from "../target/content.ts";
import { CoreError } from "./errors.ts";
import type { NotePlace } from "./segments.ts";

/** Note types of the owners `CORE` and `LINUX`, which do not overlap. */
export const NT = {
  prstatus: 1,
  fpregset: 2,
  prpsinfo: 3,
  auxv: 6,
  x86Xstate: 0x202,
  x86XsaveLayout: 0x205,
  armTls: 0x401,
  armSve: 0x405,
  armPacMask: 0x406,
  siginfo: 0x53494749,
  file: 0x46494c45,
} as const;

/** Most threads that are read. */
const THREADS = 2 ** 15;
/** Most notes that are read: those of so many threads. */
const NOTES = 8 * THREADS;
/** Most bytes of them. */
const MOST = 2 ** 27;

/** A thread's notes. */
export interface ThreadNotes {
  /** Its `NT_PRSTATUS`. */
  readonly status: ElfNote;
  /** Further ones by type. */
  readonly others: Map<number, Uint8Array>;
}

/** A process's notes. */
export interface CoreNotes {
  /** Its threads; the first is the one that died. */
  readonly threads: readonly ThreadNotes[];
  /** `NT_PRPSINFO`. */
  readonly info: ElfNote | undefined;
  /** `NT_FILE`. */
  readonly files: ElfNote | undefined;
  /** The auxiliary vector, by type. */
  readonly auxiliary: ReadonlyMap<number, bigint>;
  /** The first `NT_SIGINFO`. */
  readonly signal: ElfNote | undefined;
}

/** Reads notes as far as they are sound. */
export function readNotes(
  content: Content,
  places: readonly NotePlace[],
  { name, told }: { readonly name: string; readonly told: (problem: InputError) => void },
): CoreNotes {
  const threads: ThreadNotes[] = [];
  const found = new Map<number, ElfNote>();
  const add = (note: ElfNote) => {
    if (note.owner !== "CORE" && note.owner !== "LINUX") return;
    if (note.owner === "CORE" && note.type === NT.prstatus) {
      threads.push({ status: note, others: new Map() });
      return;
    }
    if (!found.has(note.type)) found.set(note.type, note);
    threads.at(-1)?.others.set(note.type, note.bytes);
  };
  const leaveOut = (offset: number, expected: string) =>
    told(new CoreError("note", "Notes are left out", { source: name, offset, expected }));
  let left = MOST;
  let count = 0;
  reading: for (const place of places) {
    const size = Math.min(place.size, left);
    left -= size;
    const bytes = bytesOf(content, place.offset, size);
    try {
      for (const note of notesIn(bytes, { ...place, name })) {
        add(note);
        if (++count < NOTES && threads.length < THREADS) continue;
        leaveOut(note.offset, `at most ${NOTES} notes, of ${THREADS} threads`);
        break reading;
      }
    } catch (error) {
      // Those before it are sound.
      if (!(error instanceof InputError)) throw error;
      told(error);
    }
    // Once is enough: there may be very many places.
    if (size < place.size) {
      leaveOut(place.offset, `at most ${MOST} bytes in all`);
      break;
    }
  }
  const auxiliary = found.get(NT.auxv);
  return {
    threads,
    info: found.get(NT.prpsinfo),
    files: found.get(NT.file),
    signal: found.get(NT.siginfo),
    auxiliary: auxiliary === undefined ? new Map() : readAuxiliaryVector(auxiliary.bytes),
  };
}

/** What `NT_PRPSINFO` says of a process: its number, its program's short name, its arguments. */
export function readProcessInfo(
  { bytes }: ElfNote,
): { readonly id: number; readonly name: string; readonly args: string } | undefined {
  if (bytes.length < 136) return undefined;
  const text = (at: number, size: number) => {
    const whole = bytes.subarray(at, at + size);
    const end = whole.indexOf(0);
    return new TextDecoder().decode(end < 0 ? whole : whole.subarray(0, end)).trimEnd();
  };
  return { id: viewOf(bytes).getInt32(24, true), name: text(40, 16), args: text(56, 80) };
}
