/**
 * What a policy sees of its host, and may ask of it.
 *
 * @module
 */
import type { SchedulerView, ThreadId } from "../policy.ts";
import type { Random } from "../../util/random.ts";
import { describeAnswer } from "./fault.ts";
import type { HostThreads } from "./threads.ts";

/** What a view looks at. */
export interface Viewed {
  readonly threads: HostThreads;
  /** Thread of each CPU, or -1. */
  readonly on: Int32Array;
  readonly random: Random;
  readonly now: () => number;
  readonly kick: ((cpu: number) => void) | undefined;
  readonly setTimer: (at: number) => void;
}

/** Makes the view of a policy, which may not change it; what makes no sense is a `TypeError`. */
export function makeView({ threads, on, random, now, kick, setTimer }: Viewed): SchedulerView {
  Object.freeze(random);
  return Object.freeze({
    cpus: on.length,
    get now(): number {
      return now();
    },
    random,
    parameters: (thread: ThreadId) => threads.parameters(thread),
    allows: (thread: ThreadId, cpu: number) => threads.allows(thread, cpu),
    running: (cpu: number) => {
      const thread = on[cpu] ?? -1;
      return thread < 0 ? null : thread;
    },
    kick: (cpu: number) => {
      if (typeof cpu !== "number" || on[cpu] === undefined) {
        throw new TypeError(`there is no CPU ${describeAnswer(cpu)} to be kicked`);
      }
      kick?.(cpu);
    },
    timer: (at: number) => {
      if (typeof at !== "number" || Number.isNaN(at)) {
        throw new TypeError(`the timer is set to ${describeAnswer(at)}, expected a time`);
      }
      // Clocks count in integers, and not beyond that.
      setTimer(at > Number.MAX_SAFE_INTEGER ? Infinity : Math.ceil(at));
    },
  });
}
