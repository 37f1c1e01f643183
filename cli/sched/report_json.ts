/**
 * What became of a workload under several policies, as JSON.
 *
 * @module
 */
import { describeFault } from "../../sched/mod.ts";
import type { PolicyRun } from "./policy_run.ts";
import type { ReportOptions } from "./report_text.ts";

/** The format's number; it changes when a field is taken away or means something else. */
const VERSION = 1;

/**
 * Writes the report as one JSON document on several lines. Times are on the workload's clock.
 * Numbers that are endless are `null`.
 */
export function reportJson(runs: readonly PolicyRun[], options: ReportOptions): string {
  const { file, input, simulation } = options;
  const { cpus = 1, seed = 0, until, tickInterval = 1 } = simulation;
  const { switchCost = 0, migrationCost = 0, timeout } = simulation;
  const report = {
    format: "trapline-sched",
    version: VERSION,
    workload: file,
    threads: input.workload.threads.map(({ name }) => name),
    simulation: {
      ...{ cpus, seed, until: until ?? null, tickInterval, switchCost, migrationCost },
      timeout: timeout ?? null,
    },
    unit: input.unit ?? null,
    runs: runs.map(({ spec, statistics, analysis, stranded, error }) => ({
      policy: spec.text,
      name: spec.name,
      options: spec.options,
      ...statistics,
      fault: statistics.fault && {
        ...statistics.fault,
        message: describeFault(statistics.fault),
      },
      analysis,
      stranded,
      error: error === undefined ? null : { kind: error.kind, message: error.message },
    })),
  };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
