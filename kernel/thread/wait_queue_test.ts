import { assertEquals } from "@std/assert";
import { Task } from "./task.ts";
import { Thread } from "./thread.ts";
import { WaitQueue } from "./wait_queue.ts";

function thread(id: number): Thread {
  const task = new Task(1, { name: "test", space: null, module: null });
  return new Thread(id, { address: BigInt(id), task, priority: 0 });
}

/** A queue, and the numbers of the threads it has woken. */
function queue(): { queue: WaitQueue; woken: number[] } {
  const woken: number[] = [];
  return { queue: new WaitQueue(({ id }) => void woken.push(id)), woken };
}

Deno.test("WaitQueue.wakeAll, wakes everybody once, first come first served", () => {
  const { queue: q, woken } = queue();
  for (const id of [3, 1, 2]) q.add(thread(id));
  assertEquals(q.size, 3);
  q.wakeAll();
  q.wakeAll();
  assertEquals([woken, q.size], [[3, 1, 2], 0]);
});

Deno.test("WaitQueue.takeSignal, remembers one wake-up that found nobody", () => {
  const { queue: q } = queue();
  assertEquals(q.takeSignal(), false);
  q.wakeAll();
  q.wakeAll();
  assertEquals([q.takeSignal(), q.takeSignal()], [true, false]);
});

Deno.test("WaitQueue.takeSignal, a wake-up that found somebody leaves no signal", () => {
  const { queue: q } = queue();
  q.add(thread(1));
  q.wakeAll();
  assertEquals(q.takeSignal(), false);
});

Deno.test("WaitQueue.add, a thread can take itself off the queue", () => {
  const { queue: q, woken } = queue();
  const threads = [1, 2, 3].map(thread);
  for (const each of threads) q.add(each);
  threads[1]?.cancelWait?.();
  assertEquals(q.size, 2);
  threads[1]?.cancelWait?.();
  q.wakeAll();
  assertEquals(woken, [1, 3]);
});

Deno.test("WaitQueue.wakeAll, threads that wait again at once wait for the next time", () => {
  const woken: number[] = [];
  const first = thread(1);
  const q: WaitQueue = new WaitQueue(({ id }) => {
    woken.push(id);
    q.add(first);
  });
  q.add(first);
  q.wakeAll();
  assertEquals([woken, q.size], [[1], 1]);
});
