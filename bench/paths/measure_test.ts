import { assertEquals, assertThrows } from "@std/assert";
import { x86_64 } from "../../arch/mod.ts";
import { measure, OpenPath, quantile } from "./measure.ts";
import { type Path, PathError, type PathRun } from "./path.ts";

/**
 * A path without a machine: a sample takes `executes` instructions, and it is used up after
 * `samples`.
 */
function fake(options: { instructions?: number; executes: number; samples?: number }) {
  const opened: number[] = [];
  const disposed: number[] = [];
  const path: Path = {
    name: "fake",
    round: "nothing",
    open(): PathRun {
      const number = opened.length;
      opened.push(number);
      let executed = 0;
      let left = options.samples ?? Infinity;
      return {
        instructions: options.instructions ?? 10 + number,
        extra: 1,
        rounds: 2,
        get left() {
          return left;
        },
        get executed() {
          return executed;
        },
        prepare(): void {},
        run(): void {
          left--;
          executed += options.executes;
        },
        [Symbol.dispose](): void {
          disposed.push(number);
        },
      };
    },
  };
  return { path, opened, disposed };
}

Deno.test("OpenPath, refuses a sample that takes other instructions than its rounds", () => {
  using good = new OpenPath(fake({ instructions: 10, executes: 21 }).path, x86_64);
  good.sample();
  using bad = new OpenPath(fake({ instructions: 10, executes: 20 }).path, x86_64);
  assertThrows(() => bad.sample(), PathError, "took 20 guest instructions, not 21");
});

Deno.test("OpenPath, opens a path again when it is used up, and disposes of each machine once", () => {
  const { path, opened, disposed } = fake({ instructions: 10, executes: 21, samples: 2 });
  {
    using open = new OpenPath(path, x86_64);
    for (let i = 0; i < 5; i++) open.sample();
    assertEquals(opened, [0, 1, 2]);
    assertEquals(disposed, [0, 1]);
  }
  assertEquals(disposed, [0, 1, 2]);
});

Deno.test("OpenPath, refuses a path that is another one when opened again", () => {
  const { path } = fake({ executes: 21, samples: 1 });
  using open = new OpenPath(path, x86_64);
  open.sample();
  assertThrows(() => open.sample(), PathError, "took 10 instructions and then 11");
});

Deno.test("measure, takes the least number of samples however long they take", () => {
  const effort = { warmUp: 0, time: 0, least: 7, most: 9 };
  const { path } = fake({ instructions: 10, executes: 21 });
  const { n, rounds, instructions, arch } = measure(path, x86_64, { effort });
  assertEquals([n, rounds, instructions, arch], [7, 2, 10, "x86_64"]);
});

Deno.test("measure, takes no more than the most samples", () => {
  const effort = { warmUp: 0, time: 60_000, least: 1, most: 9 };
  assertEquals(measure(fake({ instructions: 10, executes: 21 }).path, x86_64, { effort }).n, 9);
});

Deno.test("quantile, is the value of the nearest rank", () => {
  const values = [10, 20, 30, 40];
  assertEquals([0, 0.25, 0.26, 0.5, 0.99, 1].map((share) => quantile(values, share)), [
    10,
    10,
    20,
    20,
    40,
    40,
  ]);
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  assertEquals(quantile(hundred, 0.99), 99);
});
