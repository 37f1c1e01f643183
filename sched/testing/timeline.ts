/**
 * Who had which CPU from when to when, in few letters.
 *
 * @module
 */
import type { Policy } from "../policy.ts";
import type { SimulationOptions } from "../simulator/conditions.ts";
import type { SimulationEvent } from "../simulator/events.ts";
import { simulate } from "../simulator/simulator.ts";
import type { ThreadSpec } from "../simulator/workload.ts";

/** Events with which a thread loses its CPU. */
const ENDS: ReadonlySet<string> = new Set(["preempt", "yield", "sleep", "io", "block", "exit"]);

/** A stretch of time for which a thread had a CPU. */
export interface Stretch {
  readonly name: string;
  readonly cpu: number;
  readonly from: number;
  readonly to: number;
}

/** Who ran when, by the events of a simulation; who runs still does so until a time. */
export function stretchesOf(
  threads: readonly ThreadSpec[],
  events: Iterable<SimulationEvent>,
  until: number,
): Stretch[] {
  const list: Stretch[] = [];
  const on = new Map<number, Stretch>();
  const end = (cpu: number, to: number): void => {
    const last = on.get(cpu);
    on.delete(cpu);
    if (last === undefined || last.from === to) return;
    const before = list.findLastIndex((each) => each.cpu === cpu);
    const joins = list[before]?.to === last.from && list[before]?.name === last.name;
    if (joins) list[before] = { ...list[before]!, to };
    else list.push({ ...last, to });
  };
  for (const event of events) {
    if (event.time >= until) break;
    if (event.type === "dispatch") {
      const { time, thread, cpu = 0 } = event;
      on.set(cpu, { name: threads[thread]!.name, cpu, from: time, to: time });
    } else if (ENDS.has(event.type)) end("cpu" in event ? event.cpu ?? 0 : 0, event.time);
  }
  for (const cpu of [...on.keys()]) end(cpu, until);
  return list.sort((a, b) => a.from - b.from || a.cpu - b.cpu);
}

/**
 * Simulates threads until a time, and tells who ran when.
 * @throws {Error} if the policy was put out, or a thread that is `kept` misses a deadline
 */
export function stretches(
  threads: readonly ThreadSpec[],
  policy: Policy,
  { kept = () => false, ...options }: SimulationOptions & {
    until: number;
    kept?: (thread: ThreadSpec) => boolean;
  },
): Stretch[] {
  function* sound(): Generator<SimulationEvent, void, void> {
    for (const event of simulate(threads, policy, options)) {
      if (event.type === "policy-fault") throw new Error(event.fault.why);
      if (event.type === "miss" && event.time < options.until && kept(threads[event.thread]!)) {
        throw new Error(`${threads[event.thread]!.name} misses its deadline at ${event.time}`);
      }
      yield event;
    }
  }
  return stretchesOf(threads, sound(), options.until);
}

/** Stretches of one CPU as a text: `A 0-4, B 4-7`. */
export function timelineOf(list: readonly Stretch[]): string {
  return list.map(({ name, from, to }) => `${name} ${from}-${to}`).join(", ");
}

/** The same of a simulation until a time. */
export function timeline(...simulated: Parameters<typeof stretches>): string {
  return timelineOf(stretches(...simulated));
}

/** Steps of a thread that runs and sleeps by turns. */
export function turns(...times: number[]): ThreadSpec["steps"] {
  return times.map((time, index) => ({ type: index % 2 === 0 ? "run" : "sleep", time }));
}
