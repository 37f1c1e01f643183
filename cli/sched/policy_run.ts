/**
 * A simulation under one policy, watched by all who want to hear of it.
 *
 * @module
 */
import {
  createSpecifiedPolicy,
  type GanttChart,
  GanttRecorder,
  type GanttRows,
  type GivenWorkload,
  type PolicyFault,
  type PolicyOptions,
  type PolicySpec,
  SchedError,
  simulate,
  type SimulationEvent,
  type SimulationOptions,
  type SimulationSummary,
  summarize,
} from "../../sched/mod.ts";
import { type Analysis, analyze } from "../../sched/analysis/mod.ts";
import type { Progress } from "../../util/progress.ts";

/** What is simulated, and what of it is kept. */
export interface RunRequest {
  /** The threads. */
  readonly workload: GivenWorkload;
  /** The machine. */
  readonly simulation: SimulationOptions;
  /** Options for policies that have them and were given none. */
  readonly offered: PolicyOptions;
  /** The chart to record, if one is wanted. */
  readonly chart: { readonly rows: GanttRows; readonly from: number } | undefined;
  /** Hears every event. */
  readonly onEvent: ((event: SimulationEvent) => void) | undefined;
}

/** What became of a workload under a policy. */
export interface PolicyRun {
  /** The policy. */
  readonly spec: PolicySpec;
  /** Its figures. */
  readonly summary: SimulationSummary;
  /** Its schedule, if that was wanted. */
  readonly chart: GanttChart | undefined;
  /** What is known of it without running it. */
  readonly analysis: Analysis;
  /** When the policy was put out, and why. */
  readonly faults: readonly PolicyFault[];
  /** What ended the simulation before its time: a deadlock, or another mistake of the threads. */
  readonly error: SchedError | undefined;
}

/** Errors that are what a simulation has found out, and not the caller's. */
const FINDINGS: ReadonlySet<string> = new Set(["deadlock", "invalid-workload"]);

/** So many events pass between two updates of the progress. */
const PROGRESS_EVENTS = 1 << 13;

/**
 * Simulates a workload under a policy.
 * @throws {SchedError} for a workload, an option or a policy that cannot be used
 */
export function runPolicy(spec: PolicySpec, request: RunRequest, progress: Progress): PolicyRun {
  const { workload, simulation, offered, chart, onEvent } = request;
  const recorder = chart === undefined
    ? undefined
    : new GanttRecorder(workload, { ...chart, cpus: simulation.cpus ?? 1 });
  const { until } = simulation;
  const isBound = until !== undefined && until !== Infinity;
  const policy = createSpecifiedPolicy(spec, offered);
  const faults: PolicyFault[] = [];
  let error: SchedError | undefined;
  let count = 0;
  function* watched(): Generator<SimulationEvent, void, void> {
    try {
      for (const event of simulate(workload, policy, simulation)) {
        if (++count % PROGRESS_EVENTS === 0) {
          progress.at(spec.text, isBound ? event.time : count, isBound ? until : undefined);
        }
        recorder?.add(event);
        onEvent?.(event);
        if (event.type === "policy-fault") faults.push(event.fault);
        yield event;
      }
    } catch (thrown) {
      // Before the first event it is the workload or an option that is wrong.
      if (count === 0 || !(thrown instanceof SchedError) || !FINDINGS.has(thrown.kind)) {
        throw thrown;
      }
      error = thrown;
    }
  }
  const summary = summarize(workload, watched());
  const analysis = analyze(workload, { ...simulation, policy: spec.name });
  return {
    spec,
    summary,
    analysis,
    chart: recorder?.chart(isBound ? until : undefined),
    faults,
    error,
  };
}
