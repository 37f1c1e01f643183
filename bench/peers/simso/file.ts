/**
 * Task sets as files of SimSo (its XML, as its version 0.8.5 reads it). One cycle of its clock is a
 * unit of time.
 *
 * @module
 */
import type { RecurringTask } from "../../../sched/analysis/mod.ts";

/** How a set is to be run. */
export interface SimSoRun {
  /** A scheduler of SimSo's, by its class. */
  readonly scheduler: string;
  /** Number of CPUs. */
  readonly cpus: number;
  /** When the run ends. */
  readonly duration: number;
  /** When each task is released first; 0 if absent. */
  readonly offsets?: readonly number[];
}

/** The file of a set; jobs that are late go on. */
export function simsoFile(tasks: readonly RecurringTask[], run: SimSoRun): string {
  const processors = Array.from(
    { length: run.cpus },
    (_, id) => `    <processor name="CPU ${id}" id="${id}" />\n`,
  );
  const lines = tasks.map(({ name, time, period, deadline = period, priority = 0 }, id) => {
    const first = run.offsets?.[id] ?? 0;
    const times =
      `period="${period}" deadline="${deadline}" WCET="${time}" activationDate="${first}"`;
    const unused = 'instructions="0" mix="0.5" base_cpi="1"';
    return `    <task name="${name ?? `t${id}`}" id="${id + 1}" task_type="Periodic" ` +
      `abort_on_miss="no" ${times} priority="${priority}" ${unused} />\n`;
  });
  return `<?xml version="1.0" ?>
<simulation duration="${run.duration}" cycles_per_ms="1" etm="wcet">
  <sched class="${run.scheduler}" />
  <caches />
  <processors>
${processors.join("")}  </processors>
  <tasks>
    <field name="priority" type="int" />
${lines.join("")}  </tasks>
</simulation>
`;
}
