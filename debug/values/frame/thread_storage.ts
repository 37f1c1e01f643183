/**
 * Where a module has its thread-local variables of a thread: "ELF Handling for Thread-Local
 * Storage" (Drepper), variant I on AArch64 and II on x86-64.
 *
 * A program's own block is at a fixed distance from the thread pointer. A library's is found as its
 * code finds it: through the words that the dynamic linker wrote where the relocations of
 * thread-local variables say.
 *
 * @module
 */
import { type ElfFile, type Machine, PT, SHT } from "../../../elf/mod.ts";
import { type MemoryReader, type Module, readWord } from "../../../unwind/walk/mod.ts";
import { toBigAddress } from "../../../bytes/mod.ts";

/** A thread whose variables are looked for. */
export interface ThreadPlace {
  /** The machine. */
  readonly machine: Machine;
  /** The thread pointer. */
  readonly pointer: bigint;
  /** Memory of the program. */
  readonly memory: MemoryReader;
}

/** What differs between the machines. */
interface TlsAbi {
  /** Bytes from the thread pointer to where the address of the dynamic thread vector is. */
  readonly vector: bigint;
  /** Relocation of a module's number. */
  readonly moduleId: number;
  /** Relocation of a variable's distance from the thread pointer. */
  readonly offset: number;
}

const ABIS: Readonly<Record<Machine, TlsAbi>> = {
  x86_64: { vector: 8n, moduleId: 16, offset: 18 },
  aarch64: { vector: 0n, moduleId: 1028, offset: 1030 },
};

/** What a dynamic thread vector has for a module whose variables the thread has not used. */
const NOT_YET = 0xffffffffffffffffn;

/** Bytes of the thread control block that precede a program's variables on AArch64. */
const CONTROL_BLOCK = 16n;

/**
 * Address in memory of a module's thread-local variables; undefined if it has none, if this thread
 * has not got any yet, or if nothing says where.
 */
export function threadStorage(module: Module, place: ThreadPlace): bigint | undefined {
  const { file } = module;
  const segment = file?.segments.find(({ type }) => type === PT.tls);
  if (file === undefined || segment === undefined) return undefined;
  const { pointer, machine } = place;
  if (isProgram(file)) {
    const align = segment.align > 1n ? segment.align : 1n;
    const up = (value: bigint) => (value + align - 1n) / align * align;
    return machine === "x86_64" ? pointer - up(segment.memSize) : pointer + up(CONTROL_BLOCK);
  }
  return ofLibrary(file, toBigAddress(module.bias), place);
}

function isProgram(file: ElfFile): boolean {
  if (file.type === "executable") return true;
  // A program that may be loaded anywhere looks like a library, but for who starts it.
  return file.segments.some(({ type }) => type === PT.interp) || hasPieFlag(file);
}

/** `DT_FLAGS_1` with `DF_1_PIE`, which programs without a dynamic linker have. */
function hasPieFlag(file: ElfFile): boolean {
  const dynamic = file.segments.find(({ type }) => type === PT.dynamic);
  if (dynamic === undefined) return false;
  const bytes = file.segmentData(dynamic);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    const tag = view.getBigUint64(at, true);
    if (tag === 0n) break;
    if (tag === 0x6ffffffbn) return (view.getUint32(at + 8, true) & 0x8000000) !== 0;
  }
  return false;
}

function ofLibrary(file: ElfFile, bias: bigint, place: ThreadPlace): bigint | undefined {
  const { pointer, machine, memory } = place;
  const abi = ABIS[machine];
  for (const { offset, type, symbol, addend } of relocations(file)) {
    // One with a symbol may be of another module's variable.
    if (symbol !== 0 || type !== abi.moduleId && type !== abi.offset) continue;
    const word = readWord(memory, offset + bias);
    if (word === undefined) continue;
    if (type === abi.offset) return BigInt.asUintN(64, pointer + word - addend);
    const vector = readWord(memory, pointer + abi.vector);
    if (vector === undefined || word === 0n) continue;
    // Entries are an address and what to free; the first is the generation.
    const block = readWord(memory, vector + 16n * word);
    if (block !== undefined && block !== 0n && block !== NOT_YET) return block;
  }
  return undefined;
}

interface Relocation {
  readonly offset: bigint;
  readonly type: number;
  readonly symbol: number;
  readonly addend: bigint;
}

function* relocations(file: ElfFile): Generator<Relocation> {
  for (const section of file.sections) {
    if (section.type !== SHT.rela) continue;
    const bytes = file.sectionData(section);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at + 24 <= bytes.length; at += 24) {
      yield {
        offset: view.getBigUint64(at, true),
        type: view.getUint32(at + 8, true),
        symbol: view.getUint32(at + 12, true),
        addend: view.getBigInt64(at + 16, true),
      };
    }
  }
}
