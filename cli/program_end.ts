/**
 * How the program of a machine ended, as an exit status.
 *
 * @module
 */

import type { EventSink, KernelEvent } from "../trace/events.ts";

/** Signals whose numbers say, with 128 added, what ended a program: those of POSIX shells. */
const ILL = 4;
const TRAP = 5;
const ABRT = 6;
const BUS = 7;
const FPE = 8;
const KILL = 9;
const SEGV = 11;

/** Signals of exceptions by their names in events; all others are wrong addresses. */
const SIGNALS: readonly (readonly [names: RegExp, signal: number])[] = [
  [/^(#UD|undefined instruction|trapped system instruction|illegal execution state)$/, ILL],
  [/^(#DB|#BP|BRK|breakpoint, .*|software step, .*|watchpoint, .*)$/, TRAP],
  [/^(#AC|.* alignment fault)$/, BUS],
  [/^(#DE|#MF|#XM)$/, FPE],
];

/**
 * Watches the first task that ends, and works its exit status out: the low eight bits of the code
 * it exits with, or 128 plus the number of the signal that stands for what ended it.
 */
export class ProgramEnd implements EventSink {
  #status: number | undefined;
  #panic = new Map<string, number>();
  #exceptions = new Map<bigint, string>();
  #last: KernelEvent | undefined;

  /** The status; undefined while no task has ended. */
  get status(): number | undefined {
    return this.#status;
  }

  /** Takes one event. */
  write(event: KernelEvent): void {
    switch (event.type) {
      case "exception":
        this.#exceptions.set(event.thread.address, event.name);
        break;
      case "panic": {
        const signal = { panic: ABRT, throw: ABRT, kill: KILL, exception: this.#exception(event) };
        // The first is why the rest happen: a kill unwinds the other threads too.
        const { task } = event.thread;
        if (!this.#panic.has(task)) this.#panic.set(task, signal[event.cause]);
        break;
      }
      case "unwind-end":
        if (event.outcome === "caught") this.#panic.delete(event.thread.task);
        break;
      case "task-exit":
        this.#status ??= event.reason === undefined
          ? (event.code ?? 0) & 0xff
          : 128 + (this.#panic.get(event.task) ?? this.#cause());
    }
    if (event.type !== "thread-exit") this.#last = event;
  }

  /** What ended a task without a panic stands right before its end. */
  #cause(): number {
    const last = this.#last;
    if (last?.type === "exception") return this.#exception(last);
    if (last?.type === "page-fault" && last.kr !== 0) return this.#exception(last);
    return last?.type === "syscall" && last.name !== "task_terminate" ? ABRT : KILL;
  }

  #exception(event: { readonly thread: { readonly address: bigint } }): number {
    const name = this.#exceptions.get(event.thread.address) ?? "";
    return SIGNALS.find(([names]) => names.test(name))?.[1] ?? SEGV;
  }
}
