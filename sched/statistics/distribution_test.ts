import { assert, assertEquals } from "@std/assert";
import { Random } from "../../util/random.ts";
import { Distribution } from "./distribution.ts";

function of(values: readonly number[]): Distribution {
  const distribution = new Distribution();
  for (const value of values) distribution.add(value);
  return distribution;
}

Deno.test("Distribution, small values are exact, with percentiles by nearest rank", () => {
  // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, deviation 2 (the usual example).
  assertEquals(of([2, 4, 4, 4, 5, 5, 7, 9]).spread(), {
    ...{ count: 8, least: 2, mean: 5, most: 9, deviation: 2 },
    percentiles: { p50: 4, p90: 9, p99: 9 },
  });
  assertEquals(of([]).spread(), null);
  assertEquals(of([-3, -1, 2]).spread()?.percentiles, { p50: -1, p90: 2, p99: 2 });
  const hundred = of(Array.from({ length: 100 }, (_, index) => index + 1)).spread();
  assertEquals([hundred?.percentiles.p50, hundred?.mean], [50, 50.5]);
});

Deno.test("Distribution, percentiles are at most 1 in 32 from the values sorted", () => {
  const random = new Random(4);
  for (const largest of [10, 63, 64, 65, 66, 127, 128, 5_000, 2 ** 31]) {
    const values = Array.from({ length: 400 }, () => random.between(0, largest));
    const sorted = values.toSorted((a, b) => a - b);
    const spread = of(values).spread()!;
    for (const [name, part] of [["p50", 0.5], ["p90", 0.9], ["p99", 0.99]] as const) {
      const exact = sorted[Math.ceil(part * 400) - 1]!;
      const found = spread.percentiles[name];
      assert(
        found >= exact && found <= exact + exact / 32,
        `${largest} ${name}: ${found} ${exact}`,
      );
      assert(largest > 64 || found === exact);
    }
    assertEquals([spread.least, spread.most], [sorted[0], sorted.at(-1)]);
  }
});

Deno.test("Distribution, one that was added to another is as if each value had been", () => {
  const [a, b] = [of([1, 70, 900]), of([-4, 70, 12_345])];
  a.addAll(b);
  assertEquals(a.spread(), of([1, 70, 900, -4, 70, 12_345]).spread());
});
