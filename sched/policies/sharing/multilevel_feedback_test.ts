import { assertEquals, assertThrows } from "@std/assert";
import { SchedError, type Step, type ThreadSpec } from "../../mod.ts";
import { Hosted } from "../../testing/hosted.ts";
import { outcome } from "../../testing/outcome.ts";
import { type FeedbackOptions, MultilevelFeedback } from "./multilevel_feedback.ts";

const run = (time: number): Step => ({ type: "run", time });

/** So many runs with sleeps between them. */
function bursts(count: number, { time, sleep }: { time: number; sleep: number }): Step[] {
  const steps = Array.from({ length: count }, () => [run(time), { type: "sleep", time: sleep }]);
  return steps.flat().slice(0, -1) as Step[];
}

function chart(workload: readonly ThreadSpec[], options: FeedbackOptions = {}): string {
  const policy = new MultilevelFeedback({ levels: 3, quantum: 10, boost: Infinity, ...options });
  return outcome(workload, policy).chart;
}

/** Time a thread has the CPU within a span. */
function share(
  workload: readonly ThreadSpec[],
  options: FeedbackOptions & { name: string; from: number },
) {
  const { name, from, ...others } = options;
  const spans = chart(workload, others).split(", ").filter((span) => span.startsWith(name));
  return spans.map((span) => span.split(" ")[1]!.split("-").map(Number)).reduce(
    (sum, [start = 0, end = 0]) =>
      sum + Math.max(0, Math.min(end, from + 100) - Math.max(start, from)),
    0,
  );
}

// Figures of Arpaci-Dusseau, Operating Systems: Three Easy Pieces, chapter 8: three queues, quanta
// of 10 ms. The figures before 8.6 are of rule 4b, by which giving the CPU up renews the allotment.

Deno.test("MultilevelFeedback, a long job moves down queue by queue: Three Easy Pieces, figure 8.2", () => {
  const policy = new MultilevelFeedback({ levels: 3, quantum: 10, boost: Infinity });
  const on = new Hosted(policy);
  on.ready(1);
  on.run();
  const levels = Array.from({ length: 20 }, () => {
    const level = policy.level(1);
    assertEquals([on.host.slice(1, 0), on.tick(1, 10)], [10, false]);
    return level;
  });
  assertEquals(levels, [2, 1, ...new Array(18).fill(0)]);
});

Deno.test("MultilevelFeedback, a short job comes along: Three Easy Pieces, figure 8.3", () => {
  const workload = [
    { name: "A", steps: [run(180)] },
    { name: "B", arrival: 100, steps: [run(20)] },
  ];
  assertEquals(chart(workload), "A 0-100, B 100-120, A 120-200");
});

Deno.test("MultilevelFeedback, a job that waits for devices stays on top: Three Easy Pieces, figure 8.4", () => {
  const workload = [
    { name: "A", steps: [run(175)] },
    { name: "B", arrival: 50, steps: bursts(25, { time: 1, sleep: 5 }) },
  ];
  const expected = Array.from({ length: 25 }, (_, index) => {
    const start = 50 + 6 * index;
    return `B ${start}-${start + 1}, A ${start + 1}-${start + 6}`;
  });
  assertEquals(chart(workload, { renewed: true }), ["A 0-50", ...expected].join(", "));
});

Deno.test("MultilevelFeedback, a boost every 50 ms keeps a long job from starving: Three Easy Pieces, figure 8.5", () => {
  const workload = [
    { name: "A", steps: [run(200)] },
    ...["B", "C"].map((name) => ({
      name,
      arrival: 100,
      steps: bursts(20, { time: 5, sleep: 5 }),
    })),
  ];
  const starved = chart(workload, { renewed: true });
  assertEquals(
    starved.split(", ").slice(0, 4).join(", "),
    "A 0-100, B 100-105, C 105-110, B 110-115",
  );
  assertEquals(starved.split(", ").slice(-2).join(", "), "C 295-300, A 300-400");
  const boosted = chart(workload, { renewed: true, boost: 50 });
  // After each boost A has one quantum in the highest queue, behind who became ready before.
  assertEquals(boosted.split(", ").filter((span) => span.startsWith("A")).slice(0, 4), [
    "A 0-100",
    "A 110-120",
    "A 155-165",
    "A 205-215",
  ]);
});

Deno.test("MultilevelFeedback, gaming gets 9 ms of 10, and nothing by the better rule: Three Easy Pieces, figure 8.6", () => {
  const workload = [
    { name: "A", steps: [run(300)] },
    { name: "B", arrival: 100, steps: bursts(40, { time: 9, sleep: 1 }) },
  ];
  assertEquals(share(workload, { name: "B", from: 120, renewed: true }), 90);
  const fair = share(workload, { name: "B", from: 120 });
  assertEquals(fair >= 40 && fair <= 50, true, `${fair}`);
});

