/**
 * Pieces of AArch64 code and the state each starts from.
 *
 * @module
 */

/** A piece of code. It ends at a `brk` behind it, unless it ends before. */
export interface Snippet {
  /** What it is about; names are unique. */
  readonly name: string;
  /** Assembly, its statements separated by semicolons. */
  readonly code: string;
  /** General registers by number, where they are not to have their distinct values. */
  readonly x?: Readonly<Record<number, bigint>>;
  /** Vector registers by number, likewise; 128 bits. */
  readonly v?: Readonly<Record<number, bigint>>;
  /** Stack pointer. */
  readonly sp?: bigint;
  /** N, Z, C and V in bits 31 to 28. */
  readonly flags?: bigint;
  /** Floating-point control register. */
  readonly fpcr?: bigint;
  /** Where to start instead of at the code. */
  readonly pc?: bigint;
}

const SIZE = 800;
const VECTORS = 34 * 8;

/** What EL0 code can see of the CPU. */
export interface UserState {
  /** x0 to x30. */
  readonly x: readonly bigint[];
  /** Stack pointer. */
  readonly sp: bigint;
  /** Program counter. */
  readonly pc: bigint;
  /** N, Z, C and V in bits 31 to 28. */
  readonly flags: bigint;
  /** v0 to v31, 128 bits each. */
  readonly v: readonly bigint[];
  /** Floating-point control register. */
  readonly fpcr: bigint;
  /** Floating-point status register. */
  readonly fpsr: bigint;
}

/** Bytes of a state as `el0.c` has it. */
export const STATE_SIZE = SIZE;

/** The state a snippet starts from, with a value of its own in every register it does not name. */
export function startOf(snippet: Snippet, options: { pc: bigint; sp: bigint }): UserState {
  return {
    x: Array.from(
      { length: 31 },
      (_, i) => snippet.x?.[i] ?? 0xa5f0_0f5a_0000_0000n + BigInt(i) * 0x1357_9bdfn,
    ),
    sp: snippet.sp ?? options.sp,
    pc: snippet.pc ?? options.pc,
    flags: snippet.flags ?? 0x6000_0000n,
    v: Array.from({ length: 32 }, (_, i) => snippet.v?.[i] ?? distinctVector(i)),
    fpcr: snippet.fpcr ?? 0n,
    fpsr: 0n,
  };
}

/** Lanes of every size and sign, none of them a signaling NaN. */
function distinctVector(i: number): bigint {
  let value = 0n;
  for (let lane = 0; lane < 16; lane++) {
    value |= BigInt((i * 37 + lane * 83 + 11) & 0xff) << BigInt(8 * lane);
  }
  return value;
}

/** Writes a state in the form of `el0.c`. */
export function writeState(view: DataView, state: UserState): void {
  [...state.x, state.sp, state.pc, state.flags].forEach((value, i) => {
    view.setBigUint64(8 * i, value, true);
  });
  writeVectors(view, VECTORS, state);
}

/**
 * Writes v0 to v31, FPCR and FPSR in the form that `el0.c` and the kernel's thread objects share.
 */
export function writeVectors(view: DataView, at: number, state: UserState): void {
  state.v.forEach((value, i) => {
    view.setBigUint64(at + 16 * i, value & 0xffff_ffff_ffff_ffffn, true);
    view.setBigUint64(at + 16 * i + 8, value >> 64n, true);
  });
  view.setBigUint64(at + 512, state.fpcr, true);
  view.setBigUint64(at + 520, state.fpsr, true);
}

/** Reads a state in the form of `el0.c`. */
export function readState(view: DataView): UserState {
  const word = (i: number): bigint => view.getBigUint64(8 * i, true);
  return {
    x: Array.from({ length: 31 }, (_, i) => word(i)),
    sp: word(31),
    pc: word(32),
    flags: word(33),
    ...readVectors(view, VECTORS),
  };
}

/** Reads what {@linkcode writeVectors} has written. */
export function readVectors(
  view: DataView,
  at: number,
): Pick<UserState, "v" | "fpcr" | "fpsr"> {
  const word = (offset: number): bigint => view.getBigUint64(at + offset, true);
  return {
    v: Array.from({ length: 32 }, (_, i) => word(16 * i) | (word(16 * i + 8) << 64n)),
    fpcr: word(512),
    fpsr: word(520),
  };
}
