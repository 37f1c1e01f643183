import { assert, assertEquals } from "@std/assert";
import { sweep } from "../../../util/testing/sweep.ts";
import { Random } from "../../../util/random.ts";
import { simulate, type ThreadSpec } from "../../mod.ts";
import { Hosted } from "../../testing/hosted.ts";
import { Stride } from "./stride.ts";

/** Which thread has each quantum. */
function quanta(workload: readonly ThreadSpec[], quantum: number): number[] {
  const order: number[] = [];
  let since = 0;
  for (const event of simulate(workload, new Stride({ quantum }), { until: 2_500 * quantum })) {
    if (event.type === "dispatch") since = event.time;
    else if (event.type === "preempt" || event.type === "exit") {
      for (let time = since; time < event.time; time += quantum) order.push(event.thread);
    }
  }
  return order;
}

const endless = (name: string, weight: number): ThreadSpec => ({
  name,
  weight,
  steps: [{ type: "run", time: 100_000 }],
});

Deno.test("Stride, the trace of Arpaci-Dusseau, Operating Systems: Three Easy Pieces, figure 9.3", () => {
  const workload = [endless("A", 100), endless("B", 50), endless("C", 250)];
  const order = quanta(workload, 10).slice(0, 8).map((thread) => "ABC"[thread]).join("");
  assertEquals(order, "ABCCCACC");
});

Deno.test("Stride, the shares of any two threads differ from their tickets' by at most a quantum", () => {
  for (let seed = 0; seed < sweep({ quick: 6, full: 100 }); seed++) {
    const random = new Random(seed);
    const weights = Array.from({ length: random.between(2, 6) }, () => random.between(1, 100));
    const order = quanta(weights.map((weight, id) => endless(`${id}`, weight)), 10);
    const got = weights.map(() => 0);
    for (const [index, thread] of order.slice(0, 2_000).entries()) {
      got[thread]!++;
      for (let a = 0; a < got.length; a++) {
        for (let b = 0; b < a; b++) {
          const fair = (got[a]! + got[b]!) * weights[a]! / (weights[a]! + weights[b]!);
          const error = Math.abs(got[a]! - fair);
          assert(error <= 1 + 1e-6, `seed ${seed}: ${a}, ${b} off ${error} after ${index + 1}`);
        }
      }
    }
  }
});

Deno.test("Stride, a thread that has slept gets its share again, and not what it missed", () => {
  const on = new Hosted(new Stride({ quantum: 10 }));
  on.ready(1, { weight: 100 });
  on.ready(2, { weight: 100 });
  assertEquals(on.run(), 1);
  on.stop(1, { reason: "blocked" });
  on.run();
  assertEquals(on.tick(2, 10_000), false);
  on.ready(1, { reason: "wakeup" });
  const got = [0, 0, 0];
  let running = 2;
  for (let count = 0; count < 100; count++) {
    got[running]!++;
    if (!on.tick(running, 10)) continue;
    on.stop(running);
    on.ready(running, { reason: "preempt" });
    running = on.run() ?? 0;
  }
  assert(Math.abs(got[1]! - got[2]!) <= 2, `${got}`);
});

Deno.test("Stride, a thread that had more than its share before it slept waits for as much", () => {
  const on = new Hosted(new Stride({ quantum: 10 }));
  for (const thread of [1, 2]) on.ready(thread, { weight: 100 });
  assertEquals([on.run(), on.tick(1, 20)], [1, true]);
  on.stop(1, { reason: "blocked" });
  assertEquals([on.run(), on.tick(2, 10)], [2, false]);
  on.ready(1, { reason: "wakeup" });
  assertEquals([on.tick(2, 10), on.tick(2, 10)], [false, true]);
});

Deno.test("Stride, a thread whose pass is the smallest still goes on without giving way", () => {
  const on = new Hosted(new Stride({ quantum: 10 }));
  on.ready(1, { weight: 300 });
  on.ready(2, { weight: 100 });
  const next = (): number => {
    const thread = on.run() ?? 0;
    let quanta = 1;
    while (!on.tick(thread, 10)) quanta++;
    on.stop(thread);
    on.ready(thread, { reason: "preempt" });
    return 10 * thread + quanta;
  };
  // Passes 1/3 and 1, then 1 and 1, where the one that has not run is first.
  assertEquals([next(), next(), next(), next()], [11, 21, 12, 21]);
});

Deno.test("Stride, other tickets hold at once", () => {
  const on = new Hosted(new Stride({ quantum: 10 }));
  for (const thread of [1, 2, 3]) on.ready(thread, { weight: 100 });
  on.host.update(3, { weight: 300 });
  const got = [0, 0, 0, 0];
  for (let count = 0; count < 500; count++) {
    const running = on.run() ?? 0;
    got[running]!++;
    on.stop(running, { elapsed: 10 });
    on.ready(running, { reason: "preempt" });
  }
  assertEquals(got, [0, 100, 100, 300]);
});

Deno.test("Stride, with several CPUs threads run where their affinity has them", () => {
  const on = new Hosted(new Stride(), { cpus: 3 });
  on.ready(1, { affinity: [2] });
  on.ready(2, { affinity: [0, 2] });
  on.ready(3);
  assertEquals([on.run(1), on.run(0), on.run(1), on.run(2)], [3, 2, null, 1]);
  assertEquals(on.host.fault, null);
});

Deno.test("Stride, a thread that is over leaves nothing behind, and it goes on as saved", () => {
  const on = new Hosted(new Stride({ quantum: 10 }));
  for (const thread of [1, 2, 3]) on.ready(thread, { weight: 10 * thread });
  const running = on.run() ?? 0;
  on.tick(running, 7);
  on.host.forget(2);
  const other = new Hosted(new Stride({ quantum: 10 }));
  other.ready(77);
  other.now = on.now;
  other.host.restore(on.host.save());
  for (const each of [on, other]) {
    each.stop(running, { elapsed: 3 });
    each.host.enqueue(running, { reason: "preempt" });
  }
  assertEquals(other.host.save(), on.host.save());
  assertEquals(other.picks(), on.picks());
});
