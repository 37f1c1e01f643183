/**
 * What a page fault is.
 *
 * @module
 */

import type { GuestLabel } from "../../arch/guest_labels.ts";

/** A fault of the current thread in its own task's address space. */
export interface Fault {
  /** Faulting address. */
  readonly address: bigint;
  /** What was tried. */
  readonly access: "read" | "write" | "execute";
  /** Label to start at again after a page was read, or `null` to keep the stack. */
  readonly label: GuestLabel | null;
}
