/**
 * What the CPU models of x86-64 have that instructions depend on (SDM vol. 3, 2.5 and 2.2.1).
 *
 * @module
 */

import type { ModelName, X86ModelName } from "../../unicorn/mod.ts";

/** Bits of CR4 that not every model has. */
export const Cr4 = {
  /** User-mode instruction prevention. */
  UMIP: 1n << 11n,
  /** Instructions for the bases of FS and GS. */
  FSGSBASE: 1n << 16n,
  /** Supervisor-mode execution prevention. */
  SMEP: 1n << 20n,
  /** Supervisor-mode access prevention. */
  SMAP: 1n << 21n,
} as const;

/** VME to OSXMMEXCPT, and OSXSAVE. */
const CR4_COMMON = 0x4_07ffn;

/** What there is of a model. */
export interface X86Model {
  /** The bits of CR4 that are not reserved. */
  readonly cr4: bigint;
}

/**
 * The models of the engine. None has PCIDE, LA57, PKE, VMXE or SMXE: the engine would do nothing
 * about them, or something else.
 */
const MODELS: Readonly<Record<X86ModelName, X86Model>> = {
  "opteron-g5": { cr4: CR4_COMMON | Cr4.SMEP },
  "epyc-rome": { cr4: CR4_COMMON | Cr4.SMEP | Cr4.SMAP | Cr4.FSGSBASE | Cr4.UMIP },
};

/** A model by its name. */
export function modelOf(name: ModelName): X86Model {
  return MODELS[name as X86ModelName];
}
