import { assertEquals } from "@std/assert";
import { ascendingOrder, countNotAbove, partitionPoint } from "./order.ts";

Deno.test("ascendingOrder, is a stable order, whatever the numbers", () => {
  const lists = [
    [],
    [5],
    [1, 2, 2, 3],
    [3, 1, 2, 1, 3],
    [-1, 0x7fff_ffff_f000, -0x7fff_ffff_f000, 4, -1],
    Array.from({ length: 1000 }, (_, i) => i * 7919 % 97),
    Array.from({ length: 1000 }, (_, i) => 2 ** 40 + i * 7919 % 4093),
  ];
  for (const list of lists) {
    const expected = [...list.keys()].sort((a, b) => list[a]! - list[b]! || a - b);
    assertEquals([...ascendingOrder(list)], expected);
    assertEquals([...ascendingOrder(Float64Array.from(list))], expected);
  }
});

Deno.test("partitionPoint, counts what comes before a place", () => {
  const sorted = [1, 3, 3, 3, 8];
  const counts = (isBefore: (value: number, place: number) => boolean) =>
    [0, 1, 2, 3, 8, 9].map((place) =>
      partitionPoint(sorted.length, (i) => isBefore(sorted[i]!, place))
    );
  assertEquals(counts((value, place) => value <= place), [0, 1, 1, 4, 5, 5]);
  assertEquals(counts((value, place) => value < place), [0, 0, 1, 1, 4, 5]);
  assertEquals(partitionPoint(0, () => true), 0);
  assertEquals([0, 1, 2, 3, 8, 9].map((value) => countNotAbove(sorted, value)), [0, 1, 1, 4, 5, 5]);
  assertEquals(countNotAbove([], 1), 0);
});
