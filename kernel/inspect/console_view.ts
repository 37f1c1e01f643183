/**
 * What programs have printed, for whoever looks at a machine.
 *
 * @module
 */

import type { Kernel } from "../kernel.ts";
import { findTask } from "./find.ts";

/** The output of programs, from the machine's start; of very much output, the last MiB. */
export class ConsoleView {
  readonly #k: Kernel;

  /** The output of a kernel's programs. */
  constructor(k: Kernel) {
    this.#k = k;
  }

  /**
   * The bytes that all programs have printed, in order, or one task has.
   * @param task its number or name
   * @throws {KernelError} of kind `misuse` if there is no such task, or more than one
   */
  bytes(task?: number | string): Uint8Array<ArrayBuffer> {
    const id = task === undefined ? undefined : findTask(this.#k, task).id;
    return Uint8Array.from(this.#k.console.read(id), (byte) => byte.charCodeAt(0));
  }

  /** The same as text in UTF-8; bytes that are none become U+FFFD. */
  text(task?: number | string): string {
    return new TextDecoder().decode(this.bytes(task));
  }
}
