/**
 * How the program of a machine ended, as an exit status.
 *
 * @module
 */

import type { EventSink, KernelEvent } from "../trace/events.ts";
import { SIGNAL, signalOfException } from "../trace/signals.ts";

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
        const { ABRT, KILL } = SIGNAL;
        const exception = this.#exception(event);
        const signal = { panic: ABRT, throw: ABRT, forced: ABRT, kill: KILL, exception };
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
    return last?.type === "syscall" && last.name !== "task_terminate" ? SIGNAL.ABRT : SIGNAL.KILL;
  }

  #exception(event: { readonly thread: { readonly address: bigint } }): number {
    return signalOfException(this.#exceptions.get(event.thread.address) ?? "");
  }
}
