import { assert, assertEquals } from "@std/assert";
import { formatTime, roundTicks } from "./axis.ts";

const MILLISECONDS = { name: "ms", length: 1_000_000 };

Deno.test("roundTicks, are multiples of 1, 2 or 5 times a power of ten, as many as there may be", () => {
  const cases = [
    [0, 60, 6, 10],
    [0, 61, 6, 20],
    [3, 7, 10, 1],
    [0, 113, 97, 2],
    [0, 1, 5, 1],
    [999, 123_456_789, 10, 20_000_000],
  ] as const;
  for (const [from, to, most, step] of cases) {
    const ticks = roundTicks({ from, to }, most);
    assertEquals(ticks.step, step, `${from} to ${to}`);
    assert(ticks.times.length <= most + 1);
    assert(ticks.times.every((time) => time % step === 0 && time >= from && time <= to));
    assertEquals(ticks.times[0], Math.ceil(from / step) * step);
  }
  assertEquals(roundTicks({ from: 0, to: 0 }, 10).times, [0]);
});

Deno.test("roundTicks, of a unit are round in it, or whole on the clock", () => {
  const step = (to: number, length: number) =>
    roundTicks({ from: 0, to }, 10, { name: "ms", length }).step;
  assertEquals(step(30_000_000, 1_000_000), 5_000_000);
  assertEquals(step(3_000_000, 1_000_000), 500_000);
  assertEquals(step(3_000, 1_000_000), 500);
  assertEquals(step(20, 7), 7, "a seventh is no fraction with an end");
});

Deno.test("formatTime, thousands apart, in a unit as short as it is exact", () => {
  assertEquals([0, 999, 1_000, 1_234_567].map((time) => formatTime(time)), [
    "0",
    "999",
    "1,000",
    "1,234,567",
  ]);
  const shown = [0, 1, 500_000, 12_000_000, 1_234_500_000].map((time) =>
    formatTime(time, MILLISECONDS)
  );
  assertEquals(shown, ["0", "0.000001", "0.5", "12", "1,234.5"]);
  assertEquals(formatTime(9, { name: "jiffies", length: 4 }), "2.25");
});
