/**
 * The instruction that is to be executed as a block of its own.
 *
 * @module
 */

import type { X86State } from "../../unicorn/mod.ts";
import { PAGE_SIZE } from "../physical_memory.ts";

const PAGE_MASK = BigInt(PAGE_SIZE - 1);

/** The next instruction of one CPU, if it is to be alone in its block. */
export class LoneInstruction {
  readonly #state: X86State;
  #at: bigint | undefined;
  #isAllowed = false;

  /** None yet. */
  constructor(state: X86State) {
    this.#state = state;
  }

  /**
   * Whether a fetch fault may have come too early. The engine translates a block before it executes
   * any of it, and a block may go on into the next page: RIP is then where the block begins. The
   * instruction there is tried once more, alone.
   */
  retry(): boolean {
    const { rip, cr2 } = this.#state;
    const isAlone = this.#at === rip;
    this.#at = undefined;
    if (isAlone || (rip & ~PAGE_MASK) === (cr2 & ~PAGE_MASK)) return false;
    this.#at = rip;
    this.#isAllowed = false;
    return true;
  }

  /** Has the next instruction, which has been looked at, executed alone. */
  allow(): void {
    this.#at = this.#state.rip;
    this.#isAllowed = true;
  }

  /** Whether it has been looked at. */
  get isAllowed(): boolean {
    return this.#isAllowed && this.#at !== undefined;
  }

  /**
   * Right before the engine runs: whether the next instruction is to be alone. The interrupt shadow
   * makes the next block one of a single instruction.
   */
  prepare(): boolean {
    if (this.#at === undefined) return false;
    if (this.#at !== this.#state.rip) {
      this.#at = undefined;
      return false;
    }
    this.#state.interruptShadow = true;
    return true;
  }
}
