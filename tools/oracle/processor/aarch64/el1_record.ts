/**
 * What a bare-metal case has left behind, as `el1.S` records it.
 *
 * @module
 */
import type { Outcome } from "../differences.ts";

const SLOTS = ["synchronous", "IRQ", "FIQ", "SError"];
const ORIGINS = ["EL1t", "EL1h", "EL0", "AArch32"];
/** Words of a record before x0. */
const NAMES = ["esr", "far", "elr", "spsr", "sp_el0", "sp_el1", "pstate", "memory", "par"];

/** A record in words. */
export function outcomeOfRecord(view: DataView): Outcome {
  const word = (i: number): bigint => view.getBigUint64(8 * i, true);
  const slot = Number(word(0));
  return {
    exception: `${SLOTS[slot & 3]} from ${ORIGINS[slot >> 2]}`,
    ...Object.fromEntries(NAMES.map((name, i) => [name, word(i + 1).toString(16)])),
    ...Object.fromEntries(
      Array.from({ length: 31 }, (_, i) => [`x${i}`, word(NAMES.length + 1 + i).toString(16)]),
    ),
  };
}
