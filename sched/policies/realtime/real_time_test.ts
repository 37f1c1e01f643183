// Rate monotonic, deadline monotonic and earliest deadline first on published task sets.
import { assertEquals } from "@std/assert";
import { simulate, type ThreadSpec } from "../../mod.ts";
import type { Policy } from "../../policy.ts";
import { Hosted } from "../../testing/hosted.ts";
import { DeadlineMonotonic } from "./deadline_monotonic.ts";
import { EarliestDeadlineFirst } from "./earliest_deadline_first.ts";
import { FixedPriority } from "./fixed_priority.ts";
import { RateMonotonic } from "./rate_monotonic.ts";

/** A task: computation time, period, and relative deadline if it is not the period. */
type Task = readonly [time: number, period: number, deadline?: number];

/** Periodic threads whose jobs are released up to a time. */
function jobs(tasks: readonly Task[], until: number): readonly ThreadSpec[] {
  return tasks.map(([time, period, deadline = period], task) => ({
    name: `${task}`,
    period,
    deadline,
    priority: task,
    jobs: { pattern: "periodic", count: Math.ceil(until / period) },
    steps: [{ type: "run", time }],
  }));
}

/** Response times of the jobs of each task, and how many are late. */
function responses(
  tasks: readonly Task[],
  options: { policy: Policy; until: number; cpus?: number },
): { worst: number[]; first: number[]; late: number[] } {
  const { policy, until, cpus = 1 } = options;
  const workload = jobs(tasks, until);
  const [worst, first, late] = [0, 0, 0].map(() => tasks.map(() => 0)) as [
    number[],
    number[],
    number[],
  ];
  for (const event of simulate(workload, policy, { cpus })) {
    assertEquals(event.type === "policy-fault", false);
    if (event.type !== "complete") continue;
    const { thread: task, job, time } = event;
    const { period = 0, deadline = 0 } = workload[task]!;
    const response = time - job * period;
    worst[task] = Math.max(worst[task]!, response);
    if (job === 0) first[task] = response;
    if (response > deadline) late[task]!++;
  }
  return { worst, first, late };
}

Deno.test("RateMonotonic, response times of (1,4), (1,5), (3,9), (3,18) are 1, 2, 7 and 18", () => {
  const tasks = [[1, 4], [1, 5], [3, 9], [3, 18]] as const;
  const { worst, late } = responses(tasks, { policy: new RateMonotonic(), until: 180 });
  assertEquals([worst, late], [[1, 2, 7, 18], [0, 0, 0, 0]]);
});

Deno.test("RateMonotonic, Liu and Layland 1973, section 3: priority to the shorter period is feasible, the reverse is not", () => {
  const policy = new RateMonotonic();
  assertEquals(responses([[1, 2], [1, 5]], { policy, until: 10 }).late, [0, 0]);
  // C2 may be raised to 2, at most.
  const raised = responses([[1, 2], [2, 5]], { policy: new RateMonotonic(), until: 10 });
  assertEquals([raised.worst, raised.late], [[1, 4], [0, 0]]);
  // With the priorities the other way round neither time may be more than 1.
  const reverse = (second: number): number[] =>
    responses([[1, 2], [second, 5]], { policy: new FixedPriority(), until: 10 }).late;
  assertEquals([reverse(1), reverse(2)[0]! > 0], [[0, 0], true]);
});

