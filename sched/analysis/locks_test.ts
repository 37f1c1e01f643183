// No thread is blocked for longer than the analysis says, in the simulator.
import { assert, assertEquals } from "@std/assert";
import type { Step, ThreadSpec } from "../simulator/workload.ts";
import { Random } from "../../util/random.ts";
import { analyze } from "./analyze.ts";
import { contradictions, runWorkload } from "./testing/against_simulator.ts";
import { draw, eachSeed, PERIODIC, threads } from "./testing/random_workloads.ts";

/** Locks around parts of a job, one in the other at times, never in another order. */
function withLocks(time: number, random: Random): Step[] {
  const steps: Step[] = [];
  let left = time;
  const run = (most: number): void => {
    const part = Math.min(left, random.between(1, most));
    if (part > 0) steps.push({ type: "run", time: part });
    left -= part;
  };
  for (const first of [0, 1, 2]) {
    run(3);
    if (left === 0 || random.chance(0.4)) continue;
    const nested = first < 2 && random.chance(0.5) ? `m${random.between(first + 1, 2)}` : null;
    steps.push({ type: "lock", mutex: `m${first}` });
    run(5);
    if (nested !== null) {
      steps.push({ type: "lock", mutex: nested });
      run(4);
      steps.push({ type: "unlock", mutex: nested });
    }
    run(2);
    steps.push({ type: "unlock", mutex: `m${first}` });
  }
  if (left > 0) steps.push({ type: "run", time: left });
  return steps;
}

for (const protocol of ["inherit", "ceiling", "original-ceiling"] as const) {
  Deno.test(`analyze, mutexes of protocol ${protocol}: no thread is blocked for longer than it says`, () => {
    let [promised, blocked] = [0, 0];
    eachSeed(20 + protocol.length, { quick: 24, full: 1_500 }, (seed) => {
      const random = new Random(seed);
      const policy = random.pick(["priority", "rm", "dm", "edf"]);
      const tasks = draw(seed, {
        ...{ hyperperiod: 5040, shortest: 30, longest: 840, deadlines: "constrained" },
        ...{ tasks: random.between(3, 6), utilization: 0.4 + 0.5 * random.next() / 2 ** 32 },
      });
      const background: ThreadSpec[] = random.chance(0.3)
        ? [{
          name: "background",
          steps: [{
            type: "repeat",
            steps: [{ type: "sleep", time: seed % 2 * 5 }, ...withLocks(20, random)],
          }],
        }]
        : [];
      const workload = {
        mutexes: [0, 1, 2].map((each) => ({ name: `m${each}`, protocol })),
        threads: threads(tasks, ({ time, period }) => ({
          steps: withLocks(time, random),
          jobs: random.chance(0.5) ? PERIODIC : { pattern: "sporadic", most: 2 * period },
        })).map((spec) => ({ ...spec, arrival: random.below(30) }) as ThreadSpec).concat(
          background,
        ),
      };
      const switchCost = protocol === "ceiling" ? random.below(2) : 0;
      const analysis = analyze(workload, { policy, switchCost });
      const run = runWorkload(workload, { policy, switchCost, seed, until: 8_000 });
      assertEquals(contradictions(analysis, { run, worst: false }), [], `seed ${seed}`);
      const { schedulable, responses = [] } = analysis.verdicts.at(-1)!;
      if (schedulable === true) promised++;
      // Without the blocking some would have been too short.
      const alone = workload.threads.map((spec) => ({
        ...spec,
        steps: spec.steps.filter(({ type }) => type === "run"),
      })).slice(0, tasks.length);
      const bare = analyze(alone, { policy }).verdicts.at(-1)!.responses ?? [];
      if (
        run.responses.some((seen, at) => seen > (bare[at] ?? Infinity) && responses[at] !== null)
      ) {
        blocked++;
      }
    });
    assert(promised >= 4 && blocked >= 4, `${promised}, ${blocked}`);
  });
}
