import { assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { checkParameters, type ParameterOptions, type UrgencyParameter } from "../parameters.ts";
import type { MutexOptions, SemaphoreOptions } from "./answers.ts";
import { Locks } from "./locks.ts";

/** Locks whose threads have been admitted, and what they tell. */
function prepare(
  threads: ParameterOptions[],
  options: { by?: UrgencyParameter; resumes?: boolean } = {},
) {
  const { by = "priority" } = options;
  const told: string[] = [];
  const locks = new Locks({
    ...options,
    update: (thread, parameters) => told.push(`${thread}: ${parameters[by]}`),
    wake: (thread, answer) => told.push(`${thread} ${answer}`),
  });
  for (const [thread, options] of threads.entries()) {
    locks.admit(thread, checkParameters(options, { cpus: 1, thread: "a thread" }));
  }
  return { locks, tell: () => told.splice(0) };
}

function priorities(...list: number[]) {
  return prepare(list.map((priority) => ({ priority })));
}

Deno.test("Locks, inheritance goes along a chain of 2,000 and back in one change each", () => {
  const depth = 2_000;
  const { locks, tell } = priorities(...Array.from({ length: depth + 1 }, () => 1));
  const mutexes = Array.from(
    { length: depth },
    () => locks.createMutex({ protocol: "inherit" }),
  );
  for (const mutex of mutexes) locks.lock(mutex, mutex);
  for (let thread = 1; thread <= depth; thread++) locks.lock(thread, thread - 1);
  assertEquals(tell(), []);
  const raised = checkParameters({ priority: 7 }, { cpus: 1, thread: "a thread" });
  locks.setParameters(depth, raised);
  assertEquals(tell().length, depth + 1);
  assertEquals(locks.parameters(0).priority, 7);
  locks.expire(depth);
  assertEquals(tell().length, depth);
  assertEquals(locks.parameters(0).priority, 1);
});

Deno.test("Locks, an inherited priority stays while another mutex claims it", () => {
  const { locks, tell } = priorities(1, 5, 9);
  const [a, b] = [
    locks.createMutex({ protocol: "inherit" }),
    locks.createMutex({
      protocol: "inherit",
    }),
  ];
  locks.lock(0, a);
  locks.lock(0, b);
  assertEquals([locks.lock(1, a), locks.lock(2, b)], ["blocked", "blocked"]);
  assertEquals(tell(), ["0: 5", "0: 9"]);
  locks.unlock(0, b);
  assertEquals(tell(), ["0: 5", "2 acquired"]);
  locks.unlock(0, a);
  assertEquals(tell(), ["0: 1", "1 acquired"]);
});

Deno.test("Locks, the next owner inherits from who still waits, before it is woken", () => {
  const { locks, tell } = priorities(1, 9, 9, 5);
  const mutex = locks.createMutex({ protocol: "inherit" });
  for (const thread of [0, 3, 1, 2]) locks.lock(thread, mutex);
  assertEquals(locks.waiters(mutex), [1, 2, 3]);
  tell();
  locks.cancel(1);
  locks.unlock(0, mutex);
  locks.unlock(2, mutex);
  assertEquals(tell(), ["0: 1", "2 acquired", "3 acquired"]);
});

Deno.test("Locks, a ceiling holds from lock to unlock, and refuses who is above it", () => {
  const { locks, tell } = priorities(1, 8, 7);
  const mutex = locks.createMutex({ protocol: "ceiling", ceiling: 7 });
  assertEquals(locks.lock(0, mutex), "acquired");
  assertEquals([locks.lock(1, mutex), locks.lock(2, mutex)], ["above-ceiling", "blocked"]);
  assertEquals([locks.unlock(0, mutex), tell()], ["done", ["0: 7", "0: 1", "2 acquired"]]);
});

Deno.test("Locks, an original ceiling lets nobody in who might need what is held", () => {
  const { locks, tell } = priorities(1, 5, 9);
  const [a, b] = [9, 5].map((ceiling) =>
    locks.createMutex({ protocol: "original-ceiling", ceiling })
  );
  locks.lock(0, a!);
  // b is free, but who has it might want a, and thread 0 might want b.
  assertEquals([locks.lock(1, b!), tell()], ["blocked", ["0: 5"]]);
  assertEquals([locks.waitingFor(1), locks.tryLock(2, b!)], [a, "above-ceiling"]);
  assertEquals([locks.lock(0, b!), locks.lock(2, a!), tell()], ["acquired", "blocked", ["0: 9"]]);
  locks.unlock(0, b!);
  assertEquals([tell(), locks.destroy(b!)], [[], "busy"]);
  locks.unlock(0, a!);
  assertEquals([tell(), locks.owner(a!), locks.owner(b!)], [["0: 1", "2 acquired"], 2, null]);
  locks.unlock(2, a!);
  assertEquals([tell(), locks.held(1)], [["1 acquired"], [b]]);
});

Deno.test("Locks, a nested mutex of a lower ceiling may be locked under a higher one", () => {
  const { locks } = priorities(1);
  const [high, low] = [9, 3].map((ceiling) => locks.createMutex({ protocol: "ceiling", ceiling }));
  assertEquals([locks.lock(0, high!), locks.lock(0, low!)], ["acquired", "acquired"]);
  assertEquals(locks.parameters(0).priority, 9);
  locks.unlock(0, high!);
  assertEquals(locks.parameters(0).priority, 3);
});

Deno.test("Locks, a deadlock is refused and names its cycle", () => {
  const { locks, tell } = priorities(1, 2, 3);
  const [a, b, c] = [0, 1, 2].map(() => locks.createMutex({ protocol: "inherit" }));
  assertEquals([locks.lock(0, a!), locks.lock(0, a!)], ["acquired", "deadlock"]);
  assertEquals(locks.cycle, [0, a!]);
  locks.lock(1, b!);
  locks.lock(2, c!);
  assertEquals([locks.lock(0, b!), locks.lock(1, c!)], ["blocked", "blocked"]);
  tell();
  assertEquals([locks.lock(2, a!), locks.cycle], ["deadlock", [2, a!, 0, b!, 1, c!]]);
  assertEquals([locks.waitingFor(2), locks.waiters(a!), tell()], [null, [], []]);
});

Deno.test("Locks, who comes back from a condition does not close a cycle", () => {
  const { locks, tell } = priorities(1, 2);
  const [a, b] = [locks.createMutex(), locks.createMutex()];
  const condition = locks.createCondition();
  locks.lock(0, a);
  locks.lock(0, b);
  locks.wait(0, condition, b);
  locks.lock(1, b);
  assertEquals(locks.lock(1, a), "blocked");
  locks.signal(condition);
  assertEquals([tell(), locks.cycle], [["0 deadlock"], [0, b, 1, a]]);
  assertEquals([locks.held(0), locks.waitingFor(0)], [[a], null]);
});

Deno.test("Locks, a signaled thread waits for its mutex and urges its owner on", () => {
  const { locks, tell } = priorities(1, 5, 9);
  const mutex = locks.createMutex({ protocol: "inherit" });
  const condition = locks.createCondition();
  for (const thread of [1, 2]) {
    locks.lock(thread, mutex);
    locks.wait(thread, condition, mutex);
  }
  locks.lock(0, mutex);
  assertEquals(tell(), []);
  locks.broadcast(condition);
  assertEquals([tell(), locks.waiters(mutex)], [["0: 9"], [2, 1]]);
  locks.unlock(0, mutex);
  locks.unlock(2, mutex);
  assertEquals(tell(), ["0: 1", "2 acquired", "1 acquired"]);
});

Deno.test("Locks, who gives a mutex up hands it over: nobody takes it in between", () => {
  const { locks } = priorities(1, 2, 3);
  const mutex = locks.createMutex();
  locks.lock(0, mutex);
  locks.lock(1, mutex);
  locks.unlock(0, mutex);
  assertEquals([locks.owner(mutex), locks.tryLock(2, mutex)], [1, "busy"]);
});

Deno.test("Locks, a more urgent thread takes what another was given and has not run with yet", () => {
  const threads = [9, 5, 5, 5].map((priority) => ({ priority }));
  const { locks, tell } = prepare(threads, { resumes: true });
  const mutex = locks.createMutex();
  for (const thread of [0, 1, 2]) locks.lock(thread, mutex);
  locks.unlock(0, mutex);
  assertEquals([tell(), locks.owner(mutex), locks.lock(3, mutex)], [
    ...[["1 acquired"], 1, "blocked"],
  ]);
  assertEquals([locks.tryLock(0, mutex), locks.waiters(mutex)], ["acquired", [1, 2, 3]]);
  assertThrows(() => locks.lock(1, mutex), SchedError, "expected a thread that is known and runs");
  locks.unlock(0, mutex);
  // It is on its way already, and not woken a second time.
  assertEquals([tell(), locks.isWoken(1), locks.resume(1)], [[], true, "acquired"]);
  assertEquals(locks.isWoken(1), false);
  assertThrows(() => locks.resume(1), SchedError, "expected a thread that was woken");
  assertEquals([locks.lock(0, mutex), locks.waiters(mutex)], ["blocked", [0, 2, 3]]);

  locks.unlock(1, mutex);
  assertEquals([tell(), locks.resume(0)], [["0 acquired"], "acquired"]);
  locks.unlock(0, mutex);
  assertEquals([tell(), locks.lock(0, mutex), locks.resume(2)], [
    ...[["2 acquired"], "acquired", "blocked"],
  ]);
  locks.unlock(0, mutex);
  assertEquals([tell(), locks.resume(2)], [["2 acquired"], "acquired"]);
});

Deno.test("Locks, what is taken leaves the death of its owner to who takes it", () => {
  const threads = [1, 5, 9].map((priority) => ({ priority }));
  const { locks, tell } = prepare(threads, { resumes: true });
  const mutex = locks.createMutex();
  locks.lock(0, mutex);
  locks.lock(1, mutex);
  locks.forget(0);
  assertEquals([tell(), locks.lock(2, mutex)], [["1 owner-died"], "owner-died"]);
  locks.unlock(2, mutex);
  assertEquals([tell(), locks.resume(1)], [[], "acquired"]);
  locks.unlock(1, mutex);
  // A thread that was given it and is over before it has run leaves nothing broken.
  locks.lock(2, mutex);
  locks.lock(1, mutex);
  locks.unlock(2, mutex);
  locks.forget(1);
  assertEquals(locks.lock(2, mutex), "acquired");
});

Deno.test("Locks, who comes back late from a condition is told of the death of its mutex's owner", () => {
  const { locks, tell } = priorities(1, 2);
  const mutex = locks.createMutex();
  const condition = locks.createCondition();
  locks.lock(0, mutex);
  locks.wait(0, condition, mutex);
  locks.lock(1, mutex);
  locks.forget(1);
  assertEquals([locks.expire(0), locks.owner(mutex), tell()], ["owner-died", 0, []]);
});

Deno.test("Locks, a shorter period is inherited with a budget that fits it", () => {
  const { locks } = prepare([{ period: 100, budget: 50 }, { period: 10 }, {}], { by: "period" });
  const mutex = locks.createMutex({ protocol: "inherit" });
  locks.lock(2, mutex);
  locks.lock(0, mutex);
  assertEquals([locks.parameters(2).period, locks.parameters(2).budget], [100, 0]);
  locks.unlock(2, mutex);
  locks.lock(1, mutex);
  const { period, budget, deadline } = locks.parameters(0);
  assertEquals([period, budget, deadline], [10, 10, 100]);
});

Deno.test("Locks, what is in use is not destroyed, and a free number is given again", () => {
  const { locks } = priorities(1, 2);
  const mutex = locks.createMutex();
  const condition = locks.createCondition();
  const semaphore = locks.createSemaphore();
  locks.lock(0, mutex);
  assertEquals(locks.destroy(mutex), "busy");
  locks.wait(0, condition, mutex);
  locks.acquire(1, semaphore);
  assertEquals([mutex, condition, semaphore].map((id) => locks.destroy(id)), [
    ...["busy", "busy", "busy"],
  ]);
  locks.cancel(0);
  locks.cancel(1);
  assertEquals([mutex, condition].map((id) => locks.destroy(id)), ["done", "done"]);
  assertEquals([locks.destroy(mutex), locks.destroy(77), locks.kind(mutex)], [
    ...["invalid", "invalid", undefined],
  ]);
  assertEquals([locks.createSemaphore(), locks.createMutex(), locks.createMutex()], [
    ...[condition, mutex, semaphore + 1],
  ]);
  assertEquals(locks.kind(condition), "semaphore");
});

Deno.test("Locks, impossible options name the field and what was expected", () => {
  const cases: [MutexOptions | SemaphoreOptions, string][] = [
    [
      { protocol: "ceiling" },
      "the ceiling undefined: expected a priority, an integer from 0 to 255",
    ],
    [{ protocol: "ceiling", ceiling: 256 }, "the ceiling 256: expected a priority"],
    [
      { protocol: "inherit", ceiling: 3 },
      "the ceiling 3: expected none, as its protocol is inherit",
    ],
    [{ protocol: "best" as "none" }, "the protocol best: expected none, inherit, ceiling"],
    [{ count: -1 }, "the count -1: expected an integer from 0 to 2147483647"],
    [{ count: 4, most: 3 }, "the count 4: expected an integer from 0 to 3"],
    [{ most: 0 }, "the most 0: expected an integer from 1 to 2147483647"],
  ];
  const { locks } = priorities();
  for (const [options, message] of cases) {
    const make = () =>
      "most" in options || "count" in options
        ? locks.createSemaphore(options)
        : locks.createMutex(options as MutexOptions);
    const error = assertThrows(make, SchedError, message);
    assertEquals(error.kind, "invalid-option");
  }
  const byPeriod = prepare([], { by: "period" }).locks;
  assertThrows(
    () => byPeriod.createMutex({ protocol: "ceiling", ceiling: 0 }),
    SchedError,
    "expected a period, an integer from 1 to 9007199254740991",
  );
});

Deno.test("Locks, a thread that is unknown, known already or waiting is the host's error", () => {
  const { locks } = priorities(1, 2);
  const mutex = locks.createMutex();
  const semaphore = locks.createSemaphore();
  const parameters = checkParameters({}, { cpus: 1, thread: "a thread" });
  locks.acquire(1, semaphore);
  const misuse = [
    () => locks.admit(0, parameters),
    () => locks.admit(-1, parameters),
    () => locks.lock(9, mutex),
    () => locks.lock(1, mutex),
    () => locks.setParameters(2, parameters),
    () => locks.parameters(2),
  ];
  for (const call of misuse) {
    assertEquals(assertThrows(call, SchedError).kind, "invalid-thread");
  }
  locks.forget(9);
});
