/**
 * Signals, which gdb numbers its own way (`include/gdb/signals.def`), in Linux's numbers.
 *
 * @module
 */
import type { SignalInfo } from "../../../debug/target/mod.ts";

/** Linux's numbers by gdb's, where they differ. */
const LINUX: ReadonlyMap<number, number> = new Map([
  [7, 0], // SIGEMT, which Linux has not
  [10, 7], // SIGBUS
  [12, 31], // SIGSYS
  [16, 23], // SIGURG
  [17, 19], // SIGSTOP
  [18, 20], // SIGTSTP
  [19, 18], // SIGCONT
  [20, 17], // SIGCHLD
  [23, 29], // SIGIO
  [29, 0], // SIGLOST
  [30, 10], // SIGUSR1
  [31, 12], // SIGUSR2
  [32, 30], // SIGPWR
]);

/** The first of gdb's numbers that Linux's do not begin with, and those of real-time signals. */
const LAST_COMMON = 32;
const REAL_TIME_33 = 45;
const REAL_TIME_63 = 75;
const REAL_TIME_32 = 77;
const REAL_TIME_64 = 78;

/** Linux's number of a signal; 0 if it has none. */
export function linuxSignal(number: number): number {
  if (number >= REAL_TIME_33 && number <= REAL_TIME_63) return number - REAL_TIME_33 + 33;
  if (number === REAL_TIME_32) return 32;
  if (number === REAL_TIME_64) return 64;
  if (number > LAST_COMMON) return 0;
  return LINUX.get(number) ?? number;
}

/** Signals that say which address was at fault. */
const FAULTS = new Set([4, 5, 7, 8, 11]);

/**
 * What stopped a thread; undefined if it was no signal.
 * @param number gdb's number
 * @param info Linux's `siginfo_t`, where it is known
 */
export function signalOf(number: number, info: Uint8Array | undefined): SignalInfo | undefined {
  const linux = linuxSignal(number);
  if (linux === 0) return undefined;
  if (info === undefined || info.length < 24) return { number: linux };
  const view = new DataView(info.buffer, info.byteOffset, info.length);
  if (view.getInt32(0, true) !== linux) return { number: linux };
  const code = view.getInt32(8, true);
  // A positive code is the kernel's: only then there is an address.
  const isFault = FAULTS.has(linux) && code > 0 && code < 0x80;
  return isFault
    ? { number: linux, code, address: view.getBigUint64(16, true) }
    : { number: linux, code };
}
