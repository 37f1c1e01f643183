import { assert, assertEquals } from "@std/assert";
import { EarliestDeadlineFirst } from "../policies/realtime/earliest_deadline_first.ts";
import { FixedPriority } from "../policies/realtime/fixed_priority.ts";
import { RoundRobin } from "../policies/sharing/round_robin.ts";
import type { Policy, SchedulerView, Wakeup } from "../policy.ts";
import type { SimulationOptions } from "./conditions.ts";
import { simulate } from "./simulator.ts";
import type { Jobs, ThreadSpec } from "./workload.ts";

type TestThread = Partial<ThreadSpec> & { readonly time?: number };

function thread(name: string, { time = 1, ...spec }: TestThread): ThreadSpec {
  return { name, steps: [{ type: "run", time }], ...spec };
}

/** Everything that happens but idling, as text: `3 a miss 0`. */
function told(
  threads: readonly ThreadSpec[],
  options: SimulationOptions & { policy?: Policy } = {},
): string[] {
  const { policy = new FixedPriority({ quantum: 1_000 }), ...conditions } = options;
  const lines: string[] = [];
  for (const event of simulate(threads, policy, conditions)) {
    if (event.type === "idle") continue;
    assert(event.type !== "policy-fault");
    const job = "job" in event ? ` ${event.job}` : "";
    lines.push(`${event.time} ${threads[event.thread]?.name} ${event.type}${job}`);
  }
  return lines;
}

/** When jobs were released, by their number. */
function releases(jobs: Jobs, options: SimulationOptions & { arrival?: number } = {}): number[] {
  const { arrival = 0, ...conditions } = options;
  const spec = thread("a", { period: 10, jobs, arrival });
  const events = [...simulate([spec], new RoundRobin(), { until: 1_000_000, ...conditions })];
  return events.flatMap((event) => event.type === "release" ? [event.time] : []);
}

Deno.test("jobs, periodic ones are released, done and slept between, and the thread exits after the last", () => {
  const jobs = { pattern: "periodic", count: 2 } as const;
  assertEquals(told([thread("a", { period: 10, arrival: 3, time: 4, jobs })]), [
    "3 a release 0",
    "3 a arrive",
    "3 a dispatch",
    "7 a complete 0",
    "7 a sleep",
    "13 a release 1",
    "13 a wake",
    "13 a dispatch",
    "17 a complete 1",
    "17 a exit",
  ]);
});

Deno.test("jobs, a deadline that passes is missed at its instant, after all else of it, and the job goes on", () => {
  const jobs = { pattern: "periodic", count: 3 } as const;
  // The first job needs 5 of 4, so the second begins at 5 and is done at 10, past its deadline 8.
  const spec = thread("a", { period: 4, jobs, time: 5 });
  assertEquals(told([spec]), [
    "0 a release 0",
    "0 a arrive",
    "0 a dispatch",
    "4 a release 1",
    "4 a miss 0",
    "5 a complete 0",
    "5 a sleep",
    "5 a wake",
    "5 a dispatch",
    "8 a release 2",
    "8 a miss 1",
    "10 a complete 1",
    "10 a sleep",
    "10 a wake",
    "10 a dispatch",
    "12 a miss 2",
    "15 a complete 2",
    "15 a exit",
  ]);
});

Deno.test("jobs, one that is done at the instant of its deadline has met it", () => {
  const jobs = { pattern: "periodic", count: 1 } as const;
  const lines = told([thread("a", { period: 4, deadline: 3, jobs, time: 3 })]);
  assertEquals(lines.filter((line) => line.includes("miss")), []);
});

Deno.test("jobs, a deadline passes while everybody waits for something else", () => {
  const jobs = { pattern: "periodic", count: 1 } as const;
  const steps = [{ type: "run", time: 1 }, { type: "io", time: 20 }] as const;
  const events = [...simulate([thread("a", { period: 7, jobs, steps })], new RoundRobin())];
  assertEquals(
    events.flatMap((event) => event.type === "idle" ? [[event.time, event.until]] : []),
    [[1, 7], [7, 21]],
  );
  assertEquals(events.find(({ type }) => type === "miss"), {
    ...{ type: "miss", time: 7, thread: 0, job: 0, deadline: 7 },
  });
});

Deno.test("jobs, several waiting ones each miss their own deadlines", () => {
  const jobs = { pattern: "bursty", burst: 3, count: 3 } as const;
  const misses = told([thread("a", { period: 6, deadline: 5, jobs, time: 4 })])
    .filter((line) => !/dispatch|wake|sleep|arrive/.test(line));
  assertEquals(misses, [
    "0 a release 0",
    "0 a release 1",
    "0 a release 2",
    "4 a complete 0",
    "5 a miss 1",
    "5 a miss 2",
    "8 a complete 1",
    "12 a complete 2",
    "12 a exit",
  ]);
});

