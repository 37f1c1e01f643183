import { assertEquals } from "@std/assert";
import { SleepQueue } from "./sleep_queue.ts";

function queue(): SleepQueue {
  const queue = new SleepQueue();
  [[1, 50], [2, 20], [3, 50], [4, 30]].forEach(([thread = 0, until = 0]) =>
    queue.add({ thread, until })
  );
  return queue;
}

Deno.test("SleepQueue.takeDue, takes who is due in the order of their times, then of their coming", () => {
  const q = queue();
  assertEquals(q.next, 20);
  assertEquals([q.takeDue(19), q.takeDue(30), q.next], [[], [2, 4], 50]);
  assertEquals([q.takeDue(99), q.takeDue(99), q.next], [[1, 3], [], null]);
});

Deno.test("SleepQueue.remove, takes one thread out", () => {
  const q = queue();
  q.remove(2);
  q.remove(9);
  assertEquals([q.next, q.takeDue(99)], [30, [4, 1, 3]]);
});

Deno.test("SleepQueue.restore, a queue is as it was saved, whatever happened since", () => {
  const q = queue();
  const saved = q.save();
  q.takeDue(99);
  q.add({ thread: 7, until: 1 });
  q.restore(saved);
  assertEquals(q.takeDue(99), [2, 4, 1, 3]);
});
