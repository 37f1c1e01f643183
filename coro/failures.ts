/**
 * What the kernel's events tell of exceptions, panics and faults of the guest.
 *
 * @module
 */
import type { EventSink, KernelEvent, PanicEvent } from "../trace/mod.ts";
import type { CoroutineFrame } from "./frames.ts";

/** Something that has ended the normal course of a guest function. */
export interface Failure {
  /** What started it. */
  readonly cause: PanicEvent["cause"];
  /** One line that says what happened. */
  readonly reason: string;
  /** Stack frames at that moment, without those of the machinery. */
  readonly frames: readonly CoroutineFrame[];
}

/** A CPU exception that the program has been told of. */
export interface Trap extends Failure {
  /** Fault address of a memory access, else that of the instruction. */
  readonly address: bigint;
  /** Whether it was an access below the stack of the coroutine. */
  readonly overflow: boolean;
}

/** Functions that throw for others. */
const MACHINERY = /^(?:system_call|__cxa_throw|__cxa_rethrow|panic_at|.*panic_wrapper.*)$/;

/** The thread that is listened to. */
export interface FailureSource {
  /** Number of the thread. */
  readonly thread: number;
  /** Its stack frames as it stands. */
  frames(): readonly CoroutineFrame[];
  /** What is known of a CPU exception by the address of its record. */
  trapOf(record: bigint): Omit<Trap, "frames" | "cause">;
  /** Guest address of the thread's object. */
  readonly threadAddress: bigint;
}

/** Listens for what goes wrong in one thread. */
export class FailureWatch implements EventSink {
  readonly #source: FailureSource;
  /** Those on their way, innermost last. */
  #open: Failure[] = [];
  /** The last that was caught, or that nothing took. */
  #last: Failure | null = null;
  #trap: Trap | null = null;
  #untaken: Trap | null = null;

  /** Listens to a thread of a machine whose sink this is. */
  constructor(source: FailureSource) {
    this.#source = source;
  }

  /** Takes an event. */
  write(event: KernelEvent): void {
    const { type } = event;
    if (
      type !== "panic" && type !== "unwind-end" && type !== "handler-entry" &&
      type !== "handler-return"
    ) return;
    if (event.thread.address !== this.#source.threadAddress) return;
    if (event.type === "unwind-end") {
      this.#last = this.#open.pop() ?? this.#last;
      if (event.outcome === "caught") this.#untaken = null;
      return;
    }
    if (event.type === "handler-return") {
      this.#untaken = event.outcome === "resumed" ? null : this.#trap;
      return;
    }
    const frames = this.#source.frames();
    if (event.type === "handler-entry") {
      this.#trap = { ...this.#source.trapOf(event.state), cause: "exception", frames };
    } else if (event.type === "panic") {
      const { cause, reason } = event;
      const first = frames.findIndex((frame) => !MACHINERY.test(frame.function));
      this.#open.push({ cause, reason, frames: frames.slice(Math.max(0, first)) });
    }
  }

  /** The last CPU exception that the program has been told of. */
  get trap(): Trap | null {
    return this.#trap;
  }

  /** The last of them, on its way or at its end in a handler or at the end of the stack. */
  get last(): Failure | null {
    return this.#open.at(-1) ?? this.#last;
  }

  /** The last of these, if the program has not dealt with it. */
  get untaken(): Trap | null {
    return this.#untaken;
  }

  /** Forgets everything. */
  clear(): void {
    this.#open = [];
    this.#last = null;
    this.#trap = null;
    this.#untaken = null;
  }
}
