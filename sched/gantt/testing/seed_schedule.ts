/**
 * A schedule with everything in it that a chart shows, as events that a simulator would tell:
 * a mutex that two threads want on two CPUs, a deadline that is missed, I/O and switches.
 *
 * @module
 */
import type { SimulationEvent } from "../../simulator/events.ts";
import type { ThreadSpec } from "../../simulator/workload.ts";
import type { GanttChart, GanttRows } from "../chart.ts";
import { GanttRecorder } from "../recorder.ts";

const BUS = { kind: "mutex", name: "bus" } as const;
const DISK = { kind: "device", name: "disk" } as const;

/** The threads. */
const SEED_THREADS: readonly ThreadSpec[] = ["low", "<high>", "editor & co"].map((name) => ({
  name,
  steps: [],
}));

/** What happens, on two CPUs, until 40. */
const SEED_EVENTS: readonly SimulationEvent[] = [
  { type: "arrive", time: 0, thread: 0, cpu: 0 },
  { type: "arrive", time: 0, thread: 2, cpu: 1 },
  { type: "dispatch", time: 0, thread: 0, cpu: 0 },
  { type: "dispatch", time: 0, thread: 2, cpu: 1 },
  { type: "acquire", time: 2, thread: 0, on: BUS },
  { type: "release", time: 4, thread: 1, job: 0, deadline: 20 },
  { type: "arrive", time: 4, thread: 1, cpu: 0 },
  { type: "preempt", time: 4, thread: 0, cpu: 0 },
  { type: "switch", time: 4, thread: 1, cpu: 0, cost: 2 },
  { type: "dispatch", time: 6, thread: 1, cpu: 0 },
  { type: "io", time: 8, thread: 2, cpu: 1, on: DISK },
  { type: "dispatch", time: 8, thread: 0, cpu: 1 },
  { type: "block", time: 10, thread: 1, cpu: 0, on: BUS },
  { type: "wake", time: 12, thread: 2, cpu: 0 },
  { type: "dispatch", time: 12, thread: 2, cpu: 0 },
  { type: "miss", time: 20, thread: 1, job: 0, deadline: 20 },
  { type: "unlock", time: 24, thread: 0, on: BUS },
  { type: "acquire", time: 24, thread: 1, on: BUS },
  { type: "wake", time: 24, thread: 1, cpu: 0 },
  { type: "exit", time: 26, thread: 2, cpu: 0 },
  { type: "dispatch", time: 26, thread: 1, cpu: 0 },
  { type: "release", time: 28, thread: 1, job: 1, deadline: 44 },
  { type: "unlock", time: 30, thread: 1, on: BUS },
  { type: "complete", time: 30, thread: 1, job: 0, deadline: 20 },
  { type: "sleep", time: 30, thread: 1, cpu: 0 },
  { type: "wake", time: 30, thread: 1, cpu: 0 },
  { type: "dispatch", time: 30, thread: 1, cpu: 0 },
  { type: "exit", time: 36, thread: 0, cpu: 1 },
  { type: "complete", time: 40, thread: 1, job: 1, deadline: 44 },
  { type: "exit", time: 40, thread: 1, cpu: 0 },
];

/** The chart of it. */
export function seedChart(rows: GanttRows = "thread", from = 0): GanttChart {
  const recorder = new GanttRecorder(SEED_THREADS, { cpus: 2, rows, from });
  for (const event of SEED_EVENTS) recorder.add(event);
  return recorder.chart();
}
