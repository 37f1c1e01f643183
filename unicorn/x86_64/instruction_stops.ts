/**
 * Instructions of x86-64 before which runs end, so that they can be looked at each time.
 *
 * @module
 */
import { joinBytes } from "../../util/join_bytes.ts";

/** Finds instructions to look at. */
export interface InstructionFinder {
  /**
   * Offset, in a block of code that has been translated, of the first instruction to look at from
   * an offset on; −1 if there is none.
   * @param code the block, first instruction first
   */
  (code: Uint8Array, from: number): number;
}

/** `push %es`, which 64-bit mode has not. */
const INVALID = 0x06;

/**
 * Ends runs before the instructions that are to be looked at. Blocks are searched when they are
 * translated. Where something is found the block is translated once more while an invalid opcode
 * stands in RAM in its place, so that its translation raises #UD there, and no other costs
 * anything. No guest code runs meanwhile.
 *
 * A hook of code would not do: with two of them the library goes through all of them for every
 * instruction, as one is what counts. Nor would exits, around which every run drops translations.
 */
export class InstructionStops {
  readonly #find: InstructionFinder;
  readonly #addresses = new Set<bigint>();
  /** What the invalid opcode stands in for. */
  #hidden: { readonly ram: Uint8Array; readonly index: number; readonly byte: number } | undefined;
  #over: bigint | undefined;

  /** Of one engine. */
  constructor(find: InstructionFinder) {
    this.#find = find;
  }

  /**
   * Looks at a translated block.
   * @param parts its bytes in RAM, page by page
   * @returns Whether it must be translated again.
   */
  onTranslation(address: bigint, parts: readonly Uint8Array[]): boolean {
    if (this.#hidden !== undefined) {
      this.restore();
      return false;
    }
    const code = joinBytes(parts);
    for (let at = this.#find(code, 0); at >= 0; at = this.#find(code, at + 1)) {
      const begin = BigInt.asUintN(64, address + BigInt(at));
      if (begin === this.#over) continue;
      this.#addresses.add(begin);
      this.#hide(parts, at);
      return true;
    }
    return false;
  }

  /** Whether #UD at an address may be an instruction to look at. */
  has(address: bigint): boolean {
    return this.#addresses.has(address);
  }

  /** Has the instruction at an address translated as it is; `undefined` for none. */
  set over(address: bigint | undefined) {
    this.#over = address;
  }

  /** Makes RAM what it is. */
  restore(): void {
    const hidden = this.#hidden;
    if (hidden === undefined) return;
    this.#hidden = undefined;
    hidden.ram[hidden.index] = hidden.byte;
  }

  #hide(parts: readonly Uint8Array[], offset: number): void {
    let index = offset;
    for (const ram of parts) {
      if (index < ram.length) {
        this.#hidden = { ram, index, byte: ram[index] ?? 0 };
        ram[index] = INVALID;
        return;
      }
      index -= ram.length;
    }
  }
}