Deno.test("RateMonotonic, Liu and Layland 1973, section 5: sets of least utilization that use the CPU fully", () => {
  // Of m tasks with C1 = T2 - T1, C2 = T3 - T2, …, Cm = 2 T1 - Tm none can need any more.
  const sets = [
    [[2, 5], [3, 7]],
    [[41, 100], [59, 141]],
    [[26, 100], [33, 126], [41, 159]],
    [[19, 100], [22, 119], [27, 141], [32, 168]],
  ] as const;
  for (const [index, tasks] of sets.entries()) {
    const until = 5_000;
    const late = (more: number): number =>
      responses(
        tasks.map(([time, period], task) => [task === more ? time + 1 : time, period]),
        { policy: new RateMonotonic(), until },
      ).late.reduce((sum, each) => sum + each, 0);
    assertEquals(late(-1), 0, `set ${index}`);
    for (const more of tasks.keys()) assertEquals(late(more) > 0, true, `set ${index}, ${more}`);
    // m (2^(1/m) - 1), to what the periods' rounding makes of it.
    const utilization = tasks.reduce((sum, [time, period]) => sum + time / period, 0);
    const bound = tasks.length * (2 ** (1 / tasks.length) - 1);
    assertEquals(Math.abs(utilization - bound) < 0.001, true, `${utilization}, ${bound}`);
  }
});

Deno.test("EarliestDeadlineFirst, (2, 5) and (4, 7) at U = 34/35: rate monotonic misses at 7", () => {
  // The example of Buttazzo, Hard Real-Time Computing Systems, section 4.4.
  const tasks = [[2, 5], [4, 7]] as const;
  const edf = responses(tasks, { policy: new EarliestDeadlineFirst(), until: 350 });
  assertEquals([edf.first, edf.late], [[2, 6], [0, 0]]);
  const rm = responses(tasks, { policy: new RateMonotonic(), until: 7 });
  assertEquals([rm.first, rm.late], [[2, 8], [0, 1]]);
});

Deno.test("EarliestDeadlineFirst, meets all deadlines at U = 1, where rate monotonic misses", () => {
  const tasks = [[2, 4], [3, 6]] as const;
  const edf = responses(tasks, { policy: new EarliestDeadlineFirst(), until: 120 });
  assertEquals(edf.late, [0, 0]);
  const rm = responses(tasks, { policy: new RateMonotonic(), until: 120 });
  assertEquals([rm.first, rm.late[0], rm.late[1]! > 0], [[2, 7], 0, true]);
});

Deno.test("DeadlineMonotonic, meets deadlines before the period that rate monotonic misses", () => {
  const tasks = [[2, 5], [1, 10, 2], [1, 20, 4]] as const;
  const rm = responses(tasks, { policy: new RateMonotonic(), until: 20 });
  assertEquals(rm.late, [0, 2, 0]);
  const dm = responses(tasks, { policy: new DeadlineMonotonic(), until: 20 });
  assertEquals([dm.first, dm.late], [[4, 1, 2], [0, 0, 0]]);
});

Deno.test("global EDF and RM, Dhall and Liu's effect: two CPUs are not enough for three light and heavy tasks", () => {
  // Two tasks of utilization near 0 keep both CPUs from one of nearly 1, which is late then.
  const tasks = [[2, 10], [2, 10], [10, 11]] as const;
  for (const policy of [new EarliestDeadlineFirst(), new RateMonotonic()]) {
    const { first, late } = responses(tasks, { policy, until: 10, cpus: 2 });
    assertEquals([first, late], [[2, 2, 12], [0, 0, 1]]);
  }
});

