/**
 * The notes of a core file, as Linux writes them on both architectures
 * (`include/uapi/linux/elfcore.h`, `include/uapi/asm-generic/siginfo.h`).
 *
 * @module
 */

import type { CoreNote } from "../../elf/mod.ts";
import { joinBytes } from "../../util/join_bytes.ts";

/** Note types of owner `CORE`. */
const NT = {
  PRSTATUS: 1,
  FPREGSET: 2,
  PRPSINFO: 3,
  AUXV: 6,
  SIGINFO: 0x53494749,
  FILE: 0x46494c45,
} as const;

/** What ended a thread: the fields of a `siginfo_t`. */
export interface SignalInfo {
  /** Number of the signal. */
  readonly signal: number;
  /** Why it came: `si_code`. */
  readonly code: number;
  /** Address that was touched, or of the instruction. */
  readonly address: bigint;
}

/** What `NT_PRSTATUS` has of a thread. */
export interface ThreadStatus {
  /** Its number. */
  readonly thread: number;
  /** The number of its task's first thread, which stands for the task. */
  readonly process: number;
  /** Number of the signal that ended its task, or 0. */
  readonly signal: number;
  /** The general registers in the order of the architecture. */
  readonly registers: readonly bigint[];
}

/** Offset of the registers in `struct elf_prstatus`. */
const REGISTERS_AT = 112;

/** `struct elf_prstatus`: the times and signal masks that a task here does not have are 0. */
export function prstatus(status: ThreadStatus): CoreNote {
  const { thread, process, signal, registers } = status;
  const bytes = new Uint8Array(REGISTERS_AT + 8 * registers.length + 8);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, signal, true);
  view.setInt16(12, signal, true);
  view.setInt32(32, thread, true);
  view.setInt32(40, process, true);
  view.setInt32(44, process, true);
  registers.forEach((value, i) => view.setBigUint64(REGISTERS_AT + 8 * i, value, true));
  view.setInt32(REGISTERS_AT + 8 * registers.length, 1, true); // pr_fpvalid
  return core(NT.PRSTATUS, bytes);
}

/** Floating-point registers of the thread whose status came last. */
export function fpregset(bytes: Uint8Array): CoreNote {
  return core(NT.FPREGSET, bytes);
}

/** 64-bit registers of the thread whose status came last, of a kind that Linux has a note for. */
export function extraRegisters(type: number, values: readonly bigint[]): CoreNote {
  return { owner: "LINUX", type, bytes: words(values) };
}

/** `struct elf_prpsinfo`: a running process of user 0 with a name and arguments. */
export function prpsinfo(
  { process, name, args }: { process: number; name: string; args: string },
): CoreNote {
  const bytes = new Uint8Array(136);
  const view = new DataView(bytes.buffer);
  bytes[1] = "R".charCodeAt(0);
  view.setInt32(24, process, true);
  view.setInt32(32, process, true);
  view.setInt32(36, process, true);
  bytes.set(cut(name, 15), 40);
  bytes.set(cut(args, 79), 56);
  return core(NT.PRPSINFO, bytes);
}

/** `siginfo_t` of a signal that an exception stands for. */
export function siginfo({ signal, code, address }: SignalInfo): CoreNote {
  const bytes = new Uint8Array(128);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, signal, true);
  view.setInt32(8, code, true);
  view.setBigUint64(16, address, true);
  return core(NT.SIGINFO, bytes);
}

/** The auxiliary vector: types and values in turn, the end included. */
export function auxv(pairs: readonly bigint[]): CoreNote {
  return core(NT.AUXV, words(pairs));
}

/** A range of memory that comes from a file. */
export interface FileMapping {
  /** First address. */
  readonly begin: bigint;
  /** One past the last. */
  readonly end: bigint;
  /** Its first byte's place in the file, in pages. */
  readonly page: bigint;
}

/** A file under its name, and where it is mapped. */
export interface MappedFile {
  /** Name under which debuggers find it. */
  readonly name: string;
  /** Its ranges. */
  readonly mappings: readonly FileMapping[];
}

/** The mappings of files, which must be in the order of their addresses. */
export function fileMappings(files: readonly MappedFile[], pageSize: number): CoreNote {
  const all = files.flatMap(({ name, mappings }) => mappings.map((each) => ({ name, ...each })));
  const head = words([
    BigInt(all.length),
    BigInt(pageSize),
    ...all.flatMap(({ begin, end, page }) => [begin, end, page]),
  ]);
  const names = new TextEncoder().encode(all.map(({ name }) => `${name}\0`).join(""));
  return core(NT.FILE, joinBytes([head, names]));
}

function core(type: number, bytes: Uint8Array): CoreNote {
  return { owner: "CORE", type, bytes };
}

function words(values: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setBigUint64(8 * i, value, true));
  return bytes;
}

/** At most `limit` bytes of a text. */
function cut(text: string, limit: number): Uint8Array {
  return new TextEncoder().encode(text).subarray(0, limit);
}
