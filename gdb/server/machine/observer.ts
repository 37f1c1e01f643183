/**
 * Hears what happens in a machine while it runs, and has it stop where a debugger is to be told.
 *
 * @module
 */

import type { SignalInfo } from "../../../kernel/core/notes.ts";
import { deathOf } from "../../../kernel/core/death.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import { programFrame } from "../../../kernel/unwind/unwind_stack.ts";
import type { Thread } from "../../../kernel/thread/thread.ts";
import type { EventSink, KernelEvent } from "../../../trace/events.ts";
import { SIGNAL, signalOfException } from "../../../trace/signals.ts";
import type { ThreadName } from "../names.ts";

/** A program that has faulted, or given up. */
export interface Fault {
  /** Whose. */
  readonly thread: ThreadName;
  /** The signal that stands for it, as Linux has it. */
  readonly info: SignalInfo;
  /** What the exception saved: of a jump to where nothing can be executed, its target. */
  readonly registers: Readonly<Record<string, bigint>>;
}

/** Most bytes of output that are kept for a debugger. */
const OUTPUT_LIMIT = 1 << 20;

/** Thrown to end a run where something has happened: not an error. */
class Asked extends Error {}

const ASKED = new Asked("The machine is asked to stop");

/** Hears the events of one machine. */
export class Observer implements EventSink {
  readonly #k: Kernel;
  #output = "";
  #fault: Fault | null = null;
  #tasksChanged = false;
  /** Numbers of tasks with an exception under way that nobody has caught. */
  readonly #aborting = new Set<number>();
  /** Addresses of threads that have thrown, of whose handlers nothing is known yet. */
  readonly #thrown = new Set<bigint>();
  /** Whether runs end where something happens. */
  stops = false;
  /** Signals that nothing stops for, by Linux's numbers. */
  passed: ReadonlySet<number> = new Set();

  /** Of the machine of a kernel. */
  constructor(k: Kernel) {
    this.#k = k;
  }

  /** Whether an error is what ended a run for the debugger's sake. */
  static isAsked(error: unknown): boolean {
    return error === ASKED;
  }

  /** What programs have printed since the last time. */
  takeOutput(): string {
    const output = this.#output;
    this.#output = "";
    return output;
  }

  /** The program that has faulted since the last time. */
  takeFault(): Fault | null {
    const fault = this.#fault;
    this.#fault = null;
    return fault;
  }

  /** Whether tasks have begun or ended since the last time. */
  takeTasksChanged(): boolean {
    const changed = this.#tasksChanged;
    this.#tasksChanged = false;
    return changed;
  }

  /** The signal that a task which was killed is told to have died of. */
  signalOf(task: number): number {
    return this.#aborting.has(task) ? SIGNAL.ABRT : SIGNAL.KILL;
  }

  /** What a task had under way has never been. */
  forgetAbort(task: number): void {
    this.#aborting.delete(task);
  }

  /** Hears an event. */
  write(event: KernelEvent): void {
    this.#followUnwinding(event);
    switch (event.type) {
      case "console":
        if (this.#output.length < OUTPUT_LIMIT) this.#output += event.text;
        return;
      case "task-create":
      case "task-exit":
        this.#tasksChanged = true;
        break;
      case "panic":
      case "handler-entry":
      case "thread-exit":
      case "frame":
      case "landing":
      case "unwind-end": {
        const { thread } = event;
        const fault = this.#faultOf(event, typeof thread === "bigint" ? thread : thread.address);
        if (fault === null || this.passed.has(fault.info.signal)) return;
        this.#fault ??= fault;
        break;
      }
      default:
        return;
    }
    if (this.stops) throw ASKED;
  }

  #followUnwinding(event: KernelEvent): void {
    const begins = event.type === "panic" && event.cause !== "kill";
    const ends = event.type === "unwind-end" && event.outcome === "caught";
    if (!begins && !ends) return;
    const task = this.#threadAt(event.thread.address)?.task.id ?? 0;
    if (begins) this.#aborting.add(task);
    else this.#aborting.delete(task);
  }

  /** The last thread whose object is, or was, at an address. */
  #threadAt(address: bigint): Thread | undefined {
    return this.#k.threads.findLast((each) => each.address === address);
  }

  /**
   * Whether it is known now that nobody takes what a thread has thrown: where the frames are told in
   * which nobody was found, or there is an end without any.
   */
  #isUncaught(event: KernelEvent, address: bigint): boolean {
    if (event.type === "panic" && event.cause === "throw") this.#thrown.add(address);
    if (!this.#thrown.has(address)) return false;
    const { phase, handlerCfa } = this.#threadAt(address)?.unwinds.innermost?.progress ?? {};
    const isOver = event.type === "frame"
      ? (phase === "unwinding" || phase === "over") && handlerCfa === undefined
      : event.type === "unwind-end" && event.outcome !== "caught";
    if (isOver || event.type !== "panic" && event.type !== "frame") this.#thrown.delete(address);
    return isOver;
  }

  /** What a program does that is a signal elsewhere. */
  #faultOf(event: KernelEvent, address: bigint): Fault | null {
    const k = this.#k;
    const thread = this.#threadAt(address);
    if (this.#isUncaught(event, address) && thread !== undefined) {
      return {
        thread: { process: thread.task.id, thread: thread.id },
        info: { signal: SIGNAL.ABRT, code: 0, address: 0n },
        registers: {},
      };
    }
    const info = thread === undefined ? null : this.#infoOf(event, thread);
    if (thread === undefined || info === null) return null;
    const frame = programFrame(k, thread);
    return {
      thread: { process: thread.task.id, thread: thread.id },
      info,
      registers: Object.fromEntries(
        k.arch.registerNames.map((name) => [name, frame.register(name)]),
      ),
    };
  }

  #infoOf(event: KernelEvent, thread: Thread): SignalInfo | null {
    const k = this.#k;
    switch (event.type) {
      case "panic": {
        if (event.cause !== "exception" && event.cause !== "panic") return null;
        const { signal, info } = deathOf(k, thread);
        return info ?? { signal, code: 0, address: 0n };
      }
      case "handler-entry": {
        const signal = signalOfException(programFrame(k, thread).report().name);
        return { signal, code: 1, address: event.address };
      }
      case "thread-exit":
        // One that ends by its own exception, with nothing to clean up.
        return thread.unwinds.innermost === undefined ? deathOf(k, thread).info ?? null : null;
      default:
        return null;
    }
  }
}