for (const make of [RateMonotonic, DeadlineMonotonic, EarliestDeadlineFirst]) {
  const { name } = new make();

  Deno.test(`${make.name}, equals run in order of arrival, an interrupted one before them`, () => {
    const on = new Hosted(new make());
    on.ready(9);
    for (const thread of [1, 2, 3]) on.ready(thread, { period: 50 });
    assertEquals([on.host.name, on.run(), on.tick(1, 10)], [name, 1, false]);
    on.stop(1, { reason: "preempted" });
    on.ready(1, { reason: "preempt" });
    assertEquals(on.run(), 1);
    on.stop(1, { reason: "yielded" });
    on.ready(1, { reason: "yield" });
    assertEquals(on.picks(), [2, 3, 1, 9]);
  });

  Deno.test(`${make.name}, a sooner thread takes the CPU at once, one without deadline never`, () => {
    const on = new Hosted(new make());
    on.ready(1, { period: 50 });
    on.run();
    for (const [thread, period] of [[2, 49], [3, 50], [4, 0]] as const) {
      on.ready(thread, { period });
    }
    assertEquals([2, 3, 4].map((each) => on.host.preempts(each, 0)), [true, false, false]);
  });

  Deno.test(`${make.name}, with several CPUs threads run where their affinity has them, on an idle CPU first`, () => {
    const on = new Hosted(new make(), { cpus: 3 });
    on.ready(1, { affinity: [2], period: 9 });
    on.ready(2, { affinity: [0, 2], period: 8 });
    on.ready(3, { period: 7 });
    assertEquals([on.run(1), on.run(0), on.run(1)], [3, 2, null]);
    on.host.admit(4, { period: 1 });
    assertEquals(on.host.enqueue(4, { reason: "start" }), 2);
    assertEquals([on.run(2), on.host.fault], [4, null]);
  });

  Deno.test(`${make.name}, goes on as the one that was saved, and forgets who is over`, () => {
    const on = new Hosted(new make());
    for (const thread of [0, 1, 2, 3]) on.ready(thread, { period: 30 - thread % 2 });
    const running = on.run() ?? -1;
    on.host.forget(2);
    const other = new Hosted(new make());
    other.ready(77);
    other.host.restore(on.host.save());
    for (const each of [on, other]) {
      each.now = 5;
      each.stop(running, { reason: "blocked" });
      each.host.enqueue(running, { reason: "release" });
    }
    assertEquals(other.host.save(), on.host.save());
    assertEquals(other.picks(), on.picks());
  });
}

Deno.test("RateMonotonic, a thread whose period changes is queued anew, or gives way", () => {
  const on = new Hosted(new RateMonotonic());
  for (const thread of [1, 2, 3]) on.ready(thread, { period: 50 });
  on.run();
  on.host.update(3, { period: 49 });
  assertEquals(on.tick(1, 1), true);
  on.host.update(1, { period: 10 });
  assertEquals(on.tick(1, 1), false);
  assertEquals(on.picks(), [3, 2]);
});

/** Absolute deadlines of threads 1 and 2 as seen by who runs first. */
function first(on: Hosted): number | null {
  const thread = on.host.pick(0);
  if (thread !== null) on.host.enqueue(thread, { reason: "preempt" });
  return thread;
}

Deno.test("EarliestDeadlineFirst, a wait within a job keeps its deadline, one past it begins a job", () => {
  const on = new Hosted(new EarliestDeadlineFirst());
  on.ready(1, { period: 100 });
  on.now = 50;
  on.ready(2, { period: 60 }); // due at 110
  on.run();
  on.stop(1, { reason: "blocked", elapsed: 20 });
  on.ready(1, { reason: "wakeup" });
  assertEquals(first(on), 1, "due at 100 still");
  on.host.dequeue(1);
  on.now = 100;
  on.ready(1, { reason: "wakeup" });
  assertEquals(first(on), 2, "due at 200");
});

Deno.test("EarliestDeadlineFirst, where the host releases jobs no wake-up begins one, however late", () => {
  const on = new Hosted(new EarliestDeadlineFirst());
  on.ready(1, { period: 100, reason: "release" });
  on.run();
  on.now = 150;
  on.ready(2, { period: 20 }); // due at 170
  on.stop(1, { reason: "blocked" });
  on.ready(1, { reason: "wakeup" });
  assertEquals(first(on), 1, "it should have been done at 100");
});

Deno.test("EarliestDeadlineFirst, the deadline of a job counts from when it was due", () => {
  const on = new Hosted(new EarliestDeadlineFirst());
  on.now = 130;
  on.ready(1, { period: 100, reason: "release", released: 100 }); // due at 200
  on.ready(2, { period: 80, reason: "release" }); // due at 210
  assertEquals(first(on), 1);
});
