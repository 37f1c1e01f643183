/**
 * Fixed priorities: the most urgent ready thread runs, equals take turns.
 *
 * A thread of lower priority runs only while no more urgent one is ready: a thread that never
 * blocks starves everything below it, by design.
 *
 * @module
 */
import type { ThreadParameters } from "../policy.ts";
import { PRIORITIES, type QuantumOptions, QuantumPolicy } from "./quantum_policy.ts";

/**
 * 128 first-in-first-out queues, one per priority, the highest served first; equals share the CPU
 * by quantum.
 */
export class FixedPriority extends QuantumPolicy {
  /** Always `priority`. */
  readonly name = "priority";

  /**
   * Makes a policy without threads.
   * @param options the quantum among equals, in guest instructions
   * @throws {SchedError} `invalid-option` if the quantum is not a positive integer
   */
  constructor(options: QuantumOptions = {}) {
    super(PRIORITIES, options);
  }

  /** The queue is the priority. */
  protected override level(parameters: ThreadParameters): number {
    return parameters.priority;
  }

  /** A strictly more urgent thread takes the CPU at once; an equal waits. */
  override preempts(candidate: ThreadParameters, running: ThreadParameters): boolean {
    return candidate.priority > running.priority;
  }
}
