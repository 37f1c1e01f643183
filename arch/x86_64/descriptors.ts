/**
 * Interrupt gates and code segment descriptors of 64-bit mode, as the CPU reads them (SDM vol. 3,
 * 6.14.1 and 3.4.5).
 *
 * @module
 */

import type { X86Segment } from "../../unicorn/mod.ts";

/** A 16-byte gate. */
export interface Gate {
  /** Whether it is an interrupt or trap gate; anything else in the IDT is #GP. */
  readonly valid: boolean;
  /** Whether it is present. */
  readonly present: boolean;
  /** Whether it is an interrupt gate, which clears IF, and not a trap gate. */
  readonly masks: boolean;
  /** Highest CPL that may use it by a software interrupt. */
  readonly dpl: number;
  /** Code segment selector; its lowest two bits mean nothing. */
  readonly selector: number;
  /** Number of the interrupt stack, 0 for none. */
  readonly ist: number;
  /** Where it leads. */
  readonly target: bigint;
}

/** Decodes a gate from its first three words, lowest address first; the fourth means nothing. */
export function decodeGate(w0: number, w1: number, w2: number): Gate {
  const type = (w1 >>> 8) & 0x1f;
  const low = ((w1 & 0xffff_0000) | (w0 & 0xffff)) >>> 0;
  return {
    valid: type === 0x0e || type === 0x0f,
    present: (w1 & 0x8000) !== 0,
    masks: type === 0x0e,
    dpl: (w1 >>> 13) & 3,
    selector: w0 >>> 16,
    ist: w1 & 7,
    target: (BigInt(w2 >>> 0) << 32n) | BigInt(low),
  };
}

/** What matters of a code segment descriptor. */
export interface CodeSegment {
  /** Whether it is a code segment at all. */
  readonly code: boolean;
  /** Whether it is present. */
  readonly present: boolean;
  /** Whether it is a 64-bit segment: L set, D clear. */
  readonly long: boolean;
  /** Whether it keeps the CPL of the code that enters it. */
  readonly conforming: boolean;
  /** Privilege. */
  readonly dpl: number;
  /** Hidden part: bits 8 to 23 of the second word, accessed. */
  readonly flags: number;
}

const ACCESSED = 1 << 8;

/** Decodes a code segment descriptor from its second word. */
export function decodeCodeSegment(high: number): CodeSegment {
  return {
    code: (high & 0x1800) === 0x1800,
    present: (high & 0x8000) !== 0,
    long: (high & 0x60_0000) === 0x20_0000,
    conforming: (high & 0x400) !== 0,
    dpl: (high >>> 13) & 3,
    flags: (high & 0xff_ff00) | ACCESSED,
  };
}

/** What a segment register holds beside its selector. */
export type HiddenPart = Omit<X86Segment, "selector">;

/** Of a null selector. */
export const NULL_SEGMENT: HiddenPart = { base: 0n, limit: 0, flags: 0 };

/** Of the selector of a data or code segment: its descriptor's two words (SDM vol. 3, 3.4.5). */
export function decodeSegment(low: number, high: number): HiddenPart {
  const base = (high & 0xff00_0000) | ((high & 0xff) << 16) | (low >>> 16);
  const limit = (high & 0xf_0000) | (low & 0xffff);
  const pages = (high & 0x80_0000) !== 0;
  return {
    base: BigInt(base >>> 0),
    limit: (pages ? (limit << 12) | 0xfff : limit) >>> 0,
    flags: high & 0xff_ff00,
  };
}

/** Whether an address is canonical: bits 63 to 47 are equal (SDM vol. 1, 3.3.7.1). */
export function isCanonical(address: bigint): boolean {
  return BigInt.asUintN(64, BigInt.asIntN(48, address)) === address;
}
