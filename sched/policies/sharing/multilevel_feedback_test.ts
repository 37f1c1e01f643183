import { assertEquals, assertThrows } from "@std/assert";
import {
  formatGantt,
  SchedError,
  simulate,
  type Step,
  summarize,
  type Workload,
} from "../../mod.ts";
import { Hosted } from "../../testing/hosted.ts";
import { MultilevelFeedback } from "./multilevel_feedback.ts";

const run = (time: number): Step => ({ type: "run", time });

function chart(workload: Workload): string {
  const policy = new MultilevelFeedback({ levels: 3, quantum: 10, boost: Infinity });
  return formatGantt(workload, summarize(workload, simulate(workload, policy)).gantt);
}

Deno.test("MultilevelFeedback, a short job comes along: Three Easy Pieces, figure 8.3", () => {
  const workload = [
    { name: "A", steps: [run(180)] },
    { name: "B", arrival: 100, steps: [run(20)] },
  ];
  assertEquals(chart(workload), "A 0-100 | B 100-120 | A 120-200");
});

Deno.test("MultilevelFeedback, giving the CPU up before the quantum ends gains nothing, as in figure 8.6", () => {
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

Deno.test("MultilevelFeedback, refuses options that make no sense", () => {
  for (const options of [{ levels: 0 }, { levels: 257 }, { allotment: 0 }, { boost: 1.5 }]) {
    assertThrows(() => new MultilevelFeedback(options), SchedError, "it must be an integer from 1");
  }
});
