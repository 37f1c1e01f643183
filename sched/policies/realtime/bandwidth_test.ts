// Constant-bandwidth servers, whose deadlines are put off, and those that are throttled.
import { assert, assertEquals } from "@std/assert";
import { createPolicy, type Policy, type ThreadSpec } from "../../mod.ts";
import { Hosted } from "../../testing/hosted.ts";
import { stretches, timeline, turns } from "../../testing/timeline.ts";
import { sweep } from "../../../util/testing/sweep.ts";
import { Random } from "../../../util/random.ts";
import { ConstantBandwidthServer } from "./constant_bandwidth.ts";
import { DeadlineServer } from "./deadline_server.ts";

/** A job of 4 every 7, beside a server of 3 every 8 with jobs of 4 at 3 and of 3 at 13. */
const MIXED: readonly ThreadSpec[] = [
  { name: "H", budget: 4, period: 7, steps: turns(4, 3, 4, 3, 4) },
  { name: "S", arrival: 3, budget: 3, period: 8, steps: turns(4, 1, 3) },
];

Deno.test("ConstantBandwidthServer, deadlines are put off when budgets are used up", () => {
  // S is due at 11, at 7 at 19; at 13 it goes on with 2 until 19, as 2 < (19 - 13) × 3/8; at 15 it
  // is due at 27.
  const expected = "H 0-4, S 4-7, H 7-11, S 11-12, S 13-15, H 15-19, S 19-20";
  assertEquals(timeline(MIXED, new ConstantBandwidthServer(), { until: 30 }), expected);
});

Deno.test("DeadlineServer, a thread whose budget is used up waits for its next period", () => {
  // Throttled at 7 until 11, due at 19 then; at 13 (one later, as it woke up at 12 before) it goes
  // on with 2; throttled at 15 until 19.
  const expected = "H 0-4, S 4-7, H 7-11, S 11-12, S 13-15, H 15-19, S 19-20";
  assertEquals(timeline(MIXED, new DeadlineServer(), { until: 30 }), expected);
  const alone = [{ name: "S", budget: 3, period: 8, steps: turns(10) }];
  const throttled = "S 0-3, S 8-11, S 16-19, S 24-25";
  assertEquals(timeline(alone, new DeadlineServer(), { until: 30 }), throttled);
  assertEquals(timeline(alone, new ConstantBandwidthServer(), { until: 30 }), "S 0-10");
});

for (const name of ["cbs", "deadline"]) {
  Deno.test(`${name}, a thread that wakes up early goes on with what its bandwidth allows`, () => {
    const on = new Hosted(createPolicy(name));
    on.ready(1, { budget: 4, period: 16 }); // due at 16
    on.ready(2, { budget: 4, period: 20 }); // due at 20
    assertEquals(on.run(), 1);
    on.stop(1, { elapsed: 3, reason: "blocked" });
    on.now = 12;
    on.ready(1, { reason: "wakeup" });
    // What is left, 1, is what it may have from 12 to 16: 4 × 4/16. cbs begins anew then, due at
    // 28; Linux only with more.
    const first = on.host.pick(0);
    assertEquals(first, name === "cbs" ? 2 : 1);
    const other = new Hosted(createPolicy(name));
    other.ready(1, { budget: 4, period: 16 });
    other.ready(2, { budget: 4, period: 20 });
    assertEquals(other.run(), 1);
    other.stop(1, { elapsed: 2, reason: "blocked" });
    other.now = 12;
    other.ready(1, { reason: "wakeup" });
    assertEquals(other.host.pick(0), 2, "2 would be too much");
  });

  Deno.test(`${name}, a job released before the last was done goes on with its server`, () => {
    for (const [released, expected] of [[8, 1], [9, 2]] as const) {
      const on = new Hosted(createPolicy(name));
      on.ready(1, { budget: 6, period: 12, reason: "release" }); // due at 12
      on.run();
      on.now = 4;
      on.stop(1, { elapsed: 5, reason: "blocked" }); // with 1 of 6 left
      on.now = 11;
      on.ready(2, { budget: 6, period: 11 }); // due at 22
      on.host.enqueue(1, { reason: "release", released });
      // Had it had a pause, it would have begun anew, due at 23.
      assertEquals(on.host.pick(0), expected, `released at ${released}`);
    }
  });

  Deno.test(`${name}, threads that overrun their budgets make no other miss a deadline`, () => {
    let [overran, simulated] = [0, 0];
    for (let seed = 0; seed < sweep({ quick: 40, full: 1500 }); seed++) {
      const random = new Random(seed);
      const kept: { budget: number; period: number }[] = [];
      let left = 0.97;
      for (let count = random.between(1, 3); count > 0; count--) {
        const period = random.between(5, 40);
        const budget = Math.max(1, Math.floor(period * left * random.between(20, 60) / 100));
        if (budget / period > left) continue;
        kept.push({ budget, period });
        left -= budget / period;
      }
      const period = random.between(8, 30);
      const budget = Math.floor(period * left);
      if (budget === 0) continue;
      const until = 600;
      const threads: ThreadSpec[] = kept.map((each, index) => ({
        ...each,
        name: `${index}`,
        steps: [{ type: "run", time: each.budget }],
        jobs: { pattern: "periodic" },
      }));
      // Wants the whole CPU, and pauses at random.
      const steps = Array.from({ length: 60 }, () => [
        { type: "run", time: random.between(1, 30) } as const,
        { type: "sleep", time: random.between(0, 12) } as const,
      ]).flat();
      threads.push({ name: "over", budget, period, steps });
      const policy: Policy = createPolicy(name);
      const ran = stretches(threads, policy, { until, kept: ({ jobs }) => jobs !== undefined });
      const over = ran.filter((each) => each.name === "over")
        .reduce((sum, { from, to }) => sum + to - from, 0);
      overran += over > until * budget / period ? 1 : 0;
      simulated++;
      if (name === "deadline") {
        assert(over <= (until / period + 2) * budget, `seed ${seed}: ${over} is too much`);
      }
    }
    if (name === "cbs") assert(overran > simulated / 4, `${overran} had more than their bandwidth`);
  });
}

