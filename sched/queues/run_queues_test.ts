import { assertEquals } from "@std/assert";
import { Random } from "../../util/random.ts";
import { RunQueues } from "./run_queues.ts";

function drain(queues: RunQueues): number[] {
  const order: number[] = [];
  for (let thread = queues.shift(); thread !== null; thread = queues.shift()) order.push(thread);
  return order;
}

Deno.test("RunQueues, empty has no highest level and nothing to shift", () => {
  const queues = new RunQueues(128);
  assertEquals([queues.highest, queues.size, queues.shift()], [-1, 0, null]);
  assertEquals(queues.remove(3), false);
});

Deno.test("RunQueues, serves every level of the bitmap, highest first", () => {
  const queues = new RunQueues(128);
  for (let level = 0; level < 128; level++) queues.push(level, level);
  for (let level = 127; level >= 0; level--) {
    assertEquals(queues.highest, level);
    assertEquals(queues.shift(), level);
  }
  assertEquals(queues.highest, -1);
});

Deno.test("RunQueues, tail insertion is first in first out, head insertion goes before", () => {
  const queues = new RunQueues(1);
  for (const thread of [5, 3, 9]) queues.push(thread, 0);
  queues.unshift(7, 0);
  assertEquals(drain(queues), [7, 5, 3, 9]);
});

Deno.test("RunQueues, removal from head, middle and tail keeps the others in order", () => {
  for (const gone of [1, 2, 3]) {
    const queues = new RunQueues(40);
    for (const thread of [1, 2, 3]) queues.push(thread, 33);
    assertEquals([queues.has(gone), queues.remove(gone), queues.has(gone)], [true, true, false]);
    queues.push(4, 33);
    assertEquals(drain(queues), [1, 2, 3, 4].filter((thread) => thread !== gone));
  }
});

Deno.test("RunQueues, raising all threads keeps their order however often, higher levels first", () => {
  const queues = new RunQueues(256);
  for (const [thread, level] of [[1, 3], [2, 255], [3, 40], [4, 3]] as const) {
    queues.push(thread, level);
  }
  // So often that the records of levels have to be made anew.
  for (let count = 0; count < 2 ** 17; count++) queues.raiseAll();
  queues.push(5, 0);
  assertEquals(queues.save(), [{ level: 0, threads: [5] }, { level: 255, threads: [2, 3, 1, 4] }]);
  assertEquals([queues.remove(3), queues.remove(5), drain(queues)], [true, true, [2, 1, 4]]);
  queues.raiseAll();
  assertEquals([queues.highest, queues.size], [-1, 0]);
});

Deno.test("RunQueues, 20,000 random operations agree with arrays searched naively", () => {
  const random = new Random(11);
  const levels = 70;
  const queues = new RunQueues(levels);
  const model: number[][] = Array.from({ length: levels }, () => []);
  let next = 0;
  for (let count = 0; count < 20_000; count++) {
    const ready = model.flat();
    const operation = random.below(4);
    if (operation <= 1) {
      const level = random.below(levels);
      if (random.below(4) === 0) {
        queues.unshift(next, level);
        model[level]?.unshift(next++);
      } else {
        queues.push(next, level);
        model[level]?.push(next++);
      }
    } else if (operation === 2 && ready.length > 0) {
      const thread = random.pick(ready);
      assertEquals(queues.remove(thread), true);
      for (const queue of model) {
        if (queue.includes(thread)) queue.splice(queue.indexOf(thread), 1);
      }
    } else {
      const queue = model.findLast(({ length }) => length > 0);
      assertEquals(queues.shift(), queue?.shift() ?? null);
    }
    if (random.below(500) === 0) queues.restore(queues.save());
    if (random.below(200) === 0) {
      queues.raiseAll();
      const all = model.toReversed().flat();
      for (const queue of model) queue.length = 0;
      model[levels - 1]?.push(...all);
    }
    assertEquals(queues.size, model.flat().length);
    assertEquals(queues.highest, model.findLastIndex(({ length }) => length > 0));
    const level = random.below(levels);
    const below = model.slice(0, level).findLastIndex(({ length }) => length > 0);
    assertEquals(queues.below(level), below);
  }
});
