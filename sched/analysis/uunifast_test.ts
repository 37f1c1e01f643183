import { assert, assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { randomTasks, uunifast } from "./uunifast.ts";

Deno.test("uunifast, adds up to the utilization, none above 1, the same for the same seed", () => {
  for (let seed = 0; seed < 200; seed++) {
    const options = { tasks: 1 + seed % 12, utilization: (1 + seed % 12) * (0.1 + seed % 7 / 10) };
    const drawn = uunifast(seed, options);
    assertEquals(drawn.length, options.tasks);
    const total = drawn.reduce((sum, each) => sum + each, 0);
    assert(Math.abs(total - options.utilization) < 1e-9, `seed ${seed}: ${total}`);
    assert(drawn.every((each) => each >= 0 && each <= 1));
    assertEquals(uunifast(seed, options), drawn);
  }
});

Deno.test("uunifast, all sets are as likely: the first of three is above u in (1 - u)^2 of them", () => {
  const draws = 4_000;
  const counts = [0.1, 0.3, 0.5, 0.8].map((least) => {
    let above = 0;
    for (let seed = 0; seed < draws; seed++) {
      if (uunifast(seed, { tasks: 3, utilization: 1 })[seed % 3]! > least) above++;
    }
    return [above / draws, (1 - least) ** 2] as const;
  });
  // Five standard deviations of the largest.
  for (const [found, expected] of counts) assert(Math.abs(found - expected) < 0.04, `${found}`);
});

Deno.test("uunifast, refuses what cannot be drawn", () => {
  for (const [tasks, utilization] of [[0, 1], [1.5, 1], [2, 0], [2, 2.1], [2, NaN], [5, 5]]) {
    const error = assertThrows(
      () => uunifast(1, { tasks: tasks!, utilization: utilization! }),
      SchedError,
    );
    assertEquals(error.kind, "invalid-option");
  }
});

Deno.test("randomTasks, has periods that divide the hyperperiod, about as many in each octave", () => {
  const periods = new Map<number, number>();
  for (let seed = 0; seed < 500; seed++) {
    const set = randomTasks(seed, {
      ...{ tasks: 4, utilization: 0.8, hyperperiod: 4096, shortest: 8, longest: 1024 },
      deadlines: (["implicit", "constrained", "arbitrary"] as const)[seed % 3]!,
    });
    for (const { time, period, deadline = 0 } of set) {
      periods.set(period, (periods.get(period) ?? 0) + 1);
      assert(time >= 1 && time <= period && deadline >= (seed % 3 ? time : period));
      assert(deadline <= period * (seed % 3 === 2 ? 2 : 1));
    }
  }
  assertEquals([...periods.keys()].sort((a, b) => a - b), [8, 16, 32, 64, 128, 256, 512, 1024]);
  // Half as many at the ends, to which only one side is near.
  for (const [period, count] of periods) {
    const expected = 2000 / 7 / (period === 8 || period === 1024 ? 2 : 1);
    assert(Math.abs(count - expected) < expected / 3, `${period}: ${count}`);
  }
  const options = { tasks: 1, utilization: 0.5, hyperperiod: 7, shortest: 2, longest: 6 };
  assertThrows(() => randomTasks(1, options), SchedError, "no divisor of 7");
});
