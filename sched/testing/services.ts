/**
 * What threads have had of the CPUs, as tests of shares ask.
 *
 * @module
 */
import type { Policy } from "../policy.ts";
import type { SimulationOptions } from "../simulator/conditions.ts";
import { simulate } from "../simulator/simulator.ts";
import type { ThreadSpec } from "../simulator/workload.ts";

/** A thread that always wants to run. */
export function endless(name: string, options: Partial<ThreadSpec> = {}): ThreadSpec {
  return { name, steps: [{ type: "run", time: 1_000_000_000 }], ...options };
}

/**
 * Simulates threads and yields, each time one stops, the time and what each has had by then.
 * @throws {Error} if the policy is put out
 */
export function* services(
  threads: readonly ThreadSpec[],
  policy: Policy,
  options: SimulationOptions & { readonly until: number },
): Generator<{ readonly time: number; readonly had: readonly number[] }> {
  const had = threads.map(() => 0);
  const since = threads.map(() => 0);
  for (const event of simulate(threads, policy, options)) {
    if (event.type === "policy-fault") throw new Error(event.fault.why);
    if (event.type === "idle") continue;
    const { type, thread, time } = event;
    if (type === "dispatch") since[thread] = time;
    else if (type === "preempt" || type === "sleep" || type === "exit") {
      had[thread]! += time - since[thread]!;
      yield { time, had };
    }
  }
}
