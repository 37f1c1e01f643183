/**
 * The instructions of AArch64 that invalidate the instruction cache, which the library passes over.
 *
 * @module
 */
import type { CodeFrames } from "../code_frames.ts";
import * as uc from "../constants.ts";
import { AArch64Instruction } from "./constants.ts";
import { systemCallback } from "../hooks.ts";
import type { NativeEngine } from "../native_engine.ts";

/** IC IALLUIS and IC IALLU (Arm ARM, C5.3). */
const INVALIDATE_ALL = [0xd508711f, 0xd508751f];
/** IC IVAU, without its register, the low five bits. */
const INVALIDATE_ADDRESS = 0xd50b7520;
/** CRn and CRm of the three instructions, op1 of the one with an address. */
const CRN_CACHE = 7;
const CRM_ALL = [1, 5];
const OP1_ADDRESS = 3;

/**
 * Makes `IC IVAU`, `IC IALLU` and `IC IALLUIS` drop translations of this engine. Stores of its own
 * guest need none of them; what the host has written, or another engine over the same RAM, does.
 *
 * A hook of all system instructions would call into JavaScript for each `TLBI` and `DC ZVA`. So
 * code is looked at when it is translated, and only the addresses where one of the three was found
 * get a hook.
 */
export class CacheMaintenance {
  readonly #native: NativeEngine;
  readonly #code: CodeFrames;
  readonly #hooked = new Set<bigint>();

  /** Watches an engine. */
  constructor(native: NativeEngine, code: CodeFrames) {
    this.#native = native;
    this.#code = code;
  }

  /**
   * Looks at code that has been translated, the bytes at a virtual address. Returns whether it must
   * be translated again.
   */
  findIn(address: bigint, bytes: Uint8Array): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let found = false;
    for (let at = 0; at + 4 <= bytes.length; at += 4) {
      if (!isInvalidation(view.getUint32(at, true))) continue;
      const begin = address + BigInt(at);
      if (this.#hooked.has(begin)) continue;
      this.#native.addHook(uc.UC_HOOK_INSN, systemCallback(), {
        begin,
        end: begin,
        instruction: AArch64Instruction.SYS,
      });
      this.#hooked.add(begin);
      found = true;
    }
    return found;
  }

  /** A hooked instruction is about to execute. */
  onSystem(operation: { crn: number; crm: number; op1: number; value: bigint }): void {
    const { crn, crm, op1, value } = operation;
    if (crn !== CRN_CACHE || !CRM_ALL.includes(crm)) return;
    if (op1 !== OP1_ADDRESS) {
      this.#code.dropAll();
      return;
    }
    const physical = this.#native.translate(value, uc.UC_PROT_READ);
    if (physical === undefined) return;
    this.#code.drop(physical, 1n);
    if (this.#code.hasStale) this.#code.sweep();
  }
}

function isInvalidation(word: number): boolean {
  return ((word & ~0x1f) >>> 0) === INVALIDATE_ADDRESS || INVALIDATE_ALL.includes(word);
}
