/**
 * Trap frames: what an exception or interrupt pushed, described as data. The vector code of a
 * kernel may carry CFI of its own, marked with `.cfi_signal_frame`; where it does not, a range of
 * code is registered with a callback that describes the trap frame.
 *
 * @module
 */
import type { MemoryReader } from "./memory.ts";
import type { RegisterSet } from "./register_set.ts";

/** The privilege level the processor was taken from. */
export type TrapOrigin = "user" | "kernel";

/** One trap frame: where the interrupted code's registers are. */
export interface TrapFrameDescription {
  /** Address of the trap frame. */
  readonly base: bigint;
  /**
   * Offset from the base, in bytes, of each saved register by DWARF number; the program counter's
   * number must be among them.
   */
  readonly saved: ReadonlyMap<number, number>;
  /**
   * Registers that are known without memory, for example a stack pointer that is the end of the
   * frame.
   */
  readonly values?: ReadonlyMap<number, bigint>;
  /** Address that stands for the trap frame in backtraces; default the base. */
  readonly cfa?: bigint;
  /** Where the processor came from. */
  readonly from: TrapOrigin;
  /** What happened, for messages: `#PF`, `IRQ`, `data abort`. */
  readonly label?: string;
  /** Error code or syndrome, where the trap frame has one. */
  readonly code?: bigint;
}

/** What a describer is told. */
export interface TrapContext {
  /** Program counter inside the stub. */
  readonly pc: bigint;
  /** Registers at that point. */
  readonly registers: RegisterSet;
  /** Memory. */
  readonly memory: MemoryReader;
}

/** A range of trap-handling code that stands directly above a trap frame. */
export interface TrapStub {
  /** First address. */
  readonly begin: bigint;
  /** Address after it. */
  readonly end: bigint;
  /**
   * Describes the trap frame; undefined if there is none at this point of the stub, and the tables
   * are to be asked.
   */
  describe(context: TrapContext): TrapFrameDescription | undefined;
}

/** A fixed layout, from which {@linkcode describeTrap} makes descriptions. */
export interface TrapLayout {
  /** Offset of each saved register by DWARF number, for a trap frame without error code. */
  readonly saved: ReadonlyMap<number, number>;
  /**
   * Offset at which an error code is inserted; registers at and after it move up by 8 bytes in a
   * frame with one.
   */
  readonly errorCodeAt?: number;
}

/** What {@linkcode describeTrap} must be told of one frame. */
export interface TrapInstance {
  /** Address of the trap frame. */
  readonly base: bigint;
  /** Where the processor came from. */
  readonly from: TrapOrigin;
  /** Whether there is an error code, or room for one. */
  readonly withErrorCode?: boolean;
  /** What happened. */
  readonly label?: string;
  /** Error code or syndrome. */
  readonly code?: bigint;
}

/** The description of one frame of a fixed layout, with or without error code. */
export function describeTrap(
  layout: TrapLayout,
  instance: TrapInstance,
): TrapFrameDescription {
  const { base, from, label, code } = instance;
  const at = layout.errorCodeAt;
  const saved = at === undefined || instance.withErrorCode !== true ? layout.saved : new Map(
    [...layout.saved].map(([register, offset]) =>
      [register, offset >= at ? offset + 8 : offset] as const
    ),
  );
  return {
    base,
    saved,
    from,
    ...(label === undefined ? {} : { label }),
    ...(code === undefined ? {} : { code }),
  };
}
