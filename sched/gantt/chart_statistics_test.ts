// Charts and statistics are made of the same events by different code: what they say is the same.
import { assert, assertEquals } from "@std/assert";
import { createHostedPolicy, policyNames } from "../policies/registry.ts";
import { randomWorkload } from "../simulator/random_workload.ts";
import { simulate } from "../simulator/simulator.ts";
import type { ThreadSpec } from "../simulator/workload.ts";
import { Statistics } from "../statistics/statistics.ts";
import type { GanttRow, GanttRows, MarkKind, PieceKind } from "./chart.ts";
import { GanttRecorder } from "./recorder.ts";

function time({ pieces }: GanttRow, kind: PieceKind): number {
  return pieces[kind].reduce((sum, piece) => sum + piece.time, 0);
}

function happened({ marks }: GanttRow, kind: MarkKind): number {
  return marks[kind].reduce((sum, { count }) => sum + count, 0);
}

/** Threads of a seed: some run and sleep, some have jobs. */
function threads(seed: number): readonly ThreadSpec[] {
  return randomWorkload(seed, { threads: 9, priority: 5 }).map((spec, id) =>
    id % 3 > 0 ? spec : {
      ...{ name: spec.name, priority: id, period: 40 + id, deadline: 25 },
      steps: [{ type: "run", time: { least: 1, most: 12 } }],
      jobs: { pattern: "periodic", count: 8, jitter: 5 },
    }
  );
}

for (const rows of ["thread", "cpu"] as const satisfies readonly GanttRows[]) {
  Deno.test(`GanttRecorder, rows of ${rows}s have the times and counts of the statistics`, () => {
    for (const [seed, name] of policyNames().entries()) {
      const cpus = 1 + seed % 3;
      const workload = threads(seed);
      const statistics = new Statistics(workload, { cpus });
      // Some charts are so coarse that most pieces are put together.
      const detail = seed % 2 === 0 ? 200_000 : 40;
      const recorder = new GanttRecorder(workload, { cpus, rows, detail });
      const options = { cpus, seed, switchCost: seed % 4, migrationCost: seed % 2 };
      for (const event of simulate(workload, createHostedPolicy(name, { quantum: 7 }), options)) {
        statistics.add(event);
        recorder.add(event);
      }
      const chart = recorder.chart();
      const report = statistics.report();
      const { total } = report;
      const all = (tell: (row: GanttRow) => number) =>
        chart.rows.reduce((sum, row) => sum + tell(row), 0);
      assertEquals(all((row) => time(row, "run")), total.busy, name);
      assertEquals(all((row) => time(row, "switch")), total.switching, name);
      assertEquals(all((row) => happened(row, "preempt")), total.preemptions, name);
      assertEquals(all((row) => happened(row, "migrate")), total.migrations, name);
      assertEquals(all((row) => happened(row, "miss")), total.jobs.missed, name);
      assertEquals(chart.grain > 0, detail < 1_000, name);
      if (rows === "cpu") continue;
      for (const [id, thread] of report.threads.entries()) {
        const row = chart.rows[id]!;
        assertEquals(time(row, "run"), thread.run, `${name} ${thread.name}`);
        assertEquals(time(row, "ready") + time(row, "switch"), thread.ready);
        const jobs = workload[id]?.jobs === undefined ? 0 : thread.jobs.released;
        assertEquals(happened(row, "release"), jobs);
        assert(happened(row, "deadline") <= jobs);
      }
    }
  });
}
