/**
 * What a simulation was like, computed from its events: turnaround, waiting and response times, and
 * the Gantt chart.
 *
 * @module
 */
import type { ThreadId } from "../policy.ts";
import { isThreadEvent, type SimulationEvent } from "./events.ts";
import { type GivenWorkload, workloadOf } from "./workload.ts";

/** A stretch of time in which one thread had the CPU. */
export interface GanttSegment {
  /** Id of the thread. */
  readonly thread: ThreadId;
  /** When it began. */
  readonly start: number;
  /** When it ended. */
  readonly end: number;
}

/** What became of one thread. Times are guest instructions. */
export interface ThreadStatistics {
  /** Its name in the workload. */
  readonly name: string;
  /** When it became ready first. */
  readonly arrival: number;
  /** When it exited. */
  readonly finish: number;
  /** Time it had the CPU. */
  readonly run: number;
  /** Time from arrival to exit. */
  readonly turnaround: number;
  /** Time it was ready but another ran. */
  readonly waiting: number;
  /** Time from arrival until it first had the CPU. */
  readonly response: number;
  /** Longest single wait for the CPU. */
  readonly longestWait: number;
  /** How often the CPU was taken from it. */
  readonly preemptions: number;
}

/** What became of a workload. Times are guest instructions. */
export interface SimulationSummary {
  /** Per thread, by id. */
  readonly threads: readonly ThreadStatistics[];
  /** Who had the CPU when; neighbors are of different threads. */
  readonly gantt: readonly GanttSegment[];
  /** When the last thread exited. */
  readonly makespan: number;
  /** Time no thread was ready. */
  readonly idle: number;
  /** How often a thread was given the CPU. */
  readonly dispatches: number;
  /** Mean of the threads' turnaround times; 0 if there are none. */
  readonly meanTurnaround: number;
  /** Mean of the threads' waiting times; 0 if there are none. */
  readonly meanWaiting: number;
  /** Mean of the threads' response times; 0 if there are none. */
  readonly meanResponse: number;
}

interface Tally {
  arrival: number;
  firstRun: number;
  finish: number;
  run: number;
  waiting: number;
  longestWait: number;
  preemptions: number;
  /** When it became ready or running, whichever was last. */
  since: number;
}

/**
 * Sums a simulation up.
 * @param workload the workload that was simulated
 * @param events all its events, in order
 */
export function summarize(
  workload: GivenWorkload,
  events: Iterable<SimulationEvent>,
): SimulationSummary {
  const { threads: specs } = workloadOf(workload);
  const tallies = specs.map((): Tally => ({
    arrival: 0,
    firstRun: -1,
    finish: 0,
    run: 0,
    waiting: 0,
    longestWait: 0,
    preemptions: 0,
    since: 0,
  }));
  const gantt: GanttSegment[] = [];
  let idle = 0;
  let dispatches = 0;
  for (const event of events) {
    if (event.type === "idle") idle += event.until - event.time;
    if (!isThreadEvent(event)) continue;
    const { time, thread, type } = event;
    const tally = tallies[thread];
    if (tally === undefined) continue;
    if (type === "arrive") {
      tally.arrival = time;
    } else if (type === "dispatch") {
      dispatches++;
      if (tally.firstRun < 0) tally.firstRun = time;
      tally.waiting += time - tally.since;
      tally.longestWait = Math.max(tally.longestWait, time - tally.since);
    } else if (type !== "wake") {
      tally.run += time - tally.since;
      addSegment(gantt, { thread, start: tally.since, end: time });
      if (type === "preempt") tally.preemptions++;
      if (type === "exit") tally.finish = time;
    }
    tally.since = time;
  }
  const threads = tallies.map((tally, id) => threadStatistics(tally, specs[id]?.name ?? ""));
  return {
    threads,
    gantt,
    makespan: Math.max(0, ...threads.map(({ finish }) => finish)),
    idle,
    dispatches,
    meanTurnaround: mean(threads.map(({ turnaround }) => turnaround)),
    meanWaiting: mean(threads.map(({ waiting }) => waiting)),
    meanResponse: mean(threads.map(({ response }) => response)),
  };
}

function addSegment(gantt: GanttSegment[], segment: GanttSegment): void {
  if (segment.start === segment.end) return;
  const last = gantt.at(-1);
  if (last?.thread === segment.thread && last.end === segment.start) {
    gantt[gantt.length - 1] = { ...last, end: segment.end };
  } else {
    gantt.push(segment);
  }
}

function threadStatistics(tally: Tally, name: string): ThreadStatistics {
  const { arrival, finish, run, waiting, longestWait, preemptions } = tally;
  return {
    name,
    arrival,
    finish,
    run,
    turnaround: finish - arrival,
    waiting,
    response: tally.firstRun - arrival,
    longestWait,
    preemptions,
  };
}

function mean(values: readonly number[]): number {
  if (values.length === 0) return 0;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Writes a Gantt chart on one line, as `P1 0-4 | P2 4-7`; a gap in the times is a gap in the use of
 * the CPU.
 * @param workload the workload that was simulated, for the names
 * @param gantt the segments
 */
export function formatGantt(workload: GivenWorkload, gantt: readonly GanttSegment[]): string {
  const { threads } = workloadOf(workload);
  return gantt
    .map(({ thread, start, end }) => `${threads[thread]?.name ?? thread} ${start}-${end}`)
    .join(" | ");
}
