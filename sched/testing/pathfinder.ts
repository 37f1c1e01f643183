/**
 * What reset the Mars Pathfinder in July 1997, as G. Reeves and M. Jones told it: the thread that
 * distributes the data of the bus waits for a mutex of the thread that gathers weather data, which
 * has no CPU as long as communications have; a watchdog resets the machine when the bus is not done
 * in its cycle of an eighth of a second. Names and the cycle are from there, run times are ours.
 *
 * @module
 */
import type { MutexSpec, Workload } from "../simulator/workload.ts";

/** Time between two cycles of the bus; all times are milliseconds. */
export const CYCLE = 125;

/** Priorities, most urgent last. */
const PATHFINDER_PRIORITIES = { weather: 50, communications: 100, bus: 200 } as const;

/**
 * The three threads. In the third cycle weather has the mutex when the bus wants it, and
 * communications come just then.
 * @param protocol what the mutex does about it
 * @param communication how long communications need the CPU
 */
export function pathfinder(
  protocol: NonNullable<MutexSpec["protocol"]>,
  communication = 160,
): Workload {
  const { weather, communications, bus } = PATHFINDER_PRIORITIES;
  const lock = { type: "lock", mutex: "information bus" } as const;
  const unlock = { type: "unlock", mutex: "information bus" } as const;
  const run = (time: number) => ({ type: "run", time }) as const;
  const jobs = { pattern: "periodic" } as const;
  return {
    mutexes: [{
      ...{ name: "information bus", protocol },
      ...(protocol === "none" || protocol === "inherit" ? {} : { ceiling: bus }),
    }],
    threads: [
      {
        ...{ name: "bus", priority: bus, period: CYCLE, jobs },
        steps: [run(10), lock, run(15), unlock, run(5)],
      },
      {
        ...{ name: "communications", priority: communications, period: 1_000, jobs },
        ...{ arrival: 262, steps: [run(communication)] },
      },
      {
        ...{ name: "weather", priority: weather, period: 1_000, jobs },
        ...{ arrival: 240, steps: [lock, run(20), unlock, run(5)] },
      },
    ],
  };
}
