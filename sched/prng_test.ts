import { assertEquals } from "@std/assert";
import { Prng } from "./prng.ts";

Deno.test("Prng, between covers its bounds and nothing else", () => {
  const random = new Prng(3);
  const seen = new Set(Array.from({ length: 400 }, () => random.between(-2, 3)));
  assertEquals([...seen].sort((a, b) => a - b), [-2, -1, 0, 1, 2, 3]);
  assertEquals(random.between(9, 9), 9);
});

Deno.test("Prng, the same seed gives the same stream and another seed another", () => {
  const stream = (seed: number): number[] => {
    const random = new Prng(seed);
    return Array.from({ length: 20 }, () => random.between(0, 2 ** 32 - 1));
  };
  assertEquals(stream(7), stream(7));
  assertEquals(stream(7).some((number, index) => number !== stream(8)[index]), true);
});
