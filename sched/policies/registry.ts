/**
 * The policies by name, as the command line gives them.
 *
 * @module
 */
import { SchedError } from "../errors.ts";
import { FixedPriority } from "./fixed_priority.ts";
import type { Policy } from "../policy.ts";
import type { QuantumOptions } from "./quantum_policy.ts";
import { RoundRobin } from "./round_robin.ts";

/** Options of every policy of the registry. */
export type PolicyOptions = QuantumOptions;

const POLICIES: ReadonlyMap<string, new (options: PolicyOptions) => Policy> = new Map<
  string,
  new (options: PolicyOptions) => Policy
>([
  ["rr", RoundRobin],
  ["priority", FixedPriority],
]);

const OPTIONS: readonly string[] = ["quantum", "tickInterval"];

/** Names {@linkcode createPolicy} knows, in the order they are documented. */
export function policyNames(): readonly string[] {
  return [...POLICIES.keys()];
}

/**
 * Creates a policy by name.
 *
 * @example By name
 * ```ts
 * import { createPolicy, policyNames, SoundPolicy } from "@trapline/trapline/sched";
 *
 * console.log(policyNames());
 * const policy = new SoundPolicy(createPolicy("priority", { quantum: 1_000 }), {
 *   now: () => 0,
 *   fallback: () => createPolicy("rr"),
 * });
 * for (const [thread, priority] of [3, 90].entries()) {
 *   policy.admit(thread, { priority });
 *   policy.enqueue(thread, { reason: "start" });
 * }
 * console.log(policy.pick(0)); // 1, which has priority 90
 * ```
 *
 * @param name one of {@linkcode policyNames}
 * @param options its options
 * @throws {SchedError} `unknown-policy`, naming those that exist; `unknown-option`;
 *   `invalid-option`
 */
export function createPolicy(name: string, options: PolicyOptions = {}): Policy {
  const create = POLICIES.get(name);
  if (create === undefined) {
    throw new SchedError("unknown-policy", {
      message: `Cannot find policy "${name}": there are ${policyNames().join(", ")}`,
      value: name,
    });
  }
  for (const option of Object.keys(options)) {
    if (!OPTIONS.includes(option)) {
      throw new SchedError("unknown-option", {
        message: `Cannot set option "${option}" of policy "${name}": there are ${
          OPTIONS.join(", ")
        }`,
        value: option,
      });
    }
  }
  return new create(options);
}
