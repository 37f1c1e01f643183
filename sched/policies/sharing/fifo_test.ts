import { assertEquals } from "@std/assert";
import type { ThreadSpec } from "../../mod.ts";
import { Hosted } from "../../testing/hosted.ts";
import { mean, outcome } from "../../testing/outcome.ts";
import { Fifo } from "./fifo.ts";

const jobs = (...times: number[]): readonly ThreadSpec[] =>
  times.map((time, index) => ({ name: "ABC"[index] ?? "", steps: [{ type: "run", time }] }));

Deno.test("Fifo, turnaround of Arpaci-Dusseau, Operating Systems: Three Easy Pieces, section 7.3", () => {
  for (const [lengths, turnaround] of [[[10, 10, 10], 20], [[100, 10, 10], 110]] as const) {
    assertEquals(mean(outcome(jobs(...lengths), new Fifo()), "turnaround"), turnaround);
  }
  const { chart } = outcome(jobs(100, 10, 10), new Fifo());
  assertEquals(chart, "A 0-100, B 100-110, C 110-120");
});

Deno.test("Fifo, a thread that was interrupted goes on first, one that yields goes to the tail", () => {
  const on = new Hosted(new Fifo());
  for (const thread of [1, 2, 3]) on.ready(thread, { priority: thread });
  assertEquals([on.run(), on.tick(1, 1e9)], [1, false]);
  on.stop(1, { reason: "preempted" });
  on.ready(1, { reason: "preempt" });
  assertEquals(on.run(), 1);
  on.stop(1, { reason: "yielded" });
  on.ready(1, { reason: "yield" });
  assertEquals(on.picks(), [2, 3, 1]);
});

Deno.test("Fifo, with several CPUs the first that may run there, and it goes on as saved", () => {
  const on = new Hosted(new Fifo(), { cpus: 2 });
  on.ready(1, { affinity: [1] });
  on.ready(2);
  on.ready(3);
  const other = new Hosted(new Fifo(), { cpus: 2 });
  other.host.restore(on.host.save());
  for (const each of [on, other]) {
    assertEquals([each.run(0), each.run(1), each.host.dequeue(3), each.host.pick(0)], [
      2,
      1,
      true,
      null,
    ]);
  }
});
