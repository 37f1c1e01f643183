/**
 * The bytes of instructions, as the CPU would fetch them.
 *
 * @module
 */

import type { X86State } from "../../unicorn/mod.ts";
import { PAGE_SIZE, type PhysicalMemory } from "../physical_memory.ts";
import { currentRoot, PageWalk } from "./page_walk.ts";

const PAGE_MASK = BigInt(PAGE_SIZE - 1);

/** Reads code of one CPU by virtual addresses. */
export class CodeReader {
  readonly #state: X86State;
  readonly #memory: PhysicalMemory;
  readonly #walk: PageWalk;

  /** For a CPU over RAM. */
  constructor(state: X86State, memory: PhysicalMemory) {
    this.#state = state;
    this.#memory = memory;
    this.#walk = new PageWalk(memory);
  }

  /** Bytes of code at an address, as many of `size` as are mapped. */
  read(address: bigint, size: number): Uint8Array {
    const { bytes } = this.#memory;
    const root = currentRoot(this.#state);
    const from = BigInt.asUintN(64, address);
    const room = Math.min(size, PAGE_SIZE - Number(from & PAGE_MASK));
    const first = this.#walk.walk(root, from);
    if (first < 0) return bytes.subarray(0, 0);
    if (room === size) return bytes.subarray(first, first + size);
    const second = this.#walk.walk(root, BigInt.asUintN(64, from + BigInt(room)));
    const rest = second < 0 ? 0 : size - room;
    const code = new Uint8Array(room + rest);
    code.set(bytes.subarray(first, first + room));
    if (rest > 0) code.set(bytes.subarray(second, second + rest), room);
    return code;
  }
}
