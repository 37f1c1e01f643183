import { assert, assertEquals } from "@std/assert";
import { Random } from "../../../util/random.ts";
import { sweep } from "../../../util/testing/sweep.ts";
import { NICE_0_WEIGHT } from "../../mod.ts";
import { Hosted } from "../../testing/hosted.ts";
import { outcome } from "../../testing/outcome.ts";
import { endless, services } from "../../testing/services.ts";
import { EarliestEligible } from "./earliest_eligible.ts";

Deno.test("EarliestEligible, lag is within one slice, whatever the weights, for threads that come and stay", () => {
  let checked = 0;
  for (let seed = 0; seed < sweep({ quick: 8, full: 100 }); seed++) {
    const random = new Random(seed);
    const quantum = random.between(1, 100);
    const given = Array.from({ length: random.between(2, 12) }, () => ({
      weight: random.between(1, 10 ** random.between(1, 1 + seed % 6)),
      arrival: seed % 2 === 0 ? 0 : random.below(50 * quantum),
      budget: seed % 4 < 2 ? 0 : random.between(1, quantum),
    }));
    const threads = given.map((each, id) => endless(`${id}`, each));
    const until = 1_000 * quantum;
    // What a perfect scheduler would have given each by now, from arrival to arrival.
    const arrivals = [...new Set(given.map(({ arrival }) => arrival))].sort((a, b) => a - b);
    const fair = (
      { weight, arrival }: { weight: number; arrival: number },
      now: number,
    ): number => {
      let sum = 0;
      for (const [index, from] of arrivals.entries()) {
        const to = Math.min(now, arrivals[index + 1] ?? now);
        if (from < arrival || to <= from) continue;
        const there = given.filter((each) => each.arrival <= from);
        sum += (to - from) * weight / there.reduce((all, each) => all + each.weight, 0);
      }
      return sum;
    };
    for (const { time, had } of services(threads, new EarliestEligible({ quantum }), { until })) {
      for (const [thread, own] of had.entries()) {
        const lag = fair(given[thread]!, time) - own;
        const bound = quantum * (1 + 1e-6);
        assert(Math.abs(lag) <= bound, `seed ${seed}: lag ${lag}, quantum ${quantum}`);
      }
      checked++;
    }
  }
  assert(checked > 1_000, `${checked}`);
});

Deno.test("EarliestEligible, slices of one's own: the clients of figure 2 of Stoica and Abdel-Wahab, without interruption", () => {
  const threads = [["A", 0, 20], ["B", 10, 10]] as const;
  const given = threads.map(([name, arrival, budget]) => ({
    ...{ name, arrival, budget },
    steps: [{ type: "run", time: 60 } as const],
  }));
  const { chart } = outcome(given, new EarliestEligible({ quantum: 70 }));
  // At 20 only B is eligible; at 30 both are, and B's deadline is earlier; at 40 only A is.
  assertEquals(chart, "A 0-20, B 20-40, A 40-60, B 60-80, A 80-100, B 100-120");
});

Deno.test("EarliestEligible, weights 1 and 3: the heavier waits while it is not eligible", () => {
  const threads = [["A", 1], ["B", 3]].map(([name, weight]) => ({
    name: name as string,
    weight: weight as number,
    steps: [{ type: "run", time: 10 * (weight as number) } as const],
  }));
  const { chart } = outcome(threads, new EarliestEligible({ quantum: 10 }));
  assertEquals(chart, "B 0-10, A 10-20, B 20-40");
});

function assertNear(actual: number, expected: number): void {
  assert(Math.abs(actual - expected) < 1e-9, `${actual}, expected ${expected}`);
}

/** Threads 1 to 3 of weights 1, 2 and 3, of which some have run; 1 runs. */
function started(): { on: Hosted; policy: EarliestEligible } {
  const policy = new EarliestEligible({ quantum: 60 });
  const on = new Hosted(policy);
  for (const thread of [1, 2, 3]) on.ready(thread, { weight: thread * NICE_0_WEIGHT });
  for (const thread of [3, 2, 3, 1]) {
    assertEquals(on.run(), thread);
    if (thread === 1) break;
    assertEquals(on.tick(thread, 60), true);
    on.stop(thread);
    on.ready(thread, { reason: "preempt" });
  }
  on.tick(1, 20);
  return { on, policy };
}

Deno.test("EarliestEligible, lag is the share less what was had, also between charges", () => {
  const { on, policy } = started();
  const lags = (): number[] => [1, 2, 3].map((thread) => policy.lag(thread));
  // Of 200, a sixth, a third and a half.
  for (const [index, lag] of lags().entries()) {
    assertNear(lag, [200 / 6 - 20, 200 / 3 - 60, 100 - 120][index]!);
  }
  on.now += 10;
  for (const [index, lag] of lags().entries()) {
    assertNear(lag, [35 - 30, 70 - 60, 105 - 120][index]!);
  }
});

Deno.test("EarliestEligible, who comes or goes with no lag leaves the others theirs", () => {
  const { on, policy } = started();
  const before = [1, 2, 3].map((thread) => policy.lag(thread));
  on.ready(4, { weight: 7 * NICE_0_WEIGHT });
  assertNear(policy.lag(4), 0);
  for (const thread of [1, 2, 3]) assertNear(policy.lag(thread), before[thread - 1]!);
  on.host.dequeue(4);
  for (const thread of [1, 2, 3]) assertNear(policy.lag(thread), before[thread - 1]!);
});

Deno.test("EarliestEligible, a thread that blocks or changes its weight keeps its lag", () => {
  for (const away of [0, 50]) {
    const { on, policy } = started();
    const lag = policy.lag(1);
    on.stop(1, { reason: "blocked" });
    on.tick(on.run() ?? 0, away);
    on.ready(1, { reason: "wakeup" });
    assertNear(policy.lag(1), lag);
    const third = policy.lag(3);
    on.host.update(3, { weight: 9 * NICE_0_WEIGHT });
    assertNear(policy.lag(3), third);
  }
});

Deno.test("EarliestEligible, lag kept is two slices at most", () => {
  const policy = new EarliestEligible({ quantum: 10 });
  const on = new Hosted(policy);
  for (const thread of [1, 2, 3]) on.ready(thread);
  assertEquals(on.run(), 1);
  // A host that lets it run on: what it owes is not held against it for ever.
  on.tick(1, 1_000);
  on.stop(1, { reason: "blocked" });
  on.run();
  on.ready(1, { reason: "wakeup" });
  assertNear(policy.lag(1), -20);
});

Deno.test("EarliestEligible, one that wakes up takes the CPU if its deadline is earlier", () => {
  const on = new Hosted(new EarliestEligible({ quantum: 100 }));
  on.ready(1);
  on.run();
  on.ready(2);
  assertEquals(on.host.preempts(2, 0), false, "of the same deadline");
  on.ready(3, { weight: 2 * NICE_0_WEIGHT });
  assertEquals(on.host.preempts(3, 0), true, "of an earlier deadline");
  on.now = 1;
  on.ready(4, { nice: 19 });
  assertEquals(on.host.preempts(4, 0), true, "the running one is not eligible now");
});

Deno.test("EarliestEligible, one that yields asks for a later slice", () => {
  const on = new Hosted(new EarliestEligible({ quantum: 10 }));
  for (const thread of [1, 2]) on.ready(thread);
  assertEquals(on.run(), 1);
  on.stop(1, { reason: "yielded" });
  on.ready(1, { reason: "yield" });
  assertEquals(on.picks(), [2, 1]);
});
