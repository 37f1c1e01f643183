/**
 * Linux's system calls on x86-64 (arch/x86/entry/syscalls/syscall_64.tbl, asm/prctl.h).
 *
 * @module
 */

import type { LinuxCalls } from "../linux_calls.ts";

const FS = 0;
const GS = 1;

/** Numbers of the calls, and codes of `arch_prctl`. */
export const linuxCalls: LinuxCalls = {
  names: new Map([
    [1, "write"],
    [14, "rt_sigprocmask"],
    [60, "exit"],
    [158, "arch_prctl"],
    [231, "exit_group"],
  ]),
  pointerRequests: new Map([
    [0x1001, { pointer: GS, sets: true }],
    [0x1002, { pointer: FS, sets: true }],
    [0x1003, { pointer: FS, sets: false }],
    [0x1004, { pointer: GS, sets: false }],
  ]),
};
