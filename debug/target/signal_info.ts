/**
 * Why a signal was sent, as Linux tells it.
 *
 * @module
 */
import { viewOf } from "./content.ts";
import type { SignalInfo } from "./target.ts";

/** Signals whose `siginfo_t` has the address of a fault: ILL, TRAP, BUS, FPE, SEGV. */
const FAULTS: ReadonlySet<number> = new Set([4, 5, 7, 8, 11]);
/** `SI_KERNEL`: the kernel does not know which address it was. */
const KERNEL = 0x80;

/**
 * What a `siginfo_t` says; undefined if it is cut off. Faults that the kernel found have positive
 * codes.
 */
export function readSignalInfo(bytes: Uint8Array): SignalInfo | undefined {
  if (bytes.length < 24) return undefined;
  const view = viewOf(bytes);
  const number = view.getInt32(0, true);
  const code = view.getInt32(8, true);
  const isFault = FAULTS.has(number) && code > 0 && code < KERNEL;
  return { number, code, ...(isFault ? { address: view.getBigUint64(16, true) } : {}) };
}
