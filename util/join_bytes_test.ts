import { assertEquals, assertStrictEquals } from "@std/assert";
import { joinBytes } from "./join_bytes.ts";

Deno.test("joinBytes, keeps order, and copies only what it has to put together", () => {
  const one = Uint8Array.of(1, 2);
  assertEquals(joinBytes([]), new Uint8Array(0));
  assertStrictEquals(joinBytes([one]), one);
  const whole = joinBytes([one, new Uint8Array(0), Uint8Array.of(3)]);
  one[0] = 9;
  assertEquals(whole, Uint8Array.of(1, 2, 3));
});
