/**
 * The scheduling classes of Linux (sched(7)), by what a thread's parameters say: deadline servers
 * over fixed priorities over fair shares over what is idle.
 *
 * | class    | threads                              | policy                           |
 * | -------- | ------------------------------------ | -------------------------------- |
 * | deadline | a budget, and a deadline or a period | `deadline`                       |
 * | realtime | a priority of at least `realtime`    | `priority`, equals by quantum    |
 * | fair     | all others                           | `eevdf`, by weight               |
 * | idle     | a weight of 3 or less                | `rr`                             |
 *
 * Linux has its `SCHED_IDLE` threads of weight 3 share with the others; here they have a class. The
 * parameter that is inherited is the priority: who holds what a thread of a class waits for is to
 * be real-time for it.
 *
 * @module
 */
import { checkIntegerOption } from "../../errors.ts";
import { PRIORITIES } from "../../parameters.ts";
import { DEFAULT_QUANTUM } from "../common/quantum.ts";
import { EarliestEligible } from "../fair/earliest_eligible.ts";
import { DeadlineServer } from "../realtime/deadline_server.ts";
import { FixedPriority } from "../realtime/fixed_priority.ts";
import { RoundRobin } from "../sharing/round_robin.ts";
import { Layered } from "./layered.ts";

/** Weight of Linux's `SCHED_IDLE`; a nice value of 19 is 15. */
const IDLE_WEIGHT = 3;

/** Options of the classes. */
export interface LinuxOptions {
  /** Time a thread may run before an equal of its class takes over; 10,000 if absent. */
  readonly quantum?: number;
  /** Lowest priority that is real-time, 1 to 255; 1 if absent. */
  readonly realtime?: number;
}

/** Linux's classes as layers. */
export class LinuxClasses extends Layered {
  /**
   * Makes a policy without threads.
   * @throws {SchedError} `invalid-option` if an option is out of its range
   */
  constructor({ quantum = DEFAULT_QUANTUM, realtime = 1 }: LinuxOptions = {}) {
    checkIntegerOption("realtime", realtime, { least: 1, most: PRIORITIES - 1 });
    super([
      {
        policy: new DeadlineServer(),
        holds: ({ budget, deadline }) => budget > 0 && deadline > 0,
      },
      { policy: new FixedPriority({ quantum }), holds: ({ priority }) => priority >= realtime },
      { policy: new EarliestEligible({ quantum }), holds: ({ weight }) => weight > IDLE_WEIGHT },
      { policy: new RoundRobin({ quantum }), holds: () => true },
    ], { name: "linux" });
  }
}
