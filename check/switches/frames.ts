/**
 * Stack frames of a walk, less those of the switch itself, and whether two walks found the same.
 *
 * @module
 */

import { hex } from "../../arch/physical_memory.ts";
import { InputError } from "../../bytes/mod.ts";
import type { Frame, FrameIterator } from "../../unwind/walk/mod.ts";
import { machineRegisters, registerName } from "../../unwind/cfi/mod.ts";

/** Stack frames, innermost first. */
export interface Chain {
  /** Those outside of the switch. */
  readonly frames: readonly Frame[];
  /** Why the walk ended too early, if it did. */
  readonly error: string | null;
}

/** Walks to the end, and leaves out the frames of code that `skip` says. */
export function chainOf(walk: FrameIterator, skip: (address: bigint) => boolean): Chain {
  const frames: Frame[] = [];
  try {
    for (const frame of walk) if (!skip(frame.lookupAddress)) frames.push(frame);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { frames, error: error.message };
  }
  const ended = walk.end === "return-address-undefined" || walk.end === "return-address-zero";
  return { frames, error: ended ? null : `the walk ends: ${walk.end}` };
}

/** What differs between two stack frames; undefined if nothing does. */
function differs(found: Frame, wanted: Frame): string | undefined {
  if (found.pc !== wanted.pc) return `PC is ${hex(found.pc)}, expected ${hex(wanted.pc)}`;
  if (found.cfa !== wanted.cfa) {
    const cfa = found.cfa === undefined ? "unknown" : hex(found.cfa);
    return `CFA is ${cfa}, expected ${hex(wanted.cfa ?? 0n)}`;
  }
  const { machine } = found.registers;
  const { calleeSaved, platform } = machineRegisters(machine);
  for (const register of calleeSaved) {
    if (register === platform) continue;
    const value = wanted.registers.get(register);
    const have = found.registers.get(register);
    if (value === undefined || value === have) continue;
    const name = registerName(machine, register);
    return `${name} is ${have === undefined ? "unknown" : hex(have)}, expected ${hex(value)}`;
  }
  return undefined;
}

/**
 * The first difference between a chain and the one wanted; undefined if there is none. Where the one
 * wanted is not known to its end, nothing is said of what follows.
 */
export function chainDiffers(found: Chain, wanted: Chain): string | undefined {
  for (const [i, frame] of wanted.frames.entries()) {
    const other = found.frames[i];
    if (other === undefined) return `frame ${i}: ${found.error ?? "the walk ends"}`;
    const reason = differs(other, frame);
    if (reason !== undefined) return `frame ${i}: ${reason}`;
  }
  if (wanted.error !== null) return undefined;
  const { length } = wanted.frames;
  const next = found.frames[length];
  if (next !== undefined) return `frame ${length}: the walk goes on to ${hex(next.pc)}`;
  return found.error === null ? undefined : `frame ${length}: ${found.error}`;
}

/** Whether `end` is where a chain ends; then what comes before it. */
export function beforeEnd(
  chain: readonly Frame[],
  end: readonly Frame[],
): readonly Frame[] | undefined {
  const at = chain.length - end.length;
  if (at < 0) return undefined;
  for (const [i, frame] of end.entries()) {
    const other = chain[at + i];
    if (other === undefined || differs(other, frame) !== undefined) return undefined;
  }
  return chain.slice(0, at);
}
