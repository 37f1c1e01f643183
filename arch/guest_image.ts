/**
 * The guest kernel image: machine code built from `arch/<name>/guest` and the layout constants it
 * was built with.
 *
 * @module
 */

import { type ElfFile, loadSegments, parseElf } from "../elf/mod.ts";
import { ArchError } from "./errors.ts";
import type { GuestLabel } from "./guest_labels.ts";
import { hex, type PhysicalMemory } from "./physical_memory.ts";

/**
 * A parsed guest kernel image. Its absolute symbols are the layout of every structure shared with
 * TypeScript.
 */
export class GuestImage {
  /** The file's bytes. */
  readonly bytes: Uint8Array;
  /** The ELF file. */
  readonly elf: ElfFile;
  /** Address of the first byte, in the kernel's direct map. */
  readonly begin: bigint;
  /** One past the last byte, a multiple of the page size. */
  readonly end: bigint;
  /** Addresses below this are code, from here on read-only data. */
  readonly textEnd: bigint;
  readonly #symbols = new Map<string, bigint>();
  readonly #labels = new Map<bigint, string>();

  /** Parses an image. */
  constructor(bytes: Uint8Array, name: string) {
    this.bytes = bytes;
    this.elf = parseElf(bytes, { name });
    for (const symbol of this.elf.symbols.all) {
      if (symbol.name === "") continue;
      this.#symbols.set(symbol.name, symbol.value);
    }
    this.begin = this.symbol("kernel_begin");
    this.end = this.symbol("kernel_end");
    const text = loadSegments(this.elf)[0];
    if (text === undefined) throw new ArchError("image", `Image ${name} has no loadable segment`);
    const page = 4095n;
    this.textEnd = (text.vaddr + text.memSize + page) & ~page;
    for (const [symbol, value] of this.#symbols) {
      if (value >= this.begin && value < this.end && !symbol.startsWith("$")) {
        this.#labels.set(value, symbol);
      }
    }
  }

  /**
   * Value of a symbol: the address of a label or an exported layout constant.
   * @throws {ArchError} of kind `image` if the image has no such symbol
   */
  symbol(name: string): bigint {
    const value = this.#symbols.get(name);
    if (value === undefined) {
      throw new ArchError("image", `Image ${this.elf.name} has no symbol ${name}`);
    }
    return value;
  }

  /**
   * Address of a label of the kernel's code.
   * @throws {ArchError} of kind `image` if the label is of the other architecture's image only
   */
  label(name: GuestLabel): bigint {
    return this.symbol(name);
  }

  /**
   * Addresses of a function.
   * @throws {ArchError} of kind `image` if the image has none of that name
   */
  range(name: string): { readonly begin: bigint; readonly end: bigint } {
    const begin = this.symbol(name);
    return { begin, end: begin + (this.elf.symbolNamed(name)?.size ?? 0n) };
  }

  /** Value of an exported layout constant, as a number. */
  constant(name: string): number {
    return Number(this.symbol(name));
  }

  /** Name of the label at exactly this address, or `undefined`. */
  labelAt(address: bigint): string | undefined {
    return this.#labels.get(address);
  }

  /** Writes the image to RAM; `directMap` is the virtual address of physical address 0. */
  load(memory: PhysicalMemory, directMap: bigint): void {
    for (const segment of loadSegments(this.elf)) {
      const physical = segment.vaddr - directMap;
      if (!memory.contains(physical, Number(segment.memSize))) {
        throw new ArchError(
          "memory",
          `Cannot load the kernel image at physical address ${hex(physical)}: RAM ends at ${
            hex(memory.base + BigInt(memory.size))
          }`,
          physical,
        );
      }
      memory.write(physical, this.elf.segmentData(segment));
    }
  }
}
