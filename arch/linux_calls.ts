/**
 * What an architecture says of Linux's system calls, for tasks that ask for them.
 *
 * @module
 */

/** Names of the calls that the kernel knows. */
export type LinuxCallName = "rt_sigprocmask" | "write" | "exit" | "exit_group" | "arch_prctl";

/** What a request of `arch_prctl` is about. */
export interface PointerRequest {
  /** Number of the thread pointer, as in `Cpu.setThreadPointer`. */
  readonly pointer: number;
  /** Whether it is set, or written to memory. */
  readonly sets: boolean;
}

/** Linux's numbers on an architecture. */
export interface LinuxCalls {
  /** Names by number. */
  readonly names: ReadonlyMap<number, LinuxCallName>;
  /** Requests of `arch_prctl` by code; empty where there is no such call. */
  readonly pointerRequests: ReadonlyMap<number, PointerRequest>;
}
