/**
 * The unwindings of one thread as data: where each is on its way, and which exceptions handlers
 * hold.
 *
 * @module
 */

import type { UnwindingState } from "../../unwind/exception/mod.ts";

/** What started an unwinding. */
export type UnwindCause = "panic" | "throw" | "exception" | "kill";

/** One unwinding on its way through one stack. */
export interface Unwind {
  /** Guest address of the exception object, which landing pads hand to `_Unwind_Resume`. */
  readonly object: bigint;
  /** Class of the exception. */
  readonly exceptionClass: bigint;
  /** What started it. */
  readonly cause: UnwindCause;
  /** What will be said of the task if nothing takes it: one line. */
  readonly reason: string;
  /** Stack frames at the start that belong to the panic itself. */
  readonly skip: number;
  /**
   * What was thrown, for the types of handlers: its type information and its address; `null` if no
   * C++ exception.
   */
  readonly thrown: { readonly type: bigint; readonly address: bigint } | null;
  /**
   * Where the kernel put an exception object of its own, to be freed; `null` if the program made
   * it.
   */
  readonly page: bigint | null;
  /** How far the two phases have come. */
  readonly progress: UnwindingState;
  /** Landing pads entered. */
  readonly landings: number;
  /** Stack pointer of the last landing: calls of the cleanup are below it. */
  readonly landingSp: bigint;
}

/** Everything there is to know of a thread's unwindings. */
export interface UnwindsRecord {
  /** Those that no handler has taken, innermost last. */
  readonly active: readonly Unwind[];
  /** Those whose exception a handler holds, innermost last. */
  readonly caught: readonly Unwind[];
}

/** A thread's unwindings, innermost last. */
export class Unwinds {
  #active: Unwind[] = [];
  #caught: Unwind[] = [];

  /** The innermost one that no handler has taken. */
  get innermost(): Unwind | undefined {
    return this.#active.at(-1);
  }

  /** The one whose cleanup is being run: an exception thrown now is thrown inside a cleanup. */
  get running(): Unwind | undefined {
    const unwind = this.innermost;
    return unwind?.progress.phase === "unwinding" ? unwind : undefined;
  }

  /** The exception that the innermost handler holds. */
  get held(): Unwind | undefined {
    return this.#caught.at(-1);
  }

  /** An unwinding begins. */
  begin(unwind: Unwind): void {
    this.#active.push(unwind);
  }

  /** The innermost one has come further. */
  advance(changes: Partial<Pick<Unwind, "progress" | "landings" | "landingSp">>): void {
    const unwind = this.#active.pop();
    if (unwind !== undefined) this.#active.push({ ...unwind, ...changes });
  }

  /** The innermost one has come to its end. */
  end(): void {
    this.#active.pop();
  }

  /** A handler takes the innermost one. */
  catch(): void {
    const unwind = this.#active.pop();
    if (unwind !== undefined) this.#caught.push(unwind);
  }

  /** A handler is done with the exception of an object: forgets and returns it. */
  release(object: bigint): Unwind | undefined {
    const index = this.#caught.findIndex((unwind) => unwind.object === object);
    return index < 0 ? undefined : this.#caught.splice(index, 1)[0];
  }

  /** Forgets all; returns them. */
  clear(): Unwind[] {
    const all = [...this.#active, ...this.#caught];
    this.#active = [];
    this.#caught = [];
    return all;
  }

  /** Everything there is to know. */
  save(): UnwindsRecord {
    return { active: this.#active.slice(), caught: this.#caught.slice() };
  }

  /** Takes over a record. */
  restore(record: UnwindsRecord): void {
    this.#active = record.active.slice();
    this.#caught = record.caught.slice();
  }
}
