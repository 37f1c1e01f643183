/**
 * Signals, which gdb numbers its own way (`include/gdb/signals.def`), in Linux's numbers.
 *
 * @module
 */
import type { SignalInfo } from "../../../debug/target/mod.ts";
import { readSignalInfo } from "../../../debug/target/signal_info.ts";

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

/**
 * What stopped a thread; undefined if it was no signal.
 * @param number gdb's number
 * @param info Linux's `siginfo_t`, where it is known
 */
export function signalOf(number: number, info: Uint8Array | undefined): SignalInfo | undefined {
  const linux = linuxSignal(number);
  if (linux === 0) return undefined;
  const said = info && readSignalInfo(info);
  return said?.number === linux ? said : { number: linux };
}
