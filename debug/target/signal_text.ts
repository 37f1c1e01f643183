/**
 * Signals in words.
 *
 * @module
 */
import type { SignalInfo } from "./target.ts";

/** Names of signals by their numbers on Linux, from 1 on (`signal(7)`). */
const NAMES = [
  ..."HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT".split(" "),
  ..."CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS".split(" "),
];

/** What codes of faults mean (`sigaction(2)`), from 1 on. */
const CODES: Readonly<Record<string, readonly string[]>> = {
  ILL: [
    "illegal opcode",
    "illegal operand",
    "illegal addressing mode",
    "illegal trap",
    "privileged opcode",
    "privileged register",
    "coprocessor error",
    "stack error",
  ],
  TRAP: ["breakpoint", "trace trap", "branch", "hardware breakpoint or watchpoint"],
  BUS: ["misaligned address", "no such physical address", "hardware error"],
  FPE: [
    "integer division by zero",
    "integer overflow",
    "division by zero",
    "overflow",
    "underflow",
    "inexact result",
    "invalid operation",
    "subscript out of range",
  ],
  SEGV: [
    "address not mapped",
    "access not allowed",
    "bounds check",
    "protection key",
  ],
};

/** A signal as one line: its name, and for a fault why and where. */
export function signalText({ number, code, address }: SignalInfo): string {
  const name = NAMES[number - 1];
  const why = name === undefined || code === undefined ? undefined : CODES[name]?.[code - 1];
  const where = address === undefined || why === undefined ? "" : `: 0x${address.toString(16)}`;
  return `${name === undefined ? `signal ${number}` : `SIG${name}`}${
    why ? `, ${why}${where}` : ""
  }`;
}
