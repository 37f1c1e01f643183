/**
 * What Linux makes of an exception from EL0: arch/arm64/kernel/entry-common.c, traps.c and
 * mm/fault.c in words.
 *
 * @module
 */
import type { TrapFrame } from "../../../../arch/mod.ts";

/** A signal. */
export interface Signal {
  /** Number. */
  readonly signal: number;
  /** `si_code`. */
  readonly code: number;
  /** `si_addr`. */
  readonly address: bigint;
}

/** The exception registers. */
export interface Exception {
  /** ESR_EL1. */
  readonly esr: bigint;
  /** FAR_EL1. */
  readonly far: bigint;
  /** ELR_EL1. */
  readonly pc: bigint;
}

const SIGILL = 4;
const SIGTRAP = 5;
const SIGBUS = 7;
const SIGSEGV = 11;
const ILL_ILLOPC = 1;
const TRAP_BRKPT = 1;
const BUS_ADRALN = 1;
const SEGV_MAPERR = 1;
const SEGV_ACCERR = 2;
const ENOSYS = 38n;
/** DFSC and IFSC of an alignment fault. */
const STATUS_ALIGNMENT = 0x21;

/**
 * The signal of an exception, or `undefined` if Linux goes on after it: it has then changed the
 * frame.
 */
export function signalOf({ esr, far, pc }: Exception, frame: TrapFrame): Signal | undefined {
  const ec = Number(esr >> 26n) & 0x3f;
  switch (ec) {
    case 0x01: // WFI and WFE: time passes
      frame.pc = pc + 4n;
      return undefined;
    case 0x15: // SVC; the cases ask for a system call that does not exist
      frame.setRegister("x0", BigInt.asUintN(64, -ENOSYS));
      return undefined;
    case 0x20:
    case 0x24:
      return abort(Number(esr & 0x3fn), far);
    case 0x22:
      return { signal: SIGBUS, code: BUS_ADRALN, address: far };
    case 0x26:
      return { signal: SIGBUS, code: BUS_ADRALN, address: frame.sp };
    case 0x3c:
      return { signal: SIGTRAP, code: TRAP_BRKPT, address: pc };
    default: // undefined, illegal execution state, trapped system registers
      return { signal: SIGILL, code: ILL_ILLOPC, address: pc };
  }
}

function abort(status: number, far: bigint): Signal {
  const address = untagged(far);
  if (status === STATUS_ALIGNMENT) return { signal: SIGBUS, code: BUS_ADRALN, address };
  const kind = status >> 2;
  if (kind === 1) return { signal: SIGSEGV, code: SEGV_MAPERR, address };
  if (kind === 2 || kind === 3) return { signal: SIGSEGV, code: SEGV_ACCERR, address };
  throw new Error(`Cannot tell the signal of an abort with status 0x${status.toString(16)}`);
}

/** The address without its tag, unless the tag is the sign. */
function untagged(address: bigint): bigint {
  return address & BigInt.asUintN(64, BigInt.asIntN(56, address));
}
