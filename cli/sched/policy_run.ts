/**
 * A simulation under one policy, watched by all who want to hear of it.
 *
 * @module
 */
import { type Analysis, analyze } from "../../sched/analysis/mod.ts";
import {
  createSpecifiedPolicy,
  type GanttChart,
  GanttRecorder,
  type GanttRows,
  type PolicyOptions,
  type PolicySpec,
  prepareSimulation,
  recordingSink,
  SchedError,
  sharedObjects,
  type SimulationEvent,
  type SimulationOptions,
  type SimulationSink,
  Statistics,
  type StatisticsReport,
  type Workload,
} from "../../sched/mod.ts";
import type { Progress } from "../../util/progress.ts";

/** What is simulated, and what of it is kept. */
export interface RunRequest {
  /** The threads. */
  readonly workload: Workload;
  /** The machine. */
  readonly simulation: SimulationOptions;
  /** Options for policies that have them and were given none. */
  readonly offered: PolicyOptions;
  /** The chart to record, if one is wanted. */
  readonly chart: { readonly rows: GanttRows; readonly from: number } | undefined;
  /** Hears every event. */
  readonly onEvent: ((event: SimulationEvent) => void) | undefined;
  /** Whether nobody wants to know any more: the run then ends where it is. */
  readonly isUnwanted?: (() => boolean) | undefined;
}

/** What became of a workload under a policy. */
export interface PolicyRun {
  /** The policy. */
  readonly spec: PolicySpec;
  /** Its figures. */
  readonly statistics: StatisticsReport;
  /** Its schedule, if that was wanted. */
  readonly chart: GanttChart | undefined;
  /** What is known of it without running it. */
  readonly analysis: Analysis;
  /** Threads that wait for ever when all else is over, and for what, in words. */
  readonly stranded: readonly string[];
  /** What ended the simulation before its time: a deadlock, or another mistake of the threads. */
  readonly error: SchedError | undefined;
}

/** Errors that are what a simulation has found out, and not the caller's. */
const FINDINGS: ReadonlySet<string> = new Set(["deadlock", "invalid-workload"]);

/** So many instants pass between two updates of the progress. */
const PROGRESS_STEPS = 1 << 13;

/**
 * Simulates a workload under a policy.
 * @throws {SchedError} for a workload, an option or a policy that cannot be used
 */
export function runPolicy(spec: PolicySpec, request: RunRequest, progress: Progress): PolicyRun {
  const { workload, simulation: options, offered, chart, onEvent, isUnwanted } = request;
  const { cpus = 1, until = Infinity } = options;
  const statistics = new Statistics(workload, { cpus });
  const recorder = chart === undefined
    ? undefined
    : new GanttRecorder(workload, { ...chart, cpus });
  const stranded: string[] = [];
  const events: SimulationEvent[] = [];
  const objects = sharedObjects(workload);
  // Where nobody else listens, no record is made of any event.
  const alone = recorder === undefined && onEvent === undefined;
  const told: SimulationSink = alone ? statistics : recordingSink(events, { cpus, objects });
  const sink = Object.assign(told, {
    stranded(time: number, thread: number, on: number) {
      const object = objects[on]!;
      stranded.push(`${workload.threads[thread]!.name} for ${object.kind} ${object.name}`);
      onEvent?.({ type: "stranded", time, thread, on: object });
    },
  });
  const policy = createSpecifiedPolicy(spec, offered);
  const simulation = prepareSimulation(workload, { ...options, policy, sink });
  const tell = (): void => {
    for (const event of events) {
      statistics.add(event);
      recorder?.add(event);
      onEvent?.(event);
    }
    events.length = 0;
  };
  let error: SchedError | undefined;
  let steps = 0;
  try {
    for (let more = true; more;) {
      more = simulation.step();
      tell();
      if (isUnwanted?.()) break;
      if (++steps % PROGRESS_STEPS > 0) continue;
      if (until === Infinity) progress.at(spec.text, simulation.now);
      else progress.at(spec.text, simulation.now, until);
    }
  } catch (thrown) {
    if (!(thrown instanceof SchedError) || !FINDINGS.has(thrown.kind)) throw thrown;
    error = thrown;
    tell();
  }
  const { now } = simulation;
  return {
    ...{ spec, stranded, error },
    statistics: statistics.report(now),
    chart: recorder?.chart(now),
    analysis: analyze(workload, { ...options, policy: spec.name }),
  };
}
