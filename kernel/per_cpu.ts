/**
 * What the kernel keeps for each CPU.
 *
 * @module
 */

import type { Cpu } from "../arch/arch.ts";
import type { Thread } from "./thread/thread.ts";

/** Everything a CPU's owner keeps, as plain data; the CPU's own state apart. Threads by number. */
export interface PerCpuRecord {
  /** The thread that runs. */
  readonly current: number;
  /** Its idle thread. */
  readonly idle: number;
  /** Thread whose registers are in the floating-point unit, or `null`. */
  readonly fpOwner: number | null;
  /** Thread whose thread pointers are on the CPU, or `null`. */
  readonly registersOf: number | null;
  /** Instructions that have been charged to threads. */
  readonly charged: number;
  /** See {@linkcode PerCpu.sliceEnd}. */
  readonly sliceEnd: number;
  /** See {@linkcode PerCpu.sliceStale}. */
  readonly sliceStale: boolean;
  /** See {@linkcode PerCpu.fresh}. */
  readonly fresh: boolean;
  /** See {@linkcode PerCpu.decision}. */
  readonly decision: number | null;
}

/** A CPU, and the threads on it. */
export class PerCpu {
  /** Number, from 0. */
  readonly id: number;
  /** The CPU itself. */
  readonly cpu: Cpu;
  // With a one-shot timer only.
  /** Clock value at which the policy is to be asked whether the running thread gives way. */
  sliceEnd: number = Infinity;
  /** Whether that has to be found out anew. */
  sliceStale: boolean = true;
  /** Whether the running thread has not come out of user mode since it got the CPU. */
  fresh: boolean = false;
  /** Instant at which it was decided that the running thread gives way, or the idle thread ends. */
  decision: number | null = null;
  #current: Thread | null = null;
  #idle: Thread | null = null;
  #fpOwner: Thread | null = null;
  #registersOf: Thread | null = null;
  #charged = 0;

  /** A CPU without threads. */
  constructor(id: number, cpu: Cpu) {
    this.id = id;
    this.cpu = cpu;
  }

  /** The thread that runs. */
  get current(): Thread {
    return this.#current ?? this.#missing();
  }

  /** The thread that runs when no other can. */
  get idle(): Thread {
    return this.#idle ?? this.#missing();
  }

  /** Thread whose registers are in the floating-point unit. */
  get fpOwner(): Thread | null {
    return this.#fpOwner;
  }

  /** Whether nothing but the idle thread runs. */
  get isIdle(): boolean {
    return this.#current === this.#idle;
  }

  /** Gets its idle thread. */
  adoptIdle(idle: Thread): void {
    this.#idle = idle;
    this.#current = idle;
    idle.ready();
  }

  /** Gets the thread it boots with. */
  begin(first: Thread): void {
    this.#current = first;
    first.adopt(this.id);
  }

  /** Another thread runs from now on. */
  switchTo(next: Thread): void {
    // The idle thread waits for nothing: it is no policy's, and ready at any time.
    if (this.isIdle) this.idle.ready();
    this.#current = next;
    next.run(this.id);
  }

  /** The floating-point unit holds a thread's registers, or nobody's. */
  giveFp(thread: Thread | null): void {
    this.#fpOwner = thread;
  }

  /**
   * Puts on the CPU what a thread's program can change and no trap frame holds. A thread of the
   * kernel's own has no use for that, so it stays where it is until another program runs.
   */
  loadRegisters(thread: Thread): void {
    const owner = this.#registersOf;
    if (owner === thread) return;
    if (owner !== null) this.cpu.saveThread(owner.address);
    this.cpu.loadThread(thread.address);
    this.#registersOf = thread;
  }

  /** Whether what {@linkcode loadRegisters} puts on the CPU is a thread's, and newer than saved. */
  holdsRegistersOf(thread: Thread): boolean {
    return this.#registersOf === thread;
  }

  /** A thread is over: nothing of it is to be kept. */
  forget(thread: Thread): void {
    if (this.#fpOwner === thread) this.#fpOwner = null;
    if (this.#registersOf === thread) this.#registersOf = null;
  }

  /**
   * Charges the running thread for the instructions since the last charge, up to now or to an
   * earlier count; returns how many they were.
   */
  charge(executed: number = this.cpu.instructions): number {
    const elapsed = executed - this.#charged;
    this.#charged = executed;
    this.current.charge(elapsed);
    return elapsed;
  }

  /** How many instructions have been charged to threads. */
  get charged(): number {
    return this.#charged;
  }

  /** Everything there is to know. */
  save(): PerCpuRecord {
    return {
      current: this.current.id,
      idle: this.idle.id,
      fpOwner: this.#fpOwner?.id ?? null,
      registersOf: this.#registersOf?.id ?? null,
      charged: this.#charged,
      sliceEnd: this.sliceEnd,
      sliceStale: this.sliceStale,
      fresh: this.fresh,
      decision: this.decision,
    };
  }

  /** Takes over a record; `thread` finds a thread by its number. */
  restore(record: PerCpuRecord, thread: (id: number) => Thread): void {
    this.#current = thread(record.current);
    this.#idle = thread(record.idle);
    this.#fpOwner = record.fpOwner === null ? null : thread(record.fpOwner);
    this.#registersOf = record.registersOf === null ? null : thread(record.registersOf);
    this.#charged = record.charged;
    this.sliceEnd = record.sliceEnd;
    this.sliceStale = record.sliceStale;
    this.fresh = record.fresh;
    this.decision = record.decision;
  }

  #missing(): never {
    throw new Error(`CPU ${this.id} has no thread yet`);
  }
}
