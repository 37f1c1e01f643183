import { assertEquals } from "@std/assert";
import { compareSum, exactSum, leastCommonMultiple } from "./ratio.ts";

Deno.test("compareSum, tells 1 from what floating point takes for 1", () => {
  // Ten tenths add up to 0.9999999999999999.
  const tenths = Array.from({ length: 10 }, () => ({ over: 1, under: 10 }));
  assertEquals(tenths.reduce((sum, { over, under }) => sum + over / under, 0) < 1, true);
  assertEquals(compareSum(tenths, { over: 1, under: 1 }), 0);
  const large = 2 ** 52;
  const near = [{ over: 1, under: 2 }, { over: large / 2 + 1, under: large }];
  assertEquals(compareSum(near, { over: 1, under: 1 }), 1);
  assertEquals(compareSum([{ over: large - 1, under: large }], { over: 1, under: 1 }), -1);
  // 1/2 + 1/3 + 1/7 + 1/43 + 1/1807 is 1 less 1/3263442 (Sylvester), and 1 with that.
  const sylvester = [2, 3, 7, 43, 1807].map((under) => ({ over: 1, under }));
  assertEquals(compareSum(sylvester, { over: 1, under: 1 }) < 0, true);
  const whole = [...sylvester, { over: 1, under: 3263442 }];
  assertEquals(compareSum(whole, { over: 1, under: 1 }), 0);
  assertEquals(compareSum(whole, { over: 3, under: 6, factor: 2 }), 0);
  assertEquals(exactSum([]), { over: 0n, under: 1n });
});

Deno.test("leastCommonMultiple, is Infinity beyond the safe integers", () => {
  assertEquals(leastCommonMultiple([4, 6, 10]), 60);
  assertEquals(leastCommonMultiple([2 ** 31 - 1, 2 ** 31]), Infinity);
  assertEquals(leastCommonMultiple([]), 1);
});
