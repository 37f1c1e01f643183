import { assertEquals } from "@std/assert";
import { DEFAULT_PARAMETERS } from "../../sched/parameters.ts";
import { Task } from "./task.ts";
import { Thread } from "./thread.ts";
import { WaitQueue } from "./wait_queue.ts";

function thread(id: number): Thread {
  const task = new Task(1, { name: "test", space: null, module: null });
  const resume = { name: "return" } as const;
  const parameters = DEFAULT_PARAMETERS;
  return new Thread(id, { address: BigInt(id), task, parameters, label: null, resume });
}

/** Takes everybody off a queue. */
function take(queue: WaitQueue): number[] {
  return queue.takeAll().map(({ id }) => id);
}

Deno.test("WaitQueue.takeAll, takes everybody once, first come first served", () => {
  const queue = new WaitQueue();
  for (const id of [3, 1, 2]) queue.add(thread(id));
  assertEquals(queue.size, 3);
  assertEquals([take(queue), take(queue), queue.size], [[3, 1, 2], [], 0]);
});

Deno.test("WaitQueue.takeSignal, remembers one wake-up that found nobody", () => {
  const queue = new WaitQueue();
  assertEquals(queue.takeSignal(), false);
  take(queue);
  take(queue);
  assertEquals([queue.takeSignal(), queue.takeSignal()], [true, false]);
});

Deno.test("WaitQueue.takeSignal, a wake-up that found somebody leaves no signal", () => {
  const queue = new WaitQueue();
  queue.add(thread(1));
  take(queue);
  assertEquals(queue.takeSignal(), false);
});

Deno.test("WaitQueue.remove, takes one thread off, once", () => {
  const queue = new WaitQueue();
  const threads = [1, 2, 3].map(thread);
  for (const each of threads) queue.add(each);
  for (let i = 0; i < 2; i++) {
    queue.remove(threads[1]!);
    assertEquals(queue.size, 2);
  }
  assertEquals(take(queue), [1, 3]);
});

Deno.test("WaitQueue.restore, a queue is as it was saved", () => {
  const queue = new WaitQueue();
  const threads = [1, 2, 3].map(thread);
  for (const each of threads) queue.add(each);
  const record = queue.save();
  const other = new WaitQueue();
  other.add(thread(9));
  other.restore(record, (id) => threads[id - 1]!);
  assertEquals(take(other), [1, 2, 3]);
  take(other);
  other.restore(other.save(), () => threads[0]!);
  assertEquals(other.takeSignal(), true);
});
