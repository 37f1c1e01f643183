/**
 * Watchpoints in the debug registers (Arm ARM, D2.10; DBGWVR<n>_EL1 and DBGWCR<n>_EL1, D13.3).
 *
 * @module
 */

import { AArch64SystemRegister, type Engine } from "../../unicorn/mod.ts";
import type { WatchRange } from "../arch.ts";
import { ExceptionClass, IL } from "./syndrome.ts";

/** Watchpoints of the model, ID_AA64DFR0_EL1.WRPs. */
const COUNT = 4;
const PSTATE_MODE = 0xf;
const PSTATE_D = 1 << 9;
/** MDSCR_EL1: breakpoints and watchpoints, and debug exceptions at EL1. */
const MDE = 1n << 15n;
const KDE = 1n << 13n;
/** DFSC of debug exceptions, and WnR. */
const DEBUG_STATUS = 0x22;
const WRITE = 1 << 6;
const LOAD = 1;
const STORE = 2;
/** DBGBCR.BT of a context match that others are linked to. */
const LINKED_CONTEXT = 3;
/** VA[48:2], sign-extended. */
const ADDRESS_BITS = 49;

/** The bytes of a watchpoint, and what its control register says. */
export interface DebugWatchpoint extends WatchRange {
  /** DBGWCR<n>_EL1. */
  readonly control: number;
}

/** The watchpoints that are enabled, whatever else keeps them from being taken. */
export function debugWatchpoints(engine: Engine): DebugWatchpoint[] {
  return Array.from({ length: COUNT }, (_, index) => {
    const control = Number(engine.readDebugRegister("wcr", index));
    if ((control & 1) === 0) return undefined;
    return watchpoint(control, engine.readDebugRegister("wvr", index));
  }).filter((found) => found !== undefined);
}

/** What two registers mean; `undefined` if they can match nothing. */
function watchpoint(control: number, value: bigint): DebugWatchpoint | undefined {
  const kinds = (control >>> 3) & 3;
  const mask = (control >>> 24) & 0x1f;
  const base = BigInt.asUintN(64, BigInt.asIntN(ADDRESS_BITS, value)) & ~3n;
  const kind = { reads: (kinds & LOAD) !== 0, writes: (kinds & STORE) !== 0, control };
  if (kinds === 0 || mask === 1 || mask === 2) return undefined;
  if (mask !== 0) {
    const size = 2 ** mask;
    return { address: base & ~BigInt(size - 1), size, ...kind };
  }
  // An address that is not a multiple of 8 leaves the upper four bytes out.
  const bytes = ((control >>> 5) & 0xff) & ((base & 4n) === 0n ? 0xff : 0xf);
  if (bytes === 0) return undefined;
  // Bytes that are not side by side are unpredictable: the first ones count.
  const first = 31 - Math.clz32(bytes & -bytes);
  const size = 31 - Math.clz32(~(bytes >>> first) & -~(bytes >>> first));
  return { address: base + BigInt(first), size, ...kind };
}

/** What decides whether a watchpoint's exception is taken. */
export interface DebugContext {
  /** PSTATE of the instruction. */
  readonly pstate: number;
  /** MDSCR_EL1 as the guest has it. */
  readonly mdscr: bigint;
  /** Whether the access is made with the rights of EL0, by LDTR or STTR. */
  readonly unprivileged: boolean;
}

/** Whether a watchpoint that has matched an access makes an exception. */
export function isTaken(
  engine: Engine,
  { control }: DebugWatchpoint,
  { pstate, mdscr, unprivileged }: DebugContext,
): boolean {
  const isUser = (pstate & PSTATE_MODE) === 0;
  if ((mdscr & MDE) === 0n) return false;
  if (!isUser && ((mdscr & KDE) === 0n || (pstate & PSTATE_D) !== 0)) return false;
  // SSC: everything here is in Secure state.
  const security = (control >>> 14) & 3;
  if (security === 1 || security === 3) return false;
  const levels = (control >>> 1) & 3;
  const level = isUser || unprivileged ? 2 : 1;
  if ((levels & level) === 0) return false;
  return (control & (1 << 20)) === 0 || isLinked(engine, (control >>> 16) & 0xf);
}

/** Whether the breakpoint that a watchpoint is linked to matches the context. */
function isLinked(engine: Engine, index: number): boolean {
  if (index >= BREAKPOINTS) return false;
  const control = Number(engine.readDebugRegister("bcr", index));
  if ((control & 1) === 0 || ((control >>> 20) & 0xf) !== LINKED_CONTEXT) return false;
  const context = engine.readSystemRegister(AArch64SystemRegister.CONTEXTIDR_EL1);
  return BigInt.asUintN(32, context) === BigInt.asUintN(32, engine.readDebugRegister("bvr", index));
}

/** Breakpoints of the model. */
const BREAKPOINTS = 6;

/** ESR_EL1 of a watchpoint exception. */
export function watchpointSyndrome(write: boolean, pstate: number): number {
  const ec = (pstate & PSTATE_MODE) === 0
    ? ExceptionClass.WATCHPOINT_LOWER
    : ExceptionClass.WATCHPOINT_SAME;
  return ((ec << 26) | IL | DEBUG_STATUS | (write ? WRITE : 0)) >>> 0;
}
