// deno run examples/many_threads.ts
//
// A workload of 300 threads, made by a seed: periodic ones, some that think and compute in turns,
// and some that share a disk and a mutex. What becomes of them under three policies, on four CPUs.
import {
  createSpecifiedPolicy,
  GanttRecorder,
  ganttSvg,
  parsePolicySpecs,
  simulate,
  Statistics,
  type ThreadSpec,
  type Workload,
} from "@trapline/trapline/sched";

const SEED = 7;
let state = SEED;
/** A whole number from `least` to `most`: the next of a simple sequence. */
function between(least: number, most: number): number {
  state = state * 48_271 % 0x7fffffff;
  return least + state % (most - least + 1);
}

function thread(id: number): ThreadSpec {
  const time = between(1, 6);
  switch (id % 3) {
    case 0:
      return {
        name: `control ${id}`,
        priority: between(100, 200),
        period: 50 * between(1, 8),
        arrival: between(0, 100),
        jobs: { pattern: "periodic" },
        steps: [{ type: "run", time: { least: 1, most: time } }],
      };
    case 1:
      return {
        name: `user ${id}`,
        priority: between(20, 90),
        arrival: between(0, 1_000),
        steps: [{
          type: "repeat",
          steps: [{ type: "run", time }, { type: "sleep", time: { least: 100, most: 2_000 } }],
        }],
      };
    default:
      return {
        name: `batch ${id}`,
        priority: between(1, 10),
        steps: [{
          type: "repeat",
          steps: [
            { type: "io", time: between(1, 8), device: "disk" },
            { type: "lock", mutex: "index" },
            { type: "run", time },
            { type: "unlock", mutex: "index" },
            { type: "run", time: 20 * time },
          ],
        }],
      };
  }
}

const workload: Workload = {
  threads: Array.from({ length: 300 }, (_, id) => thread(id)),
  mutexes: [{ name: "index", protocol: "inherit" }],
  devices: [{ name: "disk" }],
};

const cpus = 4;
const panels = parsePolicySpecs("rr:quantum=10,priority:quantum=10,mlfq:quantum=10,boost=2000").map(
  (spec) => {
    const statistics = new Statistics(workload, { cpus });
    const recorder = new GanttRecorder(workload, { cpus });
    const policy = createSpecifiedPolicy(spec);
    for (const event of simulate(workload, policy, { cpus, until: 4_000, seed: SEED })) {
      statistics.add(event);
      recorder.add(event);
    }
    const { total } = statistics.report();
    console.log(
      spec.text,
      total.jobs.missed,
      "late,",
      Math.round(total.response!.mean),
      "on average",
    );
    return { title: spec.text, chart: recorder.chart() };
  },
);

// A file that a browser shows; Deno.writeTextFileSync("threads.svg", svg) would keep it.
const svg = ganttSvg(panels);
console.log(svg.length, "bytes");
