/**
 * Round robin: one queue, every thread in turn, priorities ignored.
 *
 * @module
 */
import type { QuantumOptions } from "../common/quantum.ts";
import { QuantumPolicy } from "../common/quantum_policy.ts";

/**
 * Runs every ready thread in turn for at most a quantum; a thread that wakes up waits for its turn.
 */
export class RoundRobin extends QuantumPolicy {
  /** Always `rr`. */
  readonly name = "rr";

  /**
   * Makes a policy without threads.
   * @param options the quantum
   * @throws {SchedError} `invalid-option` if the quantum is not a positive integer
   */
  constructor(options: QuantumOptions = {}) {
    super(1, options);
  }

  /** Every thread is in queue 0. */
  protected override levelOf(): number {
    return 0;
  }
}
