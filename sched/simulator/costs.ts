/**
 * What decisions cost.
 *
 * @module
 */
import { isInteger } from "../../util/integer.ts";
import { SchedError } from "../errors.ts";
import type { ThreadId } from "../policy.ts";
import type { DecisionCost, SimulationConditions } from "./conditions.ts";

/** What the decisions of a simulation cost. */
export class DecisionCosts {
  /** Whether it is nothing. */
  readonly free: boolean;
  readonly #switchCost: number;
  readonly #migrationCost: number;
  readonly #cost: DecisionCost | undefined;
  #decisions = 0;

  /** No decision has been taken. */
  constructor(conditions: SimulationConditions) {
    const { switchCost, migrationCost, cost } = conditions;
    this.#switchCost = switchCost;
    this.#migrationCost = migrationCost;
    this.#cost = cost;
    this.free = cost === undefined && switchCost === 0 && migrationCost === 0;
  }

  /**
   * Time it takes a CPU to begin with a thread.
   * @param thread who was picked
   * @param from the thread the CPU had last, -1 if none yet
   * @param home the CPU the thread had last, -1 if none yet
   * @throws {SchedError} `invalid-option` if the host's own costs are none
   */
  of(cpu: number, thread: ThreadId, from: number, home: number): number {
    if (this.#cost === undefined) {
      return (from >= 0 && from !== thread ? this.#switchCost : 0) +
        (home >= 0 && home !== cpu ? this.#migrationCost : 0);
    }
    const decision = this.#decisions++;
    const cost = this.#cost(decision, cpu, from, thread);
    if (isInteger(cost, 0)) return cost;
    throw new SchedError("invalid-option", {
      message: `Cannot use cost ${cost} of decision ${decision}: it must be an integer of at ` +
        "least 0",
      value: cost,
    });
  }
}