Deno.test("MultilevelFeedback, lower queues have longer quanta: Three Easy Pieces, figure 8.7", () => {
  const workload = ["A", "B"].map((name) => ({ name, steps: [run(140)] }));
  assertEquals(
    chart(workload, { allotment: 20, growth: 2 }),
    "A 0-10, B 10-20, A 20-30, B 30-40, A 40-60, B 60-80, A 80-100, B 100-120, " +
      "A 120-160, B 160-200, A 200-240, B 240-280",
  );
});

Deno.test("MultilevelFeedback, giving the CPU up before the quantum ends gains nothing", () => {
  const on = new Hosted(new MultilevelFeedback({ quantum: 10, boost: Infinity }));
  on.ready(1);
  on.run();
  on.stop(1, { elapsed: 9, reason: "blocked" });
  on.ready(1, { reason: "wakeup" });
  on.run();
  on.ready(2);
  assertEquals([on.host.slice(1, 0), on.host.preempts(2, 0)], [1, false]);
  on.stop(1, { elapsed: 1, reason: "blocked" });
  on.ready(1, { reason: "wakeup" });
  assertEquals(on.run(), 2);
  on.stop(2, { elapsed: 9, reason: "yielded" });
  on.ready(2, { reason: "yield" });
  assertEquals(on.picks(), [2, 1]);
});

Deno.test("MultilevelFeedback, a boost moves all threads to the highest queue", () => {
  for (const [boost, expected] of [[100, [2, 1, 3]], [Infinity, [3, 2, 1]]] as const) {
    const on = new Hosted(new MultilevelFeedback({ levels: 3, quantum: 10, boost }));
    for (const thread of [1, 2]) on.ready(thread);
    for (const thread of [1, 2]) {
      assertEquals(on.run(), thread);
      assertEquals([on.host.slice(thread, 0), on.tick(thread, 10)], [10, true]);
      on.stop(thread);
      on.ready(thread, { reason: "preempt" });
    }
    assertEquals([on.run(), on.host.timerAt], [1, boost]);
    on.tick(1, 10);
    on.stop(1);
    on.ready(1, { reason: "preempt" });
    on.now = 100;
    on.host.runTimer();
    on.ready(3);
    assertEquals(on.picks(), [...expected]);
  }
});

Deno.test("MultilevelFeedback, the timer stops when no thread is low, and it goes on as saved", () => {
  const make = (): Hosted => new Hosted(new MultilevelFeedback({ quantum: 10, boost: 100 }));
  const on = make();
  for (const thread of [1, 2, 3]) on.ready(thread);
  on.run();
  on.tick(1, 10);
  const other = make();
  other.ready(77);
  other.host.restore(on.host.save());
  for (const each of [on, other]) {
    assertEquals(each.host.timerAt, 100);
    each.stop(1, { reason: "ended" });
    each.host.forget(1);
    assertEquals([each.host.timerAt, each.picks()], [Infinity, [2, 3]]);
  }
});

Deno.test("MultilevelFeedback, threads that have slept through boosts, run or wait learn of them", () => {
  const options = { levels: 3, quantum: 10, allotment: 8, boost: 100 };
  const policy = new MultilevelFeedback(options);
  const on = new Hosted(policy);
  for (const thread of [1, 2, 3]) {
    on.ready(thread);
    on.run();
    on.tick(thread, 15);
    on.stop(thread, { reason: "blocked" });
  }
  on.ready(1, { reason: "wakeup" });
  on.ready(2, { reason: "wakeup" });
  assertEquals([on.run(), on.tick(1, 3)], [1, false]);
  assertEquals([1, 2, 3].map((thread) => policy.level(thread)), [1, 1, 1]);
  assertEquals(on.host.slice(1, 0), 5);
  on.now = 100;
  on.host.runTimer();
  const other = new Hosted(new MultilevelFeedback(options));
  other.ready(77);
  other.host.restore(on.host.save());
  assertEquals(other.host.save(), on.host.save());
  assertEquals([1, 2, 3].map((thread) => policy.level(thread)), [2, 2, 2]);
  assertEquals([on.host.slice(1, 0), on.host.preempts(2, 0)], [7, false], "with a whole allotment");
  assertEquals([on.tick(1, 2), policy.level(1)], [false, 2]);
});

Deno.test("MultilevelFeedback, refuses options that make no sense", () => {
  for (
    const options of [{ levels: 0 }, { levels: 257 }, { allotment: 0 }, { boost: 1.5 }, {
      growth: 17,
    }]
  ) {
    assertThrows(() => new MultilevelFeedback(options), SchedError, "it must be an integer from 1");
  }
});
