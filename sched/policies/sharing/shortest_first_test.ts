// Shortest job first and shortest remaining time first.
import { assertEquals, assertThrows } from "@std/assert";
import { createPolicy, SchedError, type ThreadSpec } from "../../mod.ts";
import { Hosted } from "../../testing/hosted.ts";
import { mean, type Outcome, outcome } from "../../testing/outcome.ts";
import { ShortestJobFirst } from "./shortest_job_first.ts";
import { ShortestRemainingTime } from "./shortest_remaining_time.ts";

/** Jobs of one run each; arrivals are 0 if absent. */
function jobs(
  names: string,
  times: readonly number[],
  arrivals: readonly number[] = [],
): readonly ThreadSpec[] {
  return times.map((time, index) => ({
    name: names[index] ?? "",
    arrival: arrivals[index] ?? 0,
    steps: [{ type: "run", time }],
  }));
}

function run(name: string, workload: readonly ThreadSpec[]): Outcome {
  return outcome(workload, createPolicy(name));
}

Deno.test("ShortestJobFirst, Three Easy Pieces, figures 7.3 and 7.4: turnaround 50, and 103.33 for late arrivals", () => {
  const together = run("sjf", jobs("ABC", [100, 10, 10]));
  assertEquals([together.chart, mean(together, "turnaround")], ["B 0-10, C 10-20, A 20-120", 50]);
  const late = run("sjf", jobs("ABC", [100, 10, 10], [0, 10, 10]));
  assertEquals(late.chart, "A 0-100, B 100-110, C 110-120");
  assertEquals(mean(late, "turnaround"), (100 + 100 + 110) / 3);
});

Deno.test("ShortestRemainingTime, Three Easy Pieces, figure 7.5: turnaround 50", () => {
  const srtf = run("srtf", jobs("ABC", [100, 10, 10], [0, 10, 10]));
  assertEquals(srtf.chart, "A 0-10, B 10-20, C 20-30, A 30-120");
  assertEquals(mean(srtf, "turnaround"), 50);
});

Deno.test("ShortestJobFirst and round robin, Three Easy Pieces, figures 7.6 and 7.7: response 5 and 1", () => {
  const workload = jobs("ABC", [5, 5, 5]);
  const sjf = run("sjf", workload);
  assertEquals([sjf.chart, mean(sjf, "response")], ["A 0-5, B 5-10, C 10-15", 5]);
  const rr = outcome(workload, createPolicy("rr", { quantum: 1 }));
  assertEquals([mean(rr, "response"), mean(rr, "turnaround")], [1, 14]);
});

Deno.test("ShortestJobFirst, Silberschatz et al., section 5.3.2: waiting 7", () => {
  const sjf = run("sjf", jobs("1234", [6, 8, 7, 3]));
  assertEquals([sjf.chart, mean(sjf, "waiting")], ["4 0-3, 1 3-9, 3 9-16, 2 16-24", 7]);
});

Deno.test("ShortestRemainingTime, the second example of that section: waiting 6.5, without preemption 7.75", () => {
  const workload = jobs("1234", [8, 4, 9, 5], [0, 1, 2, 3]);
  const srtf = run("srtf", workload);
  assertEquals(srtf.chart, "1 0-1, 2 1-5, 4 5-10, 1 10-17, 3 17-26");
  assertEquals([mean(srtf, "waiting"), mean(run("sjf", workload), "waiting")], [6.5, 7.75]);
});

Deno.test("ShortestJobFirst, predictions of figure 5.4 of the same book, for a = 1/2 and a first guess of 10", () => {
  const policy = new ShortestJobFirst({ alpha: 0.5, guess: 10 });
  const on = new Hosted(policy);
  on.ready(1);
  const guesses = [6, 4, 6, 4, 13, 13, 13].map((burst) => {
    const guess = policy.prediction(1);
    assertEquals(on.run(), 1);
    on.tick(1, burst - 1);
    on.stop(1, { elapsed: 1, reason: "blocked" });
    on.ready(1, { reason: "wakeup" });
    return guess;
  });
  assertEquals([...guesses, policy.prediction(1)], [10, 8, 6, 6, 5, 9, 11, 12]);
});

