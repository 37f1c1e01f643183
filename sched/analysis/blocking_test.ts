import { assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { blockingTimes } from "./blocking.ts";

/** Tasks in order of falling priority, with the sections of each. */
function tasks(...held: readonly Readonly<Record<string, number>>[]) {
  return held.map((sections, index) => ({
    priority: held.length - index,
    sections: Object.entries(sections).map(([mutex, time]) => ({ mutex, time })),
  }));
}

Deno.test("blockingTimes, with inheritance the lesser of one section a task and one a mutex", () => {
  const four = tasks({ a: 1, b: 2 }, { b: 9, c: 3 }, { a: 8, b: 7 }, { a: 6, b: 5, c: 4 });
  // By mutex 8 + 9 for the first (by task 9 + 8 + 6), by task 8 + 6 for the second.
  assertEquals(blockingTimes(four, "inheritance"), [17, 14, 6, 0]);
  assertEquals(blockingTimes(four, "ceiling"), [9, 8, 6, 0]);
});

Deno.test("blockingTimes, who uses no mutex waits for one only if someone more urgent does", () => {
  assertEquals(blockingTimes(tasks({ a: 1 }, {}, { a: 5 }), "inheritance"), [5, 5, 0]);
  assertEquals(blockingTimes(tasks({}, { a: 1 }, { a: 5 }), "ceiling"), [0, 5, 0]);
  const equals = [{ priority: 1, sections: [{ mutex: "a", time: 3 }] }];
  assertEquals(blockingTimes([...equals, ...equals], "ceiling"), [0, 0]);
});

Deno.test("blockingTimes, who waits for a mutex waits for what its owner waits for within", () => {
  const nested = (within: string[]) =>
    [
      { priority: 3, sections: [{ mutex: "a", time: 1 }] },
      { priority: 2, sections: [{ mutex: "a", time: 4 }, { mutex: "b", time: 2, within }] },
      { priority: 1, sections: [{ mutex: "b", time: 5 }] },
    ] as const;
  assertEquals(blockingTimes(nested([]), "inheritance"), [4, 5, 0]);
  assertEquals(blockingTimes(nested(["a"]), "inheritance"), [9, 5, 0]);
});

Deno.test("blockingTimes, refuses sections of no time", () => {
  const error = assertThrows(() => blockingTimes(tasks({ a: -1 }), "ceiling"), SchedError);
  assertEquals(error.kind, "invalid-task-set");
});
