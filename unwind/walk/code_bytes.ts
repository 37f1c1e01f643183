/**
 * The instructions around a program counter, as far as they can be read.
 *
 * @module
 */
import { type Address, fromBigAddress, InputError, toBigAddress } from "../../bytes/mod.ts";
import type { PlacedBytes } from "../cfi/mod.ts";
import type { MemoryReader } from "./memory.ts";
import type { ModuleList } from "./module_list.ts";

const NO_BYTES = new Uint8Array(0);

/** The bytes around an address: those of its module's file, else those in memory. */
export class CodeBytes {
  /** The address. */
  address: Address = NaN;
  readonly #modules: ModuleList;
  readonly #memory: MemoryReader;
  /** The stretch that was read last, and its address. */
  #bytes: Uint8Array = NO_BYTES;
  #start: Address = 0;
  /** Whether that is a section of a file, and nothing around it is to be looked for. */
  #isSection = false;

  /** The code of a program, as yet nowhere. */
  constructor(program: { readonly modules: ModuleList; readonly memory: MemoryReader }) {
    this.#modules = program.modules;
    this.#memory = program.memory;
  }

  /** Goes to an address and gives itself. */
  moveTo(address: Address): this {
    if (address === this.address) return this;
    this.address = address;
    const at = address - this.#start;
    if (at >= 0 && at < this.#bytes.length) return this;
    const section = sectionAt(address, this.#modules);
    this.#isSection = section !== undefined;
    this.#bytes = section?.bytes ?? NO_BYTES;
    this.#start = section?.address ?? 0;
    return this;
  }

  /** The byte at an offset from the address, −1 if it cannot be read. */
  byte(offset: number): number {
    return this.#bytes[this.address + offset - this.#start] ?? this.#load(offset);
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
    for (let i = 0; i < bytes.length; i++) {
      const found = this.byte(offset + i);
      if (found < 0 || bytes[i]! >= 0 && found !== bytes[i]) return false;
    }
    return true;
  }

  /** Goes over to the stretch of memory that holds an offset; gives its byte there, or −1. */
  #load(offset: number): number {
    const address = this.address + offset;
    if (this.#isSection || !Number.isSafeInteger(address)) return -1;
    const window = this.#memory.window(toBigAddress(address));
    if (window === undefined) return -1;
    this.#bytes = window.bytes;
    this.#start = fromBigAddress(window.start);
    return this.#bytes[address - this.#start] ?? -1;
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
