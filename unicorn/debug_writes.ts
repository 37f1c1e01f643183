/**
 * The instructions that write debug registers, behind which runs can be made to end.
 *
 * @module
 */
import * as uc from "./constants.ts";
import { codeCallback } from "./hooks.ts";
import type { NativeEngine } from "./native_engine.ts";
import { PAGE_SIZE } from "./ram.ts";

/** Number of the hooks in native code: {@linkcode CodeHooks} counts from 1. */
export const DEBUG_WRITE_HOOK = 0;

/** Two bytes of `mov %r64, %drN` (SDM vol. 2), and the prefixes it may have. */
const MOV = 0x0f;
const TO_DEBUG = 0x23;
const PREFIXES = new Set([
  ...Array.from({ length: 16 }, (_, rex) => 0x40 | rex),
  ...[0x66, 0x67, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65],
]);
/** How many prefixes may be in the page before. */
const FEW = 4;
const PAGE = BigInt(PAGE_SIZE);
/**
 * `msr` to a register with op0 2, op1 0 and CRn 0: MDSCR_EL1, DBGBVR, DBGBCR, DBGWVR, DBGWCR; and
 * `mrs` of MDSCR_EL1.
 */
const MSR_DEBUG = 0xd5100000;
const MSR_MASK = 0xfffff000;
const MRS_MDSCR = 0xd5300240;
const MRS_MASK = 0xffffffe0;

/**
 * Finds them in translated code and hooks each by its address, as `IC` is.
 *
 * What looks like one on x86-64 may be the inside of other instructions; hooks there are never
 * called, or at the beginning of a page for an instruction just before, which does no harm.
 */
export class DebugWrites {
  readonly #native: NativeEngine;
  readonly #hooked = new Set<bigint>();
  /** Address behind a byte 0F that was the last of a page. */
  #open: bigint | undefined;

  /** Watches an engine. */
  constructor(native: NativeEngine) {
    this.#native = native;
  }

  /**
   * Looks at code that has been translated, the bytes at a virtual address. Returns whether it must
   * be translated again.
   */
  findIn(address: bigint, bytes: Uint8Array): boolean {
    return this.#native.arch === "x86_64"
      ? this.#findMov(address, bytes)
      : this.#findMsr(address, bytes);
  }

  #findMov(address: bigint, bytes: Uint8Array): boolean {
    let found = false;
    if (this.#open === address && bytes[0] === TO_DEBUG) found = this.#hook(address - 1n, FEW);
    for (let at = bytes.indexOf(MOV); at >= 0; at = bytes.indexOf(MOV, at + 1)) {
      if (bytes[at + 1] !== TO_DEBUG) continue;
      let first = at;
      while (first > 0 && PREFIXES.has(bytes[first - 1] ?? 0)) first--;
      // Blocks begin with whole instructions, pages do not.
      if (first === 0 && address % PAGE === 0n) first = -FEW;
      found = this.#hook(address + BigInt(at), at - first) || found;
    }
    this.#open = bytes.at(-1) === MOV ? address + BigInt(bytes.length) : undefined;
    return found;
  }

  #findMsr(address: bigint, bytes: Uint8Array): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let found = false;
    for (let at = 0; at + 4 <= bytes.length; at += 4) {
      const word = view.getUint32(at, true);
      const isWrite = (word & MSR_MASK) >>> 0 === MSR_DEBUG;
      if (!isWrite && (word & MRS_MASK) >>> 0 !== MRS_MDSCR) continue;
      found = this.#hook(address + BigInt(at), 0) || found;
    }
    return found;
  }

  #hook(end: bigint, prefixes: number): boolean {
    if (this.#hooked.has(end)) return false;
    this.#hooked.add(end);
    const before = BigInt(prefixes);
    const begin = end > before ? end - before : 0n;
    const data = BigInt(DEBUG_WRITE_HOOK);
    this.#native.addHook(uc.UC_HOOK_CODE, codeCallback(), { begin, end, data });
    return true;
  }
}
