import { assertEquals } from "@std/assert";
import { ascendingOrder } from "./order.ts";

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
