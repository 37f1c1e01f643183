import { assert, assertEquals, assertThrows } from "@std/assert";
import { prepareSimulation, SchedError, type ThreadSpec } from "../../mod.ts";
import { Hosted } from "../../testing/hosted.ts";
import { stretches, timeline, turns } from "../../testing/timeline.ts";
import { sweep } from "../../../util/testing/sweep.ts";
import { Random } from "../../../util/random.ts";
import { FixedPriority } from "./fixed_priority.ts";
import { type SporadicOptions, SporadicServer } from "./sporadic_server.ts";

/** A thread whose jobs are all alike. */
function periodic(name: string, time: number, options: Partial<ThreadSpec>): ThreadSpec {
  return { name, steps: [{ type: "run", time }], jobs: { pattern: "periodic" }, ...options };
}

/** The budget of a thread whenever it has changed. */
function budgets(threads: readonly ThreadSpec[], options: { server: number; until: number }) {
  const { server, until } = options;
  const policy = new SporadicServer();
  const simulation = prepareSimulation(threads, { policy, until, sink: { thread: () => {} } });
  const list: [time: number, budget: number][] = [];
  for (let more = true; more && simulation.now < until;) {
    const { now } = simulation;
    more = simulation.step();
    const capacity = policy.capacity(server);
    if (capacity !== undefined && capacity !== list.at(-1)?.[1]) list.push([now, capacity]);
  }
  return list;
}

Deno.test("SporadicServer, medium priority: Buttazzo, Hard Real-Time Computing Systems, 3rd ed., figure 5.17", () => {
  // The server has 5 every 10, between (1, 5) and (4, 15); 2 are wanted at 4 and at 8.
  const threads = [
    periodic("t1", 1, { priority: 3, period: 5 }),
    { name: "S", arrival: 4, priority: 2, budget: 5, period: 10, steps: turns(2, 1, 2, 20, 1) },
    periodic("t2", 4, { priority: 1, period: 15 }),
  ];
  const ran = timeline(threads, new SporadicServer(), { until: 19 });
  const expected = "t1 0-1, t2 1-4, S 4-5, t1 5-6, S 6-7, t2 7-8, S 8-10, t1 10-11, " +
    "t1 15-16, t2 16-19";
  assertEquals(ran, expected);
  // What it used from 4 on comes back at 14, and from 8 on at 18.
  const seen = budgets(threads, { server: 1, until: 30 });
  assertEquals(seen.map(([, budget]) => budget), [5, 4, 3, 1, 3, 5]);
  assertEquals(seen.slice(-2).map(([time]) => time), [14, 18]);
});

Deno.test("SporadicServer, a thread out of budget has a low priority until it is replenished", () => {
  const threads = [
    { name: "S", priority: 9, budget: 2, period: 10, steps: turns(7) },
    { name: "t", priority: 5, steps: turns(9) },
    { name: "idle", priority: 1, steps: turns(9) },
  ];
  const until = 60;
  assertEquals(
    timeline(threads, new SporadicServer({ quantum: 100 }), { until }),
    "S 0-2, t 2-10, S 10-12, t 12-13, idle 13-20, S 20-22, idle 22-24, S 24-25",
  );
  // Low is not as low here: it takes turns with the thread of priority 1.
  assertEquals(
    timeline(threads, new SporadicServer({ quantum: 1, low: 1 }), { until }),
    "S 0-2, t 2-10, S 10-12, t 12-13, idle 13-14, S 14-15, idle 15-16, S 16-17, idle 17-18, " +
      "S 18-19, idle 19-25",
  );
});

Deno.test("SporadicServer, time at a low priority is for free, before a replenishment and after", () => {
  const threads = [{ name: "S", priority: 9, budget: 2, period: 10, steps: turns(30) }];
  // Runs on alone: 0 to 2, 10 to 12 and 20 to 22 are on its budget.
  assertEquals(budgets(threads, { server: 0, until: 28 }), [[0, 2], [2, 0], [10, 2], [12, 0], [
    20,
    2,
  ], [22, 0]]);
});

Deno.test("SporadicServer, what is used in pieces comes back in pieces, up to so many", () => {
  const make = (options: SporadicOptions): Hosted => {
    const on = new Hosted(new SporadicServer(options));
    on.ready(1, { priority: 9, budget: 10, period: 100 });
    return on;
  };
  const run = (on: Hosted, at: number, elapsed: number): boolean => {
    on.now = at;
    if (on.host.size === 0) on.ready(1, { reason: "wakeup" });
    on.ready(2, { priority: 5, reason: "wakeup" });
    const first = on.run() === 1;
    on.host.dequeue(2);
    if (first) on.stop(1, { elapsed, reason: "blocked" });
    else on.host.stopping(2, { cpu: 0, elapsed: 0, reason: "blocked" });
    on.host.dequeue(1);
    return first;
  };
  const on = make({});
  assertEquals([run(on, 0, 2), run(on, 10, 3), run(on, 20, 5), run(on, 30, 1)], [
    ...[true, true, true, false],
  ]);
  assertEquals(on.host.timerAt, 100);
  assertEquals([run(on, 100, 2), run(on, 109, 1), run(on, 110, 3)], [true, false, true]);
  const few = make({ replenishments: 2 });
  assertEquals([run(few, 0, 1), run(few, 10, 1), run(few, 20, 1)], [true, true, false]);
  assertEquals(run(few, 100, 1), true, "one is done");
});

Deno.test("SporadicServer, lower priorities have what beside a periodic thread they would have", () => {
  for (let seed = 0; seed < sweep({ quick: 60, full: 2000 }); seed++) {
    const random = new Random(seed);
    const [budget, period] = [random.between(1, 5), random.between(10, 25)];
    const others = [1, 2].map((priority) => {
      const own = random.between(20, 60);
      return periodic(`${priority}`, Math.floor(own / 4), { priority, period: own });
    });
    const server = { name: "S", priority: 9, budget, period };
    const kept = ({ name }: ThreadSpec): boolean => name !== "S";
    try {
      stretches([...others, periodic("S", budget, server)], new FixedPriority(), {
        ...{ until: 400, kept },
      });
    } catch {
      continue; // They would miss deadlines anyway.
    }
    // Asks for more than it has, whenever it likes; what it has no budget for waits below all.
    const steps = Array.from({ length: 40 }, () => [
      { type: "run", time: random.between(1, 2 * budget) } as const,
      { type: "sleep", time: random.between(0, 2 * period) } as const,
    ]).flat();
    const policy = new SporadicServer({ replenishments: 100 });
    assert(stretches([...others, { ...server, steps }], policy, { until: 400, kept }).length > 0);
  }
});

Deno.test("SporadicServer, refuses options out of their range", () => {
  for (const options of [{ low: -1 }, { low: 256 }, { replenishments: 0 }, { quantum: 0 }]) {
    const error = assertThrows(() => new SporadicServer(options), SchedError);
    assertEquals(error.kind, "invalid-option");
  }
});
