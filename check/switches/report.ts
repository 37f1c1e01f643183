/**
 * What is found about switches between stacks, as plain data.
 *
 * @module
 */

import type { RunResult } from "../../kernel/mod.ts";

/** What a switch does not do. */
export type SwitchProblemKind =
  /** The walk finds neither the stack frames that are left nor those that are entered. */
  | "walk"
  /** A register that calls keep has another value when a stack goes on. */
  | "register"
  /** Floating-point control has another value. */
  | "fp-control"
  /** A word is written that is not the switch's own. */
  | "write"
  /** An interrupt before an instruction changes what comes of the switch. */
  | "interrupt";

/** Something that is wrong, found once or often. */
export interface SwitchProblem {
  /** What is wrong. */
  readonly kind: SwitchProblemKind;
  /** The routine, or what is named in its place. */
  readonly routine: string;
  /** Bytes into the routine of the instruction before which it shows; of the entry for a switch. */
  readonly offset: number;
  /** What it is about: the name of a register, or `""`. */
  readonly subject: string;
  /** One line on the first time. */
  readonly reason: string;
  /** How many times. */
  count: number;
}

/** What was verified. */
export interface SwitchReport {
  /** How the machine came to stop. */
  readonly result: RunResult;
  /** Switches followed from entry to arrival. */
  readonly switches: number;
  /** Of those, arrivals at a place that was saved before, so that it is known what it must be. */
  readonly resumed: number;
  /** Instructions of switches that were looked at. */
  readonly instructions: number;
  /** Stack frames compared, in all walks. */
  readonly frames: number;
  /** Interrupts tried, one a run. */
  readonly interrupts: number;
  /** Names of the routines in which instructions were looked at. */
  readonly routines: readonly string[];
  /** What is wrong, in the order found. */
  readonly problems: readonly SwitchProblem[];
}

/** A word that a switch has changed. */
export interface SwitchWrite {
  /** Its address. */
  readonly address: bigint;
  /** What it was. */
  readonly before: bigint;
  /** What it is. */
  readonly after: bigint;
  /** Routine that was entered. */
  readonly routine: string;
  /** The first arguments at its entry. */
  readonly arguments: readonly bigint[];
}

/** Collects problems, each once. */
export class Problems {
  readonly #all = new Map<string, SwitchProblem>();

  /** All, in the order found. */
  get list(): readonly SwitchProblem[] {
    return [...this.#all.values()];
  }

  /** Notes one more. */
  add(problem: Omit<SwitchProblem, "count">): void {
    const { kind, routine, offset, subject } = problem;
    const key = `${kind} ${routine} ${offset} ${subject}`;
    const known = this.#all.get(key);
    if (known === undefined) this.#all.set(key, { ...problem, count: 1 });
    else known.count++;
  }
}