for (const make of [ShortestJobFirst, ShortestRemainingTime]) {
  Deno.test(`${make.name}, the shorter prediction runs first where bursts are not known`, () => {
    const on = new Hosted(new make({ guess: 100 }));
    for (const [thread, burst] of [[1, 80], [2, 20], [3, 50]] as const) {
      on.ready(thread);
      on.run();
      on.stop(thread, { elapsed: burst, reason: "blocked" });
    }
    for (const thread of [1, 2, 3]) on.ready(thread, { reason: "wakeup" });
    on.ready(4, { burst: 61 });
    assertEquals(on.picks(), [2, 4, 3, 1]);
  });

  Deno.test(`${make.name}, equals run in order of arrival, an interrupted one before them`, () => {
    const on = new Hosted(new make());
    for (const thread of [1, 2, 3]) on.ready(thread, { burst: 5 });
    assertEquals(on.run(), 1);
    on.stop(1, { reason: "preempted" });
    on.ready(1, { reason: "preempt", burst: 5 });
    assertEquals(on.run(), 1);
    on.stop(1, { reason: "yielded" });
    on.ready(1, { reason: "yield", burst: 5 });
    assertEquals(on.picks(), [2, 3, 1]);
  });

  Deno.test(`${make.name}, with several CPUs threads run where their affinity has them`, () => {
    const on = new Hosted(new make(), { cpus: 3 });
    on.ready(1, { affinity: [2], burst: 1 });
    on.ready(2, { affinity: [0, 2], burst: 2 });
    on.ready(3, { burst: 3 });
    assertEquals([on.run(1), on.run(0), on.run(1), on.run(2)], [3, 2, null, 1]);
    assertEquals(on.host.fault, null);
  });

  Deno.test(`${make.name}, goes on as the one that was saved, and forgets who is over`, () => {
    const on = new Hosted(new make({ guess: 50 }));
    for (const thread of [1, 2, 3, 4]) on.ready(thread, { burst: 10 * (thread % 3) });
    const running = on.run() ?? -1;
    on.tick(running, 7);
    on.host.forget(2);
    const other = new Hosted(new make({ guess: 50 }));
    other.ready(77);
    other.host.restore(on.host.save());
    for (const each of [on, other]) {
      each.now = 20;
      each.stop(running, { elapsed: 13, reason: "blocked" });
      each.host.enqueue(running, { reason: "wakeup" });
    }
    assertEquals(other.host.save(), on.host.save());
    assertEquals(other.picks(), on.picks());
  });
}

Deno.test("ShortestRemainingTime, what the running thread has used since its last charge counts", () => {
  const on = new Hosted(new ShortestRemainingTime());
  on.ready(1, { burst: 30 });
  on.run();
  on.now = 10;
  on.ready(2, { burst: 20 });
  assertEquals(on.host.preempts(2, 0), false, "as long as the rest of the other");
  on.ready(3, { burst: 19 });
  assertEquals([on.host.preempts(3, 0), on.host.slice(1, 0)], [true, 30]);
});

Deno.test("ShortestRemainingTime, a burst that outlasts its prediction is expected to last as long again", () => {
  const on = new Hosted(new ShortestRemainingTime({ guess: 100 }));
  on.ready(1);
  on.ready(2, { burst: 150 });
  assertEquals([on.run(), on.host.slice(1, 0)], [1, 100]);
  assertEquals([on.tick(1, 100), on.host.slice(1, 0)], [false, 100]);
  assertEquals([on.tick(1, 100), on.host.slice(1, 0)], [true, 200]);
});

Deno.test("ShortestRemainingTime, with several CPUs takes the one whose thread has most left", () => {
  const on = new Hosted(new ShortestRemainingTime(), { cpus: 2 });
  for (const [thread, burst] of [[1, 50], [2, 60]] as const) {
    on.ready(thread, { burst });
    on.run(thread - 1);
  }
  on.host.admit(3);
  assertEquals(on.host.enqueue(3, { reason: "start", burst: 55 }), 1);
  assertEquals([on.host.preempts(3, 1), on.host.preempts(3, 0)], [true, false]);
});

Deno.test("ShortestJobFirst, refuses options that make no sense", () => {
  for (const options of [{ alpha: -0.1 }, { alpha: 1.1 }, { alpha: NaN }, { guess: 0 }]) {
    assertThrows(() => new ShortestJobFirst(options), SchedError, "it must be");
  }
});
