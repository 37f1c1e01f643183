/**
 * The labels of the guest kernel's code. A label is how the kernel names what the guest is to run,
 * and how logs name where it is; a name that no image has does not compile.
 *
 * @module
 */

/**
 * Continuations: where a thread starts on an empty kernel stack (`guest/kernel/continuations.h`).
 */
export type GuestContinuation =
  | "startup_thread"
  | "idle_thread"
  | "reaper_thread"
  | "reaper_thread_continue"
  | "swapin_thread"
  | "swapin_thread_continue"
  | "task_reaper_thread"
  | "task_reaper_thread_continue"
  | "timeout_thread"
  | "timeout_thread_continue"
  | "pageout_thread"
  | "page_zero_thread"
  | "page_zero_thread_continue"
  | "io_done_thread"
  | "io_done_thread_continue"
  | "user_bootstrap"
  | "thread_bootstrap_return"
  | "thread_exception_return"
  | "user_page_fault_continuation"
  | "syscall_continuation";

/** A label of the guest kernel's code. */
export type GuestLabel =
  | GuestContinuation
  // Routines a hypercall can be answered with. SYSRET is x86-64's.
  | "call_continuation"
  | "copyin"
  | "copyout"
  | "enter_program"
  | "exit_to_kernel"
  | "exit_to_user"
  | "exit_to_user_sysret"
  | "fp_load"
  | "fp_save"
  | "fp_swap"
  | "idle_again"
  | "land"
  | "load_context"
  | "stack_handoff"
  | "switch_context"
  | "zero_page"
  // Places that the CPU, a changed program counter or other guest code leads to.
  | "boot"
  | "high_half"
  | "vectors"
  | "trap_from_user"
  | "thread_root"
  | "thread_start"
  | "copy_begin"
  | "copy_bytes"
  | "copy_end"
  | "copy_fault"
  // Those of one architecture: x86-64's, then AArch64's.
  | "syscall_entry"
  | "trap_entry"
  | "exit_to_el1t"
  | "trap_from_el1h"
  | "trap_from_el1t"
  | "trap_from_kernel";

/** Every label; the compiler refuses one that is missing here. */
const EVERY_LABEL: Readonly<Record<GuestLabel, true>> = {
  startup_thread: true,
  idle_thread: true,
  reaper_thread: true,
  reaper_thread_continue: true,
  swapin_thread: true,
  swapin_thread_continue: true,
  task_reaper_thread: true,
  task_reaper_thread_continue: true,
  timeout_thread: true,
  timeout_thread_continue: true,
  pageout_thread: true,
  page_zero_thread: true,
  page_zero_thread_continue: true,
  io_done_thread: true,
  io_done_thread_continue: true,
  user_bootstrap: true,
  thread_bootstrap_return: true,
  thread_exception_return: true,
  user_page_fault_continuation: true,
  syscall_continuation: true,
  call_continuation: true,
  copyin: true,
  copyout: true,
  enter_program: true,
  exit_to_kernel: true,
  exit_to_user: true,
  exit_to_user_sysret: true,
  fp_load: true,
  fp_save: true,
  fp_swap: true,
  idle_again: true,
  land: true,
  load_context: true,
  stack_handoff: true,
  switch_context: true,
  zero_page: true,
  boot: true,
  high_half: true,
  vectors: true,
  trap_from_user: true,
  thread_root: true,
  thread_start: true,
  copy_begin: true,
  copy_bytes: true,
  copy_end: true,
  copy_fault: true,
  syscall_entry: true,
  trap_entry: true,
  exit_to_el1t: true,
  trap_from_el1h: true,
  trap_from_el1t: true,
  trap_from_kernel: true,
};

/** Every label of the guest kernel's code, on either architecture. */
export const GUEST_LABELS: readonly GuestLabel[] = Object.keys(EVERY_LABEL) as GuestLabel[];
