/**
 * Fixed priorities: the most urgent ready thread runs, equals take turns. With several CPUs the
 * most urgent ones run, wherever that is (global fixed priority).
 *
 * A thread of lower priority runs only while no more urgent one is ready: a thread that never
 * blocks starves everything below it, by design.
 *
 * @module
 */
import { PRIORITIES, type ThreadParameters } from "../../parameters.ts";
import type { ThreadId } from "../../policy.ts";
import type { QuantumOptions } from "../common/quantum.ts";
import { QuantumPolicy } from "../common/quantum_policy.ts";

/**
 * 256 first-in-first-out queues, one per priority, the highest served first; equals share the CPU
 * by quantum.
 */
export class FixedPriority extends QuantumPolicy {
  /** `priority`. */
  readonly name: string = "priority";

  /**
   * Makes a policy without threads.
   * @param options the quantum among equals
   * @throws {SchedError} `invalid-option` if the quantum is not a positive integer
   */
  constructor(options: QuantumOptions = {}) {
    super(PRIORITIES, options);
  }

  /** The queue is the priority. */
  protected override levelOf(parameters: ThreadParameters): number {
    return parameters.priority;
  }

  /** A strictly more urgent thread takes the CPU at once; an equal waits. */
  preempts(candidate: ThreadId, running: ThreadId): boolean {
    return this.level(candidate) > this.level(running);
  }
}
