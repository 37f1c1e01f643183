import { assert, assertEquals } from "@std/assert";
import { simulate, summarize, type ThreadSpec } from "../../mod.ts";
import { Hosted } from "../../testing/hosted.ts";
import { Lottery } from "./lottery.ts";

const twins = (time: number, weights: readonly number[]): readonly ThreadSpec[] =>
  weights.map((weight, id) => ({ name: `${id}`, weight, steps: [{ type: "run", time }] }));

/** First finish over second, on average of many seeds. */
function unfairness(time: number): number {
  let sum = 0;
  for (let seed = 0; seed < 30; seed++) {
    const workload = twins(time, [100, 100]);
    const events = simulate(workload, new Lottery({ quantum: 1 }), { seed });
    const [a = 0, b = 0] = summarize(workload, events).threads.map(({ finish }) => finish);
    sum += Math.min(a, b) / Math.max(a, b);
  }
  return sum / 30;
}

Deno.test("Lottery, fairness grows with the length of the jobs: Three Easy Pieces, figure 9.2", () => {
  const [short, middle, long] = [unfairness(3), unfairness(100), unfairness(1_000)];
  assert(short < middle && middle < long, `${short}, ${middle}, ${long}`);
  assert(short < 0.85 && long > 0.95, `${short}, ${long}`);
});

Deno.test("Lottery, shares are the tickets', within four standard deviations", () => {
  for (const weights of [[75, 25], [1, 2, 3, 10], [2 ** 20, 2 ** 20, 2 ** 19]]) {
    for (let seed = 0; seed < 5; seed++) {
      const on = new Hosted(new Lottery({ quantum: 10 }), { seed });
      for (const [thread, weight] of weights.entries()) on.ready(thread, { weight });
      const got = weights.map(() => 0);
      const draws = 4_000;
      for (let count = 0; count < draws; count++) {
        const thread = on.run()!;
        got[thread]!++;
        assertEquals(on.tick(thread, 10), true);
        on.stop(thread);
        on.ready(thread, { reason: "preempt" });
      }
      const all = weights.reduce((sum, weight) => sum + weight, 0);
      for (const [thread, weight] of weights.entries()) {
        const chance = weight / all;
        const deviation = Math.sqrt(draws * chance * (1 - chance));
        const error = Math.abs(got[thread]! - draws * chance);
        assert(error < 4 * deviation, `${weights}, seed ${seed}: ${got}`);
      }
    }
  }
});

Deno.test("Lottery, with several CPUs threads run where their affinity has them", () => {
  const on = new Hosted(new Lottery(), { cpus: 3 });
  on.ready(1, { affinity: [2] });
  on.ready(20, { affinity: [0] });
  on.ready(3, { affinity: [1] });
  assertEquals([on.run(1), on.run(0), on.run(1), on.run(2)], [3, 20, null, 1]);
  assertEquals([on.run(0), on.host.fault], [null, null]);
});

Deno.test("Lottery, goes on as the one that was saved, random numbers included", () => {
  const make = (seed: number): Hosted => new Hosted(new Lottery({ quantum: 10 }), { seed });
  const on = make(1);
  for (let thread = 0; thread < 40; thread++) on.ready(thread, { weight: 1 + thread });
  const running = on.run() ?? 0;
  on.tick(running, 7);
  on.host.update(3, { weight: 1_000 });
  on.host.dequeue(5);
  const other = make(2);
  other.ready(77);
  other.host.restore(on.host.save());
  assertEquals([other.tick(running, 2), other.tick(running, 1)], [false, true]);
  on.tick(running, 3);
  assertEquals(other.host.save(), on.host.save());
  const order = on.picks();
  assertEquals([order.length, other.picks()], [38, order]);
});