Deno.test("jobs, bursts come each period from the arrival on", () => {
  assertEquals(
    releases({ pattern: "bursty", burst: 2, count: 5 }, { arrival: 1 }),
    [1, 1, 11, 11, 21],
  );
});

Deno.test("jobs, jitter delays each release by itself and is the seed's", () => {
  const jobs = { pattern: "periodic", jitter: 7, count: 200 } as const;
  const times = releases(jobs, { seed: 5 });
  const delays = times.map((time, job) => time - 10 * job);
  assert(delays.every((delay) => delay >= 0 && delay <= 7));
  assertEquals(new Set(delays).size, 8, "every delay comes");
  assertEquals(releases(jobs, { seed: 5 }), times);
  assert(releases(jobs, { seed: 6 }).join() !== times.join());
});

Deno.test("jobs, sporadic ones keep the distances asked for", () => {
  const times = releases({ pattern: "sporadic", most: 25, count: 300 }, { arrival: 4 });
  const gaps = times.slice(1).map((time, index) => time - times[index]!);
  assertEquals([times[0], Math.min(...gaps), Math.max(...gaps)], [4, 10, 25]);
});

Deno.test("jobs, listed ones come at their times after the arrival", () => {
  assertEquals(releases({ pattern: "listed", times: [0, 3, 3, 40] }, { arrival: 2 }), [
    2,
    5,
    5,
    42,
  ]);
});

Deno.test("jobs, without a count they go on until the time given", () => {
  assertEquals(releases({ pattern: "periodic" }, { until: 45 }), [0, 10, 20, 30, 40]);
});

Deno.test("jobs, random times are the same under every policy", () => {
  const threads = [0, 1, 2].map((id) =>
    thread(`t${id}`, {
      period: 40,
      jobs: { pattern: "sporadic", most: 90, count: 50 },
      steps: [{ type: "run", time: { least: 1, most: 15 } }],
    })
  );
  const work = (policy: Policy): string[] => {
    const run = [0, 0, 0];
    const since = [0, 0, 0];
    const lines: string[] = [];
    for (const event of simulate(threads, policy, { seed: 3 })) {
      if (event.type === "release") lines.push(`${event.thread} ${event.job} ${event.time}`);
      if (event.type === "dispatch") since[event.thread] = event.time;
      if (event.type === "preempt") run[event.thread]! += event.time - since[event.thread]!;
      if (event.type === "complete") {
        const { thread, job, time } = event;
        lines.push(`${thread} ${job} ran ${run[thread]! + time - since[thread]!}`);
        run[thread] = 0;
      }
    }
    return lines.sort();
  };
  assertEquals(work(new RoundRobin({ quantum: 2 })), work(new EarliestDeadlineFirst()));
});

Deno.test("jobs, policies hear when a job was released, though it waited for the one before", () => {
  const heard: string[] = [];
  class Listening extends RoundRobin {
    override enqueue(thread: number, wakeup: Wakeup): void {
      heard.push(`${this.view?.now} ${wakeup.reason} ${wakeup.released}`);
      super.enqueue(thread, wakeup);
    }
  }
  const jobs = { pattern: "periodic", count: 2 } as const;
  const steps = [
    { type: "run", time: 5 },
    { type: "io", time: 3 },
    { type: "run", time: 1 },
  ] as const;
  told([thread("a", { period: 6, jobs, steps })], { policy: new Listening() });
  assertEquals(heard, ["0 start 0", "8 wakeup null", "9 release 6", "17 wakeup null"]);
});

Deno.test("jobs, those of a thread that is started count from there", () => {
  const jobs = { pattern: "periodic", count: 2 } as const;
  const lines = told([
    thread("a", { steps: [{ type: "run", time: 3 }, { type: "start", thread: "b" }] }),
    thread("b", { arrival: "started", period: 5, jobs }),
  ]);
  assertEquals(lines.filter((line) => line.includes("release")), [
    "3 b release 0",
    "8 b release 1",
  ]);
});

Deno.test("simulate, ends when the last thread is over, whatever timer a policy has", () => {
  class Ticking extends FixedPriority {
    override attach(view: SchedulerView): void {
      super.attach(view);
      view.timer(7);
    }
    timer(now: number): void {
      this.view?.timer(now + 7);
    }
  }
  const threads = [thread("a", { time: 10 }), thread("b", { arrival: 20, time: 3 })];
  const events = [...simulate(threads, new Ticking())];
  assertEquals(events.at(-1), { type: "exit", time: 23, thread: 1 });
  assertEquals(events.filter(({ type }) => type === "idle").length, 2, "14 and 20");
});
