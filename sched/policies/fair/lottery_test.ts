import { assert, assertEquals } from "@std/assert";
import type { ThreadSpec } from "../../mod.ts";
import { Hosted } from "../../testing/hosted.ts";
import { outcome } from "../../testing/outcome.ts";
import { Tickets } from "../../queues/tickets.ts";
import { Lottery } from "./lottery.ts";

// Arpaci-Dusseau, Operating Systems: Three Easy Pieces, chapter 9.

Deno.test("Tickets, who holds which: Three Easy Pieces, sections 9.1 and 9.3", () => {
  const tickets = new Tickets();
  for (const [thread, own] of [100, 50, 250].entries()) tickets.set(thread, own);
  assertEquals([tickets.total, tickets.holder(300)], [400, 2], "C has the winning ticket");
  // A has tickets 0 to 74, B 75 to 99; B wins 4 of 20 and not 5, as would be its share.
  for (const [thread, own] of [75, 25, 0].entries()) tickets.set(thread, own);
  const drawn = [63, 85, 70, 39, 76, 17, 29, 41, 36, 39, 10, 99, 68, 83, 63, 62, 43, 0, 49, 49];
  const order = drawn.map((ticket) => "AB"[tickets.holder(ticket)]).join("");
  assertEquals(order, "ABAABAAAAAABABAAAAAA");
});

Deno.test("Lottery, fairness of two equal jobs: Three Easy Pieces, figure 9.2, within four standard errors", () => {
  for (const [length, runs] of [[1, 20], [3, 300], [10, 200], [100, 100], [1_000, 25]] as const) {
    const threads = ["A", "B"].map((name): ThreadSpec => ({
      name,
      weight: 100,
      steps: [{ type: "run", time: length }],
    }));
    const samples = Array.from({ length: runs }, (_, seed) => {
      const result = outcome(threads, new Lottery({ quantum: 1 }), { seed });
      const finishes = result.threads.map(({ finish }) => finish!);
      return Math.min(...finishes) / Math.max(...finishes);
    });
    const mean = samples.reduce((sum, each) => sum + each, 0) / runs;
    const variance = samples.reduce((sum, each) => sum + (each - mean) ** 2, 0) / runs;
    // When one has won all its draws the other has, by Banach's matchbox problem, on average so
    // many left that the first is done at this part of the time.
    let expected = 1;
    for (let count = 1; count <= length; count++) expected *= (2 * count - 1) / (2 * count);
    const error = Math.abs(mean - (1 - expected));
    assert(error <= 4 * Math.sqrt(variance / runs) + 1e-12, `${length}: ${mean}, ${1 - expected}`);
  }
});

Deno.test("Lottery, shares are the tickets', within four standard deviations", () => {
  for (const weights of [[75, 25], [1, 2, 3, 10], [2 ** 20, 2 ** 20, 2 ** 19]]) {
    for (let seed = 0; seed < 5; seed++) {
      const on = new Hosted(new Lottery({ quantum: 10 }), { seed });
      for (const [thread, weight] of weights.entries()) on.ready(thread, { weight });
      const got = weights.map(() => 0);
      const draws = 4_000;
      for (let count = 0; count < draws; count++) {
        const thread = on.run()!;
        got[thread]!++;
        assertEquals(on.tick(thread, 10), true);
        on.stop(thread);
        on.ready(thread, { reason: "preempt" });
      }
      const all = weights.reduce((sum, weight) => sum + weight, 0);
      for (const [thread, weight] of weights.entries()) {
        const chance = weight / all;
        const deviation = Math.sqrt(draws * chance * (1 - chance));
        const error = Math.abs(got[thread]! - draws * chance);
        assert(error < 4 * deviation, `${weights}, seed ${seed}: ${got}`);
      }
    }
  }
});

Deno.test("Lottery, with several CPUs threads run where their affinity has them", () => {
  const on = new Hosted(new Lottery(), { cpus: 3 });
  on.ready(1, { affinity: [2] });
  on.ready(20, { affinity: [0] });
  on.ready(3, { affinity: [1] });
  assertEquals([on.run(1), on.run(0), on.run(1), on.run(2)], [3, 20, null, 1]);
  assertEquals([on.run(0), on.host.fault], [null, null]);
});

Deno.test("Lottery, goes on as the one that was saved, random numbers included", () => {
  const make = (seed: number): Hosted => new Hosted(new Lottery({ quantum: 10 }), { seed });
  const on = make(1);
  for (let thread = 0; thread < 40; thread++) on.ready(thread, { weight: 1 + thread });
  const running = on.run() ?? 0;
  on.tick(running, 7);
  on.host.update(3, { weight: 1_000 });
  on.host.dequeue(5);
  const other = make(2);
  other.ready(77);
  other.host.restore(on.host.save());
  assertEquals([other.tick(running, 2), other.tick(running, 1)], [false, true]);
  on.tick(running, 3);
  assertEquals(other.host.save(), on.host.save());
  const order = on.picks();
  assertEquals([order.length, other.picks()], [38, order]);
});
