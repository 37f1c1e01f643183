/**
 * The instructions around a program counter, as far as they can be read.
 *
 * @module
 */
import { type Address, fromBigAddress, InputError, toBigAddress } from "../../bytes/mod.ts";
import type { PlacedBytes } from "../cfi/mod.ts";
import type { MemoryReader } from "./memory.ts";
import type { ModuleList } from "./module_list.ts";

/** Bytes kept on either side: more than the longest stub has. */
const REACH = 32;

/** The bytes around an address: those of its module's file, else those in memory. */
export class CodeBytes {
  /** The address. */
  readonly address: Address;
  /** −1 for what cannot be read. */
  #bytes: Int16Array = new Int16Array(2 * REACH).fill(-1);

  /** Reads the bytes around an address. */
  constructor(
    address: Address,
    program: { readonly modules: ModuleList; readonly memory: MemoryReader },
  ) {
    this.address = address;
    const { modules, memory } = program;
    const section = sectionAt(address, modules);
    if (section !== undefined) {
      this.#take(section.bytes, address - section.address);
      return;
    }
    if (!Number.isSafeInteger(address)) return;
    // They may be in several pages, of which some cannot be read.
    for (let at = address - 1; at >= address - REACH;) at = this.#takeWindow(memory, at).begin - 1;
    for (let at = address; at < address + REACH;) at = this.#takeWindow(memory, at).end;
  }

  /** The byte at an offset from the address, −1 if it cannot be read. */
  byte(offset: number): number {
    return this.#bytes[REACH + offset] ?? -1;
  }

  /** The little-endian 32-bit word at an offset, −1 if it cannot be read. */
  word(offset: number): number {
    let word = 0;
    for (let i = 3; i >= 0; i--) {
      const byte = this.byte(offset + i);
      if (byte < 0) return -1;
      word = word << 8 | byte;
    }
    return word >>> 0;
  }

  /** Whether bytes are at an offset; −1 stands for any byte that can be read. */
  has(offset: number, bytes: readonly number[]): boolean {
    return bytes.every((byte, i) => {
      const found = this.byte(offset + i);
      return found >= 0 && (byte < 0 || found === byte);
    });
  }

  /** Takes over the memory around `at`; gives the range that is done with. */
  #takeWindow(memory: MemoryReader, at: Address): { begin: Address; end: Address } {
    const window = memory.window(toBigAddress(at));
    if (window === undefined) return { begin: -Infinity, end: Infinity };
    const { bytes } = window;
    const begin = fromBigAddress(window.start);
    this.#take(bytes, this.address - begin);
    return { begin: Math.min(begin, at), end: Math.max(begin + bytes.length, at + 1) };
  }

  /** Takes over what is around index `at` of `bytes`, which is the address. */
  #take(bytes: Uint8Array, at: number): void {
    const first = Math.max(-REACH, -at);
    const end = Math.min(REACH, bytes.length - at);
    for (let i = first; i < end; i++) this.#bytes[REACH + i] = bytes[at + i]!;
  }
}

/** The section of a file that holds an address; a damaged file is as good as none. */
function sectionAt(address: Address, modules: ModuleList): PlacedBytes | undefined {
  try {
    return modules.find(address)?.bytesAt(address);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
