import { assert, assertEquals, assertThrows } from "@std/assert";
import { Random } from "../../../util/random.ts";
import { sweep } from "../../../util/testing/sweep.ts";
import { niceWeight, SchedError } from "../../mod.ts";
import { Hosted } from "../../testing/hosted.ts";
import { outcome } from "../../testing/outcome.ts";
import { endless, services } from "../../testing/services.ts";
import { CompletelyFair } from "./completely_fair.ts";

Deno.test("CompletelyFair, shares are those of Linux's weights to within two slices, from the second round on", () => {
  for (let seed = 0; seed < sweep({ quick: 5, full: 50 }); seed++) {
    const random = new Random(seed);
    const quantum = 10;
    const nices = Array.from({ length: random.between(2, 8) }, () => random.between(-10, 10));
    const weights = nices.map(niceWeight);
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    const period = Math.max(8, nices.length) * quantum;
    const slices = weights.map((weight) => Math.max(quantum, Math.floor(period * weight / all)));
    const farthest = Math.max(...slices.map((slice, thread) => slice / weights[thread]!));
    const threads = nices.map((nice, id) => endless(`${id}`, { nice }));
    const policy = new CompletelyFair({ quantum });
    let start: { time: number; had: readonly number[] } | undefined;
    let checked = 0;
    for (const { time, had } of services(threads, policy, { until: 100_000 })) {
      if (start === undefined && had.every((each, thread) => each >= 2 * slices[thread]!)) {
        start = { time, had: [...had] };
      }
      if (start === undefined) continue;
      checked++;
      for (const [thread, weight] of weights.entries()) {
        const fair = (time - start.time) * weight / all;
        const error = Math.abs(had[thread]! - start.had[thread]! - fair);
        assert(error <= 2 * weight * farthest + 1e-6, `seed ${seed}: ${error}, thread ${thread}`);
      }
    }
    assert(checked > 500, `${checked}`);
  }
});

Deno.test("CompletelyFair, nice 0 against nice 5 is 1024 to 335", () => {
  const threads = [endless("A"), endless("B", { nice: 5 })];
  let last = { time: 0, had: [0, 0] as readonly number[] };
  for (last of services(threads, new CompletelyFair({ quantum: 10 }), { until: 1_000_000 }));
  assert(Math.abs(last.had[0]! / last.time - 1024 / 1359) < 1e-3, `${last.had}`);
});

Deno.test("CompletelyFair, each runs once in a latency, or for the minimum granularity where there are many", () => {
  const chart = (count: number, time: number): string => {
    const threads = Array.from({ length: count }, (_, id) => ({
      name: "ABCDEFGHIJKLMNOP"[id]!,
      steps: [{ type: "run", time } as const],
    }));
    return outcome(threads, new CompletelyFair({ quantum: 10, latency: 80 })).chart;
  };
  assertEquals(chart(2, 80), "A 0-40, B 40-80, A 80-120, B 120-160");
  // The slice that a thread has behind it when it starts is shorter where there are more.
  assertEquals(chart(4, 20), "A 0-20, D 20-40, C 40-60, B 60-80");
  assertEquals(chart(12, 10).split(", ").map((span) => span.slice(2)), [
    ...Array.from({ length: 12 }, (_, id) => `${10 * id}-${10 * id + 10}`),
  ]);
});

Deno.test("CompletelyFair, a slice is the thread's share of the latency by weight", () => {
  const on = new Hosted(new CompletelyFair({ quantum: 10, latency: 80 }));
  on.ready(1);
  on.ready(2, { nice: 5 });
  // Of 1024 + 335; with 61 it has passed the other, which began a slice of its own ahead.
  assertEquals([on.run(), on.host.slice(1, 0)], [1, 60]);
  assertEquals([on.tick(1, 59), on.host.slice(1, 0), on.tick(1, 2)], [false, 1, true]);
});

/** Thread 1 runs and has used up so much, others wait. */
function after(elapsed: number, options: { nice?: number; waiting?: number[] } = {}): Hosted {
  const on = new Hosted(new CompletelyFair({ quantum: 10, latency: 80, wakeup: 14 }));
  const { nice = 0, waiting = [2] } = options;
  on.ready(1);
  on.ready(9, { nice });
  assertEquals(on.run(), 1);
  on.stop(1);
  on.ready(1, { reason: "preempt" });
  // Thread 9 blocks without having run.
  assertEquals(on.host.dequeue(9), true);
  assertEquals(on.run(), 1);
  for (const thread of waiting) on.ready(thread);
  on.tick(1, elapsed);
  return on;
}

Deno.test("CompletelyFair, a thread that wakes up takes the CPU if the running one is far enough ahead", () => {
  // It has a bonus of half a latency, 40, against a granularity of 14.
  const on = after(200, { waiting: [] });
  on.ready(9, { reason: "wakeup" });
  assertEquals(on.host.preempts(9, 0), true);
  on.stop(1, { reason: "preempted" });
  on.ready(1, { reason: "preempt" });
  assertEquals(on.run(), 9);
  // What it catches up is 40, its slice: then it is as far as the other.
  assertEquals([on.host.slice(9, 0), on.tick(9, 40)], [40, true]);
});

Deno.test("CompletelyFair, the bonus is not more than what a thread has slept", () => {
  const on = new Hosted(new CompletelyFair({ quantum: 10, latency: 80, wakeup: 14 }));
  for (const thread of [1, 2]) on.ready(thread);
  assertEquals(on.run(), 1);
  on.stop(1, { elapsed: 5, reason: "blocked" });
  assertEquals(on.run(), 2);
  on.tick(2, 3);
  on.ready(1, { reason: "wakeup" });
  assertEquals(on.host.preempts(1, 0), true, "2 began a slice behind 1");
  on.tick(2, 1);
  const other = new Hosted(new CompletelyFair({ quantum: 10, latency: 80, wakeup: 46 }));
  other.host.restore(on.host.save());
  assertEquals(other.host.preempts(1, 0), false, "39 ahead");
});

Deno.test("CompletelyFair, a thread that yields lets the next go first, once, and not one far ahead", () => {
  const on = new Hosted(new CompletelyFair({ quantum: 10, latency: 80, wakeup: 14 }));
  for (const thread of [1, 2]) on.ready(thread);
  assertEquals(on.run(), 1);
  on.stop(1, { elapsed: 30, reason: "yielded" });
  on.ready(1, { reason: "yield" });
  assertEquals(on.run(), 2, "which began 40 behind: 10 ahead now");
  on.stop(2, { elapsed: 9, reason: "quantum" });
  on.ready(2, { reason: "preempt" });
  assertEquals(on.run(), 1);
  on.stop(1, { elapsed: 0, reason: "yielded" });
  on.ready(1, { reason: "yield" });
  assertEquals(on.run(), 1, "19 behind the other");
});

Deno.test("CompletelyFair, refuses options that make no sense", () => {
  for (const options of [{ latency: 0 }, { wakeup: 1.5 }]) {
    assertThrows(() => new CompletelyFair(options), SchedError, "it must be a positive integer");
  }
});
