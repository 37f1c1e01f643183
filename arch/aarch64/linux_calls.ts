/**
 * Linux's system calls on AArch64 (asm-generic/unistd.h). The thread pointer is a register that
 * programs write by themselves.
 *
 * @module
 */

import type { LinuxCalls } from "../linux_calls.ts";

/** Numbers of the calls. */
export const linuxCalls: LinuxCalls = {
  names: new Map([
    [64, "write"],
    [93, "exit"],
    [94, "exit_group"],
    [135, "rt_sigprocmask"],
  ]),
  pointerRequests: new Map(),
};
