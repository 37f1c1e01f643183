import { assert, assertEquals } from "@std/assert";
import { Prng } from "./prng.ts";

/** xoshiro128** as its authors publish it, in 64-bit arithmetic, to check the 32-bit one. */
function reference(state: bigint[], count: number): number[] {
  const mask = 0xffff_ffffn;
  const rotate = (word: bigint, by: bigint): bigint =>
    ((word << by) | ((word & mask) >> (32n - by))) & mask;
  const results: number[] = [];
  for (let index = 0; index < count; index++) {
    let [s0 = 0n, s1 = 0n, s2 = 0n, s3 = 0n] = state;
    results.push(Number((rotate((s1 * 5n) & mask, 7n) * 9n) & mask));
    const t = (s1 << 9n) & mask;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = rotate(s3, 11n);
    state = [s0, s1, s2, s3];
  }
  return results;
}

/** The seeding by splitmix32, in 64-bit arithmetic. */
function seedState(seed: number): bigint[] {
  const mask = 0xffff_ffffn;
  let state = BigInt(seed >>> 0);
  return Array.from({ length: 4 }, () => {
    state = (state + 0x9e3779b9n) & mask;
    let word = ((state ^ (state >> 16n)) * 0x21f0aaadn) & mask;
    word = ((word ^ (word >> 15n)) * 0x735a2d97n) & mask;
    return word ^ (word >> 15n);
  });
}

Deno.test("Prng, agrees with xoshiro128** in wide arithmetic", () => {
  for (const seed of [0, 1, 42, 0xffff_ffff, -7]) {
    const random = new Prng(seed);
    const numbers = Array.from({ length: 50 }, () => random.next());
    assertEquals(numbers, reference(seedState(seed), 50));
  }
});

Deno.test("Prng, between covers its bounds and nothing else", () => {
  const random = new Prng(3);
  const seen = new Set(Array.from({ length: 400 }, () => random.between(-2, 3)));
  assertEquals([...seen].sort((a, b) => a - b), [-2, -1, 0, 1, 2, 3]);
  assertEquals(random.between(9, 9), 9);
});

Deno.test("Prng, oneIn is true about that often", () => {
  const random = new Prng(5);
  let hits = 0;
  for (let index = 0; index < 8_000; index++) if (random.oneIn(4)) hits++;
  assert(Math.abs(hits - 2_000) < 150, `hits ${hits}`);
});
