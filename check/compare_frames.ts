/**
 * Comparing a walk with the stack frames that calls and traps have made.
 *
 * @module
 */

import { hex } from "../arch/physical_memory.ts";
import { InputError } from "../bytes/mod.ts";
import { type Frame, type FrameIterator, type RegisterSet, slotMap } from "../unwind/walk/mod.ts";
import { registerName } from "../unwind/cfi/mod.ts";
import type { ExpectedFrame } from "./call_types.ts";

/** What is wrong with a walk. */
export interface Difference {
  /** Number of the first stack frame that is wrong, 0 for the innermost. */
  readonly frame: number;
  /** What is wrong with it, one line. */
  readonly reason: string;
}

/**
 * Compares a walk that has not begun with the stack frames it must find; `whole` says whether it
 * must end there.
 * @returns the first difference, or `undefined` if there is none
 */
export function compareFrames(
  walk: FrameIterator,
  expected: readonly ExpectedFrame[],
  whole: boolean,
): Difference | undefined {
  let index = 0;
  try {
    for (; index < expected.length; index++) {
      const { value: found } = walk.next();
      if (found === undefined) return { frame: index, reason: `the walk ends: ${walk.end}` };
      const reason = differs(expected[index] as ExpectedFrame, found);
      if (reason !== undefined) return { frame: index, reason };
    }
    if (!whole) return undefined;
    if (!walk.next().done) return { frame: index, reason: "the walk goes on" };
    return walk.end === "return-address-undefined" || walk.end === "return-address-zero"
      ? undefined
      : { frame: index - 1, reason: `the walk ends: ${walk.end}` };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { frame: index, reason: error.message };
  }
}

function differs(expected: ExpectedFrame, found: Frame): string | undefined {
  const { pc, cfa, interrupted, registers } = expected;
  if (found.pc !== pc) return `PC is ${hex(found.pc)}, expected ${hex(pc)}`;
  if (found.interrupted !== interrupted) {
    return interrupted ? "is taken for a call" : "is taken for interrupted";
  }
  if (registers !== undefined) {
    const reason = differingRegister(registers, found.registers, expected.allRegisters);
    if (reason !== undefined) return reason;
  }
  if (cfa !== undefined && found.cfa !== cfa) {
    return `CFA is ${found.cfa === undefined ? "unknown" : hex(found.cfa)}, expected ${hex(cfa)}`;
  }
  return undefined;
}

/** Compares half words in place: that is done for every frame of every walk. */
function differingRegister(
  wanted: RegisterSet,
  found: RegisterSet,
  all: boolean,
): string | undefined {
  const { savedLow, savedHigh, count, registers, slotOf } = slotMap(wanted.machine);
  const want = wanted.block();
  const have = found.block();
  const low = want.knownLow & (all ? -1 : savedLow);
  const high = want.knownHigh & (all ? -1 : savedHigh);
  // Calls preserve the platform register on some systems only; the guest has it as a temporary one.
  const platform = all ? -1 : slotOf[wanted.numbers.platform ?? -1];
  for (let slot = 0; slot < count; slot++) {
    const bit = 1 << (slot & 31);
    if (((slot < 32 ? low : high) & bit) === 0 || slot === platform) continue;
    const isKnown = ((slot < 32 ? have.knownLow : have.knownHigh) & bit) !== 0;
    // Tables may say that a register is lost, but not of one that calls preserve.
    if (!isKnown && ((slot < 32 ? savedLow : savedHigh) & bit) === 0) continue;
    const a = want.base + 2 * slot;
    const b = have.base + 2 * slot;
    if (
      isKnown && want.words[a] === have.words[b] && want.words[a + 1] === have.words[b + 1]
    ) continue;
    const register = registers.tracked[slot] ?? -1;
    const value = found.get(register);
    return `${registerName(wanted.machine, register)} is ${
      value === undefined ? "unknown" : hex(value)
    }, expected ${hex(wanted.get(register) ?? 0n)}`;
  }
  return undefined;
}
