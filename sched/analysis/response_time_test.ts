import { assert, assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { Random } from "../../util/random.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { type PriorityOrder, responseTimeAnalysis } from "./response_time.ts";
import { checkTasks, hyperperiod, type RecurringTask } from "./task.ts";
import { anyJobs, schedule, worstJobs } from "./testing/brute_force.ts";
import { set } from "./testing/sets.ts";
import { randomTasks } from "./uunifast.ts";

Deno.test("responseTimeAnalysis, published response times", () => {
  const cases: [string, PriorityOrder, RecurringTask[], number[]][] = [
    ["1, 2, 7, 18", "rate-monotonic", set([1, 4], [1, 5], [3, 9], [3, 18]), [1, 2, 7, 18]],
    // Liu and Layland 1973, section 3.
    ["Liu and Layland", "rate-monotonic", set([1, 2], [2, 5]), [1, 4]],
    // Burns and Wellings, "Real-Time Systems and Programming Languages".
    ["Burns and Wellings, U = 1", "rate-monotonic", set([40, 80], [10, 40], [5, 20]), [80, 15, 5]],
    ["Burns and Wellings", "rate-monotonic", set([3, 7], [3, 12], [5, 20]), [3, 6, 20]],
    [
      "Burns and Wellings, D < T",
      "deadline-monotonic",
      set([3, 20, 5], [3, 15, 7], [4, 10], [3, 20]),
      [3, 6, 10, 20],
    ],
    // Buttazzo, "Hard Real-Time Computing Systems", chapter 4.
    [
      "Buttazzo",
      "deadline-monotonic",
      set([1, 4, 3], [1, 5, 4], [2, 6, 5], [1, 11, 10]),
      [1, 2, 4, 10],
    ],
    // Lehoczky 1990: the fifth of seven jobs takes longest.
    ["Lehoczky", "rate-monotonic", set([26, 70], [62, 100, 118]), [26, 118]],
  ];
  for (const [name, order, tasks, responses] of cases) {
    const verdict = responseTimeAnalysis(tasks, { order });
    assertEquals([verdict.responses, verdict.schedulable], [responses, true], name);
    assertEquals(verdict.promise, "exact", name);
  }
});

Deno.test("responseTimeAnalysis, says who is late", () => {
  // Liu and Layland 1973: 3 is more than the second task may have.
  assertEquals(responseTimeAnalysis(set([1, 2], [3, 5]), { order: "rate-monotonic" }), {
    test: "response-time analysis",
    promise: "exact",
    schedulable: false,
    why: 'task "1" has no longest response time',
    responses: [1, null],
  });
  const { why } = responseTimeAnalysis(set([26, 70], [62, 100]), { order: "rate-monotonic" });
  assertEquals(why, 'task "1" takes up to 118');
});

Deno.test("responseTimeAnalysis, with blocking, and a switch before and after each job", () => {
  const tasks = set([1, 4], [1, 5], [3, 9]).map((task, index) => ({
    ...task,
    blocking: index < 2 ? 1 : 0,
  }));
  const blocked = responseTimeAnalysis(tasks, { order: "rate-monotonic" });
  assertEquals([blocked.responses, blocked.promise], [[2, 3, 7], "sufficient"]);
  // 2 ticks of each 10 are a switch; the first waits for one to the second, too.
  const switching = responseTimeAnalysis(set([10, 40], [10, 50]), {
    ...{ order: "rate-monotonic", switchCost: 1 },
  });
  assertEquals(switching.responses, [13, 24]);
});

Deno.test("responseTimeAnalysis, equals delay each other, and full CPUs end", () => {
  const equals = responseTimeAnalysis(set([2, 10], [3, 10]), { order: "rate-monotonic" });
  assertEquals([equals.responses, equals.promise], [[5, 5], "sufficient"]);
  const late = responseTimeAnalysis(set([6, 10], [6, 10]), { order: "rate-monotonic" });
  assertEquals([late.responses, late.schedulable], [[null, null], "unknown"]);
  // The busy period of these never ends; their responses repeat.
  const jitter = responseTimeAnalysis([{ time: 5, period: 5, jitter: 3, deadline: 8 }]);
  assertEquals([jitter.responses, jitter.schedulable], [[8], true]);
  // Since its release, the first has 3 less to wait than the second.
  const released = responseTimeAnalysis([{ time: 5, period: 5, jitter: 3, deadline: 7 }], {
    deadlinesFrom: "release",
  });
  assertEquals([released.responses, released.schedulable], [[8], false]);
  const blocked = responseTimeAnalysis([
    { time: 1, period: 2, priority: 2 },
    { time: 3, period: 6, blocking: 2, deadline: 9, priority: 1 },
  ]);
  assertEquals(blocked.responses, [1, 10]);
});

Deno.test("responseTimeAnalysis, every response is attained in the worst case, none exceeded", () => {
  for (let seed = 0; seed < sweep({ quick: 60, full: 2_000 }); seed++) {
    const random = new Random(seed);
    const from = random.pick(["arrival", "release"] as const);
    const tasks = checkTasks(
      randomTasks(seed, {
        tasks: random.between(1, 4),
        utilization: 0.4 + 0.6 * random.next() / 2 ** 32,
        hyperperiod: 60,
        shortest: 3,
        deadlines: random.pick(["implicit", "constrained", "arbitrary"]),
      }).map((task, priority) => ({
        ...task,
        priority,
        jitter: seed % 2 * random.between(0, task.period),
      })),
    );
    const { responses = [], schedulable } = responseTimeAnalysis(tasks, { deadlinesFrom: from });
    if (responses.includes(null)) continue;
    const until = 3 * hyperperiod(tasks) + 2 * Math.max(...responses.map((each) => each ?? 0));
    const key = ({ task }: { task: number }): number => -tasks[task]!.priority;
    // Of each task, and whether any is late.
    const seen = (jobs: ReturnType<typeof worstJobs>): [number[], boolean] => {
      const done = schedule(jobs, { key, until });
      const longest = tasks.map((_, task) =>
        Math.max(
          0,
          ...jobs.map((job, at) =>
            job.task === task && job.arrival < until / 2 ? done[at]! - job.arrival : 0
          ),
        )
      );
      return [
        longest,
        jobs.every((job, at) => job.arrival >= until / 2 || done[at]! <= job.deadline),
      ];
    };
    const [worst, kept] = seen(worstJobs(tasks, { until, from }));
    assertEquals([worst, kept], [[...responses], schedulable], `seed ${seed}`);
    for (let pattern = 0; pattern < 3; pattern++) {
      const [longest, inTime] = seen(anyJobs(tasks, { until, from, random }));
      assert(longest.every((each, at) => each <= responses[at]!), `seed ${seed}`);
      assert(inTime || schedulable === false, `seed ${seed}`);
    }
  }
});

Deno.test("responseTimeAnalysis, refuses impossible sets, naming task and field, and numbers without end", () => {
  const cases: [RecurringTask, string][] = [
    [{ time: 0, period: 4 }, 'task "0" with time 0: it must be an integer of at least 1'],
    [{ time: 1, period: 0 }, 'task "0" with period 0: it must be an integer of at least 1'],
    [{ name: "a", time: 1, period: 4, deadline: 0 }, 'task "a" with deadline 0'],
    [{ time: 1, period: 4, jitter: -1 }, 'task "0" with jitter -1'],
    [{ time: 1, period: 4, blocking: 0.5 }, 'task "0" with blocking 0.5'],
    [{ time: 1, period: 2 ** 53 }, 'task "0" with period 9007199254740992'],
    [{ time: NaN, period: 4 }, 'task "0" with time NaN'],
  ];
  for (const [task, part] of cases) {
    const error = assertThrows(() => responseTimeAnalysis([task]), SchedError);
    assertEquals([error.kind, error.message.includes(part)], ["invalid-task-set", true], part);
  }
  const cost = assertThrows(() => responseTimeAnalysis([], { switchCost: -1 }), SchedError);
  assertEquals(cost.kind, "invalid-option");
  const huge = 2 ** 52;
  const sets = [
    [{ time: huge, period: huge * 1.5, jitter: huge, priority: 1 }, { time: huge, period: 9e15 }],
    [{ time: huge / 2 - 1, period: huge / 2, jitter: huge }],
  ];
  for (const tasks of sets) {
    const error = assertThrows(() => responseTimeAnalysis(tasks), SchedError);
    assertEquals(error.kind, "analysis-limit");
  }
});
