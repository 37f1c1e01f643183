import { assertEquals } from "@std/assert";
import { isInteger } from "./integer.ts";

Deno.test("isInteger, both bounds are included", () => {
  const found = [-1, 0, 1, 2, 3].filter((value) => isInteger(value, 0, 2));
  assertEquals(found, [0, 1, 2]);
  assertEquals(isInteger(Number.MIN_SAFE_INTEGER, -Infinity), true);
});

Deno.test("isInteger, nothing beyond what is exact, even without a bound", () => {
  assertEquals([2 ** 53 - 1, 2 ** 53].map((value) => isInteger(value, 0)), [true, false]);
  assertEquals(isInteger(2 ** 53, 0, Infinity), false);
});

Deno.test("isInteger, what is no number is none", () => {
  for (const value of ["1", 1n, true, null, undefined, [1], { valueOf: () => 1 }, 0.5, NaN]) {
    assertEquals(isInteger(value, -Infinity, Infinity), false);
  }
});