Deno.test("DeadlineServer, a deadline before the end of the period allows no more than the bandwidth", () => {
  const policy = (): DeadlineServer => new DeadlineServer();
  const spec = { name: "A", budget: 4, deadline: 8, period: 20 };
  // It wakes up at 6 with 3 left until 8: it may have 2 × 4/8 = 1, and the rest from 20 on.
  assertEquals(
    timeline([{ ...spec, steps: turns(1, 5, 6) }], policy(), { until: 60 }),
    [
      "A 0-1, A 6-7, A 20-24, A 40-41",
    ].join(),
  );
  // It wakes up at 10, past its deadline at 8, and waits for its next period.
  assertEquals(
    timeline([{ ...spec, steps: turns(1, 9, 4) }], policy(), { until: 60 }),
    [
      "A 0-1, A 20-24",
    ].join(),
  );
  // It wakes up at 21, in its next period, which begins then.
  assertEquals(
    timeline([{ ...spec, steps: turns(1, 20, 6) }], policy(), { until: 60 }),
    [
      "A 0-1, A 21-25, A 41-43",
    ].join(),
  );
});

Deno.test("DeadlineServer, a thread that yields has done what it had to in this period", () => {
  const steps = [
    { type: "run", time: 1 },
    { type: "yield" },
    { type: "run", time: 2 },
    { type: "yield" },
    { type: "run", time: 1 },
  ] as const;
  const threads: ThreadSpec[] = [
    { name: "A", budget: 4, period: 10, steps },
    { name: "other", steps: turns(100) },
  ];
  const until = 25;
  const expected = "A 0-1, other 1-10, A 10-12, other 12-20, A 20-21, other 21-25";
  assertEquals(timeline(threads, new DeadlineServer(), { until }), expected);
  const soft = "A 0-4, other 4-25";
  assertEquals(timeline(threads, new ConstantBandwidthServer(), { until }), soft);
});

Deno.test("DeadlineServer, a throttled thread leaves, changes and dies like any other", () => {
  const on = new Hosted(new DeadlineServer());
  for (const thread of [1, 2, 3]) {
    on.ready(thread, { budget: 2, period: 10 });
    assertEquals(on.run(), thread);
    assertEquals(on.tick(thread, 2), true);
    on.stop(thread, { reason: "preempted" });
    on.ready(thread, { reason: "preempt" });
  }
  assertEquals([on.run(), on.host.timerAt, on.host.size], [null, 10, 3]);
  assertEquals([on.host.dequeue(1), on.host.timerAt], [true, 10]);
  on.host.forget(1);
  assertEquals([on.host.timerAt, on.host.size], [12, 2]);
  on.host.update(2, { budget: 0 });
  assertEquals([on.host.timerAt, on.run()], [14, 2], "it is no server any more");
  on.now = 14;
  assertEquals([on.run(), on.host.timerAt, on.host.fault], [3, Infinity, null]);
});

Deno.test("DeadlineServer, one whose budget comes later than its deadline begins anew", () => {
  const on = new Hosted(new DeadlineServer());
  on.ready(1, { period: 10, budget: 2 });
  assertEquals([on.run(), on.tick(1, 2), on.host.timerAt], [1, true, 10]);
  on.stop(1);
  on.ready(1, { reason: "preempt" });
  on.now = 35; // as late is the host: its deadline is at 45 now, and not at 20
  on.host.runTimer();
  on.ready(2, { period: 9, budget: 2 });
  assertEquals(on.picks(), [2, 1]);
});

Deno.test("DeadlineServer, with two CPUs one that gets its budget takes the latest deadline's", () => {
  const threads: ThreadSpec[] = [
    { name: "A", budget: 3, period: 10, steps: turns(6) },
    { name: "B", budget: 30, period: 40, steps: turns(30) },
    { name: "C", budget: 30, period: 50, steps: turns(30) },
  ];
  const ran = stretches(threads, new DeadlineServer(), { until: 40, cpus: 2 });
  assertEquals(ran.map(({ name, cpu, from, to }) => `${name}${cpu} ${from}-${to}`), [
    ...["A0 0-3", "B1 0-30", "C0 3-10", "A0 10-13", "C0 13-36"],
  ]);
});
