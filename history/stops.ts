/**
 * Where runs of a history stop: breakpoints, which may be of one task, and what a stop is.
 *
 * @module
 */

import { ADDRESSES } from "../arch/page_tables.ts";
import type { Machine, RunResult } from "../kernel/machine.ts";
import type { PerCpu } from "../kernel/mod.ts";
import { HistoryError } from "./errors.ts";

/** A stop of a run that a user may want: before an instruction, or behind an access. */
export type Stop = Extract<RunResult, { readonly kind: "breakpoint" | "watchpoint" }>;

/** An address to stop at until it is disposed of. */
export interface Breakpoint extends Disposable {
  /** Virtual address of the instruction. */
  readonly address: bigint;
  /** Number of the only task whose threads stop there, or `null`. */
  readonly task: number | null;
}

/** The breakpoints of a history. Others, which the machine was given, count for every task. */
export class Breakpoints {
  readonly #machine: Machine;
  readonly #all = new Map<bigint, Set<Breakpoint>>();

  /** None yet. */
  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Adds one. @throws {HistoryError} of kind `misuse` if there is no such address or task */
  add(address: bigint, { task = null }: { readonly task?: number | null } = {}): Breakpoint {
    if (typeof address !== "bigint" || address < 0n || address >= ADDRESSES) {
      throw new HistoryError(
        "misuse",
        `Cannot break at ${String(address)}: expected an unsigned 64-bit address`,
      );
    }
    if (task !== null && !(Number.isSafeInteger(task) && task >= 0)) {
      throw new HistoryError("misuse", `Cannot break in task ${task}: expected a task's number`);
    }
    const hook = this.#machine.addBreakpoint(address);
    const here = this.#all.get(address) ?? new Set();
    this.#all.set(address, here);
    const breakpoint: Breakpoint = {
      address,
      task,
      [Symbol.dispose]: () => {
        if (!here.delete(breakpoint)) return;
        if (here.size === 0) this.#all.delete(address);
        hook[Symbol.dispose]();
      },
    };
    here.add(breakpoint);
    return breakpoint;
  }

  /** Whether a breakpoint of the instruction the machine is at is for whoever is there. */
  areMeant(address: bigint): boolean {
    const here = this.#all.get(address);
    if (here === undefined) return true;
    const on = this.#machine.kernel.cpus[0] as PerCpu;
    for (const { task } of here) if (task === null || task === on.current.task.id) return true;
    return false;
  }
}
