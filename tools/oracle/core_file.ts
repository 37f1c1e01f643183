/**
 * Core files of x86-64 Linux: registers, mapped files and memory of a stopped process.
 *
 * @module
 */
import { loadSegments, parseElf } from "../../elf/elf_file.ts";
import { PT } from "../../elf/constants.ts";
import { memoryOf, type MemoryReader } from "../../unwind/walk/memory.ts";
import { moduleFromElf, ModuleList } from "../../unwind/walk/modules.ts";
import { RegisterSet } from "../../unwind/walk/register_set.ts";

/** A stopped process. */
export interface CoreFile {
  /** Registers of its first thread. */
  readonly registers: RegisterSet;
  /** Its memory, as far as the core holds it. */
  readonly memory: MemoryReader;
  /** The files it had mapped, and the kernel's own. */
  readonly modules: ModuleList;
}

const NT_PRSTATUS = 1;
const NT_AUXV = 6;
const NT_FILE = 0x46494c45;
const AT_SYSINFO_EHDR = 33n;

/** DWARF numbers in the order of `struct user_regs_struct`; −1 for what DWARF has no number for. */
const USER_REGISTERS: readonly number[] = [
  15,
  14,
  13,
  12,
  6,
  3,
  11,
  10,
  9,
  8,
  0,
  2,
  1,
  4,
  5,
  -1,
  16,
  51,
  49,
  7,
  52,
  58,
  59,
  53,
  50,
  54,
  55,
];

/** Offset of the registers in `struct elf_prstatus`. */
const REGISTERS_AT = 112;

/** Reads a core file and the files it names. */
export function readCore(path: string): CoreFile {
  const core = parseElf(Deno.readFileSync(path), { name: path });
  const memory = memoryOf(
    loadSegments(core).filter((each) => each.fileSize > 0).map((segment) => ({
      start: segment.vaddr,
      bytes: core.segmentData(segment),
    })),
  );
  const registers = new RegisterSet("x86_64");
  const modules = new ModuleList();
  let sawThread = false;
  for (const segment of core.segments) {
    if (segment.type !== PT.note) continue;
    for (const note of notes(core.segmentData(segment))) {
      if (note.type === NT_PRSTATUS && !sawThread) {
        sawThread = true;
        USER_REGISTERS.forEach((register, i) => {
          if (register < 0) return;
          const value = note.view.getBigUint64(REGISTERS_AT + 8 * i, true);
          registers.set(register, value);
        });
      } else if (note.type === NT_FILE) addFiles(note.view, modules);
      else if (note.type === NT_AUXV) addVdso(note.view, memory, modules);
    }
  }
  return { registers, memory, modules };
}

interface Note {
  readonly type: number;
  readonly view: DataView;
}

function* notes(bytes: Uint8Array): Generator<Note> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 12 <= bytes.length;) {
    const nameSize = view.getUint32(at, true);
    const size = view.getUint32(at + 4, true);
    const type = view.getUint32(at + 8, true);
    const data = at + 12 + (nameSize + 3 & ~3);
    yield {
      type,
      view: new DataView(bytes.buffer, bytes.byteOffset + data, size),
    };
    at = data + (size + 3 & ~3);
  }
}

function addFiles(view: DataView, modules: ModuleList): void {
  const count = Number(view.getBigUint64(0, true));
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const names = new TextDecoder().decode(bytes.subarray(16 + 24 * count))
    .split("\0");
  for (let i = 0; i < count; i++) {
    const start = view.getBigUint64(16 + 24 * i, true);
    const page = view.getBigUint64(16 + 24 * i + 16, true);
    const name = names[i];
    // The first page of a file is where its headers are.
    if (page !== 0n || name === undefined) continue;
    let bytes: Uint8Array;
    try {
      bytes = Deno.readFileSync(name);
    } catch {
      continue;
    }
    if (bytes[0] !== 0x7f) continue;
    const file = parseElf(bytes, { name });
    const [first] = loadSegments(file);
    if (first === undefined) continue;
    modules.add(moduleFromElf(file, { bias: start - first.vaddr }));
  }
}

/** The kernel maps a small shared object of its own, which signal handlers may return through. */
function addVdso(
  view: DataView,
  memory: MemoryReader,
  modules: ModuleList,
): void {
  for (let at = 0; at + 16 <= view.byteLength; at += 16) {
    if (view.getBigUint64(at, true) !== AT_SYSINFO_EHDR) continue;
    const start = view.getBigUint64(at + 8, true);
    const window = memory.window(start);
    if (window === undefined) continue;
    const bytes = window.bytes.subarray(Number(start - window.start));
    const file = parseElf(bytes, { name: "[vdso]" });
    const [first] = loadSegments(file);
    if (first === undefined) continue;
    modules.add(moduleFromElf(file, { bias: start - first.vaddr }));
  }
}
