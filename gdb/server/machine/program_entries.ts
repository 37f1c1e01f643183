/**
 * Where the kernel leaves for a program.
 *
 * @module
 */

import { ArchError } from "../../../arch/errors.ts";
import type { GuestLabel } from "../../../arch/guest_labels.ts";
import type { Machine } from "../../../kernel/machine.ts";

/** Labels of the guest kernel behind which there is a program and nothing else. */
const LABELS: readonly GuestLabel[] = [
  "exit_to_user",
  "exit_to_user_sysret",
  "exit_to_kernel",
  "enter_program",
];

/** Stops at them while they are armed. */
export class ProgramEntries {
  readonly #machine: Machine;
  readonly #addresses: readonly bigint[];
  #hooks: Disposable[] = [];

  /** Those of a machine. */
  constructor(machine: Machine) {
    this.#machine = machine;
    const { image } = machine.kernel.arch;
    this.#addresses = LABELS.flatMap((label) => {
      try {
        return [image.label(label)];
      } catch (error) {
        if (error instanceof ArchError) return [];
        throw error;
      }
    });
  }

  /** Has runs stop there. */
  arm(): void {
    if (this.#hooks.length > 0) return;
    this.#hooks = this.#addresses.map((address) => this.#machine.addBreakpoint(address));
  }

  /** Has them stop there no more. */
  disarm(): void {
    for (const hook of this.#hooks) hook[Symbol.dispose]();
    this.#hooks = [];
  }

  /** Whether an address is one, and runs stop there. */
  has(address: bigint): boolean {
    return this.#hooks.length > 0 && this.#addresses.includes(address);
  }
}
