/**
 * Instructions that the engine does not execute as a processor does: which they are, and what is
 * seen before one of them is executed.
 *
 * @module
 */

/** ERET (Arm ARM, C6.2). */
const ERET = 0xd69f03e0;
/** MSR CPACR_EL1, without its register. */
const SET_CPACR = 0xd5181040;
/** MRS of OSDLR_EL1, without its register. */
const GET_OSDLR = 0xd5301380;
/** MRS of RNDR and RNDRRS, without the register. */
const GET_RNDR = 0xd53b2400;
const GET_RNDRRS = 0xd53b2420;
/** MRS of ID_AA64ISAR0_EL1, without its register. */
const GET_ISAR0 = 0xd5380600;
/** MRS of MDCCSR_EL0, without its register. */
const GET_MDCCSR = 0xd5330100;
const REGISTER = 0x1f;
/** Exclusive loads and stores: bits 29 to 24, and o2, which ordered ones have set. */
const EXCLUSIVE_MASK = 0x3f80_0000;
const EXCLUSIVE = 0x0800_0000;
const LOAD = 1 << 22;
const PAIR = 1 << 21;
/**
 * Instructions from a store-exclusive back to its load-exclusive, at most: such loops are to be
 * short (Arm ARM, B2.9.5).
 */
const LOOP = 16;

/** PSTATE and SPSR_EL1. */
export const Pstate = {
  /** Condition flags. */
  NZCV: 0xf000_0000,
  /** Interrupt masks. */
  DAIF: 0x3c0,
  /** Execution state, exception level and stack pointer. */
  MODE: 0x1f,
  /** User access override. */
  UAO: 1 << 23,
  /** Privileged access never. */
  PAN: 1 << 22,
  /** The guest's step has not been taken yet. */
  SS: 1 << 21,
  /** Illegal execution state. */
  IL: 1 << 20,
} as const;

/** Modes that EL1 may return to: EL0t, EL1t, EL1h. */
const LEGAL_MODES: readonly number[] = [0x0, 0x4, 0x5];

/** What an instruction is that is looked at each time. */
export type Doubtful =
  | { readonly kind: "exception-return" }
  | { readonly kind: "set-cpacr"; readonly source: number }
  | { readonly kind: "get-osdlr"; readonly target: number }
  | { readonly kind: "get-isar0"; readonly target: number }
  | { readonly kind: "get-random" }
  | { readonly kind: "store-exclusive"; readonly base: number; readonly size: number };

/** Looks at an instruction word; `undefined` for what the engine executes as it should. */
export function doubtful(word: number): Doubtful | undefined {
  if (word === ERET) return { kind: "exception-return" };
  const without = (word & ~REGISTER) >>> 0;
  if (without === SET_CPACR) return { kind: "set-cpacr", source: word & REGISTER };
  if (without === GET_OSDLR) return { kind: "get-osdlr", target: word & REGISTER };
  if (without === GET_ISAR0) return { kind: "get-isar0", target: word & REGISTER };
  if (without === GET_RNDR || without === GET_RNDRRS) return { kind: "get-random" };
  if (!isExclusive(word) || (word & LOAD) !== 0) return undefined;
  const size = exclusiveSize(word);
  return size === 1 ? undefined : { kind: "store-exclusive", base: baseOf(word), size };
}

/** The register that MDCCSR_EL0 is moved to by an instruction, if it is one that does. */
export function mdccsrTarget(word: number): number | undefined {
  return ((word & ~REGISTER) >>> 0) === GET_MDCCSR ? word & REGISTER : undefined;
}

/**
 * Whether a store-exclusive belongs to a load-exclusive before it, of the same base and at least as
 * many bytes, which has checked the alignment. Base registers that are changed in between are not
 * looked for: the store would not succeed then.
 * @param before the word so many instructions before the store, or `undefined` where nothing is
 */
export function followsLoad(
  word: number,
  before: (distance: number) => number | undefined,
): boolean {
  for (let distance = 1; distance <= LOOP; distance++) {
    const earlier = before(distance);
    if (earlier === undefined || leaves(earlier)) return false;
    if (!isExclusive(earlier)) continue;
    return (earlier & LOAD) !== 0 && baseOf(earlier) === baseOf(word) &&
      exclusiveSize(earlier) >= exclusiveSize(word);
  }
  return false;
}

/** Whether EL1 may not return to a state (Arm ARM, D1.4.4). There is no AArch32, EL2 or EL3. */
export function isIllegalReturn(spsr: number): boolean {
  return !LEGAL_MODES.includes(spsr & Pstate.MODE);
}

/** PSTATE after an illegal return: the level stays, flags and masks are those of SPSR_EL1. */
export function afterIllegalReturn(pstate: number, spsr: number): number {
  const { NZCV, DAIF, PAN, UAO, MODE, IL } = Pstate;
  return ((spsr & (NZCV | DAIF | PAN | UAO)) | IL | (pstate & MODE)) >>> 0;
}

/**
 * Whether an instruction never goes on to the next one, or not at once: it jumps, calls or traps.
 */
function leaves(word: number): boolean {
  return ((word & 0x7c00_0000) >>> 0) === 0x1400_0000 ||
    ((word & 0xfe00_0000) >>> 0) === 0xd600_0000 ||
    word >>> 24 === 0xd4;
}

function isExclusive(word: number): boolean {
  return ((word & EXCLUSIVE_MASK) >>> 0) === EXCLUSIVE &&
    ((word & PAIR) === 0 || word >>> 31 === 1);
}

/** Bytes of an exclusive access, which is to be aligned to as many. */
function exclusiveSize(word: number): number {
  return (1 << (word >>> 30)) << ((word & PAIR) === 0 ? 0 : 1);
}

function baseOf(word: number): number {
  return (word >>> 5) & REGISTER;
}
