/**
 * The unwindings of one thread as data: where each is on its way, and which exceptions handlers
 * hold.
 *
 * @module
 */

import type { UnwindingState } from "../../unwind/exception/mod.ts";

/** What started an unwinding. */
export type UnwindCause = "panic" | "throw" | "exception" | "kill" | "forced";

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
  /**
   * Canonical frame address of the stack frame landed in last; `null` before the first landing. It
   * is what runs the cleanup, and says where the cleanup is.
   */
  readonly landingCfa: bigint | null;
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

  /**
   * Those with a cleanup that has begun, innermost last. A cleanup may be suspended with its stack,
   * so not all of them need be where the thread is.
   */
  get running(): readonly Unwind[] {
    return this.#active.filter(({ progress }) => progress.phase === "unwinding");
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
  advance(changes: Partial<Pick<Unwind, "progress" | "landings" | "landingCfa">>): void {
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

  /**
   * A handler is done with the exception of an object, or the program with a forced unwinding:
   * forgets and returns it.
   */
  release(object: bigint): Unwind | undefined {
    return take(this.#caught, (unwind) => unwind.object === object) ??
      take(this.#active, (unwind) => unwind.object === object && unwind.cause === "forced");
  }

  /** Forgets and returns the one of an object whose cleanup has begun. */
  takeRunning(object: bigint): Unwind | undefined {
    return take(
      this.#active,
      (unwind) => unwind.object === object && unwind.progress.phase === "unwinding",
    );
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

/** Removes the last element that fits and returns it. */
function take(list: Unwind[], fits: (unwind: Unwind) => boolean): Unwind | undefined {
  const index = list.findLastIndex(fits);
  return index < 0 ? undefined : list.splice(index, 1)[0];
}
