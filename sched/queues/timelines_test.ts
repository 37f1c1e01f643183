import { assertEquals } from "@std/assert";
import { Random } from "../../util/random.ts";
import { Timelines } from "./timelines.ts";

interface Entry {
  thread: number;
  time: number;
  deadline: number;
  tie: number;
}

Deno.test("Timelines, 6,000 random operations agree with lists searched naively", () => {
  const random = new Random(3);
  const count = 3;
  const timelines = new Timelines(count);
  const model: Entry[][] = Array.from({ length: count }, () => []);
  for (let round = 0; round < 6_000; round++) {
    const timeline = random.below(count);
    const list = model[timeline]!;
    const thread = random.below(300);
    if (random.below(5) < 3) {
      if (!timelines.has(thread)) {
        const entry = { thread, time: random.below(40), deadline: random.below(40), tie: round };
        timelines.insert(thread, { timeline, ...entry });
        list.push(entry);
        list.sort((a, b) => a.time - b.time || a.tie - b.tie);
      }
    } else {
      const on = model.findIndex((each) => each.some((entry) => entry.thread === thread));
      assertEquals([timelines.of(thread), timelines.remove(thread)], [on, on >= 0]);
      if (on >= 0) model[on] = model[on]!.filter((entry) => entry.thread !== thread);
    }
    if (random.below(400) === 0) {
      timelines.restore(model.map((_, each) => timelines.save(each)));
    }
    const now = model[timeline]!;
    assertEquals(timelines.size(timeline), now.length);
    assertEquals(timelines.first(timeline), now[0]?.thread ?? -1);
    const limit = random.below(45);
    const eligible = now.filter(({ time }) => time <= limit);
    const least = Math.min(...eligible.map(({ deadline }) => deadline));
    const expected = eligible.find(({ deadline }) => deadline === least)?.thread ?? -1;
    assertEquals(timelines.earliest(timeline, limit), expected);
    if (round % 50 === 0) {
      const entries = now.map((each) => [each.thread, each.time, each.deadline, each.tie]);
      assertEquals(timelines.save(timeline) as unknown, entries);
    }
  }
});

Deno.test("Timelines, equal times are in the order of the second key, of equal deadlines the first is earliest", () => {
  const timelines = new Timelines(1);
  for (const [tie, thread] of [5, 3, 9, 1].entries()) {
    timelines.insert(thread, { timeline: 0, time: 7, deadline: thread & ~2, tie });
  }
  assertEquals(timelines.save(0).map(([thread]) => thread), [5, 3, 9, 1]);
  assertEquals([timelines.earliest(0, 7), timelines.earliest(0, 6.9)], [3, -1]);
  assertEquals([timelines.time(9), timelines.deadline(9)], [7, 9]);
});
