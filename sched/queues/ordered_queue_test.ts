import { assertEquals } from "@std/assert";
import { Random } from "../../util/random.ts";
import { OrderedQueue } from "./ordered_queue.ts";

Deno.test("OrderedQueue, empty has no first thread, and equals leave as they came", () => {
  const queue = new OrderedQueue();
  assertEquals([queue.first, queue.least, queue.shift(), queue.remove(3)], [
    -1,
    Infinity,
    null,
    false,
  ]);
  for (const thread of [5, 3, 9]) queue.insert(thread, 7);
  queue.insert(4, 6);
  assertEquals([queue.first, queue.least, queue.key(9)], [4, 6, 7]);
  assertEquals([1, 2, 3, 4].map(() => queue.shift()), [4, 5, 3, 9]);
});

Deno.test("OrderedQueue, a second key of the caller's orders equals", () => {
  const queue = new OrderedQueue();
  for (const thread of [5, 3, 9]) queue.insert(thread, 7, -thread);
  assertEquals([1, 2, 3].map(() => queue.shift()), [9, 5, 3]);
});

Deno.test("OrderedQueue, 20,000 random operations agree with an array that is sorted", () => {
  const random = new Random(5);
  let queue = new OrderedQueue();
  const model: { thread: number; key: number; order: number }[] = [];
  const next = () => model.toSorted((a, b) => a.key - b.key || a.order - b.order)[0];
  for (let count = 0; count < 20_000; count++) {
    const operation = random.below(5);
    if (operation <= 1 && model.length < 60) {
      const thread = random.below(200);
      assertEquals(queue.has(thread), model.some((entry) => entry.thread === thread));
      if (queue.has(thread)) continue;
      const key = random.between(-10, 10);
      queue.insert(thread, key);
      model.push({ thread, key, order: count });
    } else if (operation === 2 && model.length > 0) {
      const [{ thread } = { thread: -1 }] = model.splice(random.below(model.length), 1);
      assertEquals([queue.remove(thread), queue.remove(thread)], [true, false]);
    } else if (operation === 3 && count % 50 === 0) {
      const saved = queue.save();
      queue = new OrderedQueue();
      queue.restore(saved);
      assertEquals(queue.save(), saved);
    } else {
      const expected = next();
      assertEquals(queue.shift(), expected?.thread ?? null);
      if (expected !== undefined) model.splice(model.indexOf(expected), 1);
    }
    assertEquals([queue.size, queue.first, queue.least], [
      model.length,
      next()?.thread ?? -1,
      next()?.key ?? Infinity,
    ]);
  }
});

Deno.test("OrderedQueue, endless keys are equals like others", () => {
  const queue = new OrderedQueue();
  for (const thread of [4, 2, 7, 1, 5, 3]) queue.insert(thread, Infinity);
  queue.insert(6, 10);
  assertEquals(queue.save().map(([thread]) => thread), [6, 4, 2, 7, 1, 5, 3]);
  const order = Array.from({ length: 7 }, () => queue.shift());
  assertEquals(order, [6, 4, 2, 7, 1, 5, 3]);
});

Deno.test("OrderedQueue.some, finds a smaller key that is accepted, and no other", () => {
  const random = new Random(3);
  for (let round = 0; round < 200; round++) {
    const queue = new OrderedQueue();
    const keys = Array.from({ length: random.below(20) }, () => random.below(30));
    keys.forEach((key, thread) => queue.insert(thread, key));
    const [below, parity] = [random.below(32), random.below(2)];
    const accepts = (thread: number): boolean => thread % 2 === parity;
    const expected = keys.some((key, thread) => key < below && accepts(thread));
    assertEquals(queue.some(below, accepts), expected);
  }
});
