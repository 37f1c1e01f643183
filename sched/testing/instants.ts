/**
 * Who is ready and who has which CPU, instant by instant.
 *
 * @module
 */
import type { SimulationOptions } from "../simulator/conditions.ts";
import { simulate } from "../simulator/simulator.ts";
import type { ThreadSpec } from "../simulator/workload.ts";
import type { Policy, ThreadId } from "../policy.ts";

/** What an instant leaves behind; the same object each time. */
export interface Instant {
  time: number;
  readonly ready: Set<ThreadId>;
  /** Threads by CPU. */
  readonly on: Map<number, ThreadId>;
}

const BECOMES_READY: ReadonlySet<string> = new Set(["arrive", "wake", "preempt", "yield"]);
const STOPS: ReadonlySet<string> = new Set(["sleep", "io", "block", "exit"]);

/**
 * Simulates threads, and tells how each instant ends.
 * @throws {Error} if the policy was put out
 */
export function* instants(
  threads: readonly ThreadSpec[],
  policy: Policy,
  options: SimulationOptions = {},
): Generator<Instant, void, void> {
  const instant: Instant = { time: 0, ready: new Set(), on: new Map() };
  const { ready, on } = instant;
  for (const event of simulate(threads, policy, options)) {
    if (event.type === "policy-fault") throw new Error(event.fault.why);
    if (event.time > instant.time) yield instant;
    instant.time = event.time;
    if (event.type === "idle" || !("cpu" in event || options.cpus === 1)) continue;
    const { type, thread } = event as { type: string; thread: ThreadId };
    const { cpu = 0 } = event as { cpu?: number };
    if (type === "dispatch") {
      ready.delete(thread);
      on.set(cpu, thread);
    } else if (BECOMES_READY.has(type) || STOPS.has(type)) {
      if (on.get(cpu) === thread) on.delete(cpu);
      if (BECOMES_READY.has(type)) ready.add(thread);
    }
  }
  yield instant;
}

/** The CPUs a thread may run on. */
export function* cpusOf(
  { affinity }: Pick<ThreadSpec, "affinity">,
  cpus: number,
): Generator<number, void, void> {
  for (let cpu = 0; cpu < cpus; cpu++) if (affinity?.includes(cpu) !== false) yield cpu;
}
