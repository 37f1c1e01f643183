/**
 * What a kernel is built from.
 *
 * @module
 */

import type { Arch } from "../arch/arch.ts";
import type { Policy } from "../sched/policy.ts";
import type { EventSink } from "../trace/events.ts";
import type { BootOptions } from "./program/loader.ts";
import type { TimerKind } from "./scheduling/timers.ts";

/** What a kernel is built from. Every field is checked by the machine before. */
export interface KernelOptions {
  /** Architecture. */
  readonly arch: Arch;
  /** CPU model. */
  readonly cpuModel: string;
  /** Bytes of RAM. */
  readonly memory: number;
  /** Scheduling policy, a new one. */
  readonly policy: Policy;
  /** Its name, with options of its own as they were given. */
  readonly policyText: string;
  /** Whether that is one the user gave, which no name stands for. */
  readonly ownPolicy: boolean;
  /** Instructions between timer interrupts. */
  readonly quantum: number;
  /** Seed of the timer's variation; 0 for none. */
  readonly seed: number;
  /** How the timer works. */
  readonly timer: TimerKind;
  /** Most user threads with a kernel stack at a time. */
  readonly stackLimit: number;
  /** Instructions a page-in takes. */
  readonly ioLatency: number;
  /** How the bootstrap script is carried out. */
  readonly boot: BootOptions;
  /** Where events go. */
  readonly sinks: readonly EventSink[];
}
