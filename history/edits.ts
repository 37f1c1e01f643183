/**
 * What is done to a machine from outside, and done again whenever a replay comes by.
 *
 * @module
 */

import type { Machine } from "../kernel/machine.ts";
import type { Snapshot } from "../kernel/snapshot/mod.ts";

/** One change from outside, as plain data. */
export type Edit =
  | {
    /** Memory was written. */
    readonly kind: "memory";
    /** Number of the task whose address it is. */
    readonly task: number;
    /** Virtual address of the first byte. */
    readonly address: bigint;
    /** What was written. */
    readonly bytes: Uint8Array;
  }
  | {
    /** A register was set: the CPU's, or that of a thread's program. */
    readonly kind: "register";
    /** Number of the thread, or `null` for what the CPU holds. */
    readonly thread: number | null;
    /** Its name. */
    readonly name: string;
    /** Its value. */
    readonly value: bigint;
  }
  | {
    /** An interrupt line was asserted. */
    readonly kind: "interrupt";
    /** The line. */
    readonly line: number;
  }
  | {
    /** Anything else: this is what the machine was afterwards. */
    readonly kind: "state";
    /** The machine. */
    readonly snapshot: Snapshot;
  }
  | {
    /** It was made before history begins by now: no replay comes by. */
    readonly kind: "forgotten";
  };

/** Does to a machine what an edit says. @throws {KernelError} if it cannot be done */
export function applyEdit(machine: Machine, edit: Edit): void {
  switch (edit.kind) {
    case "memory":
      return machine.writeMemory(edit.address, edit.bytes, { task: edit.task });
    case "register": {
      const { name, value, thread } = edit;
      return machine.setRegister(name, value, thread === null ? {} : { thread });
    }
    case "interrupt":
      return machine.injectInterrupt(edit.line);
    case "state":
      return machine.restore(edit.snapshot);
    case "forgotten":
      return;
  }
}
