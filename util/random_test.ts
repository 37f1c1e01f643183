import { assertEquals, assertNotEquals } from "@std/assert";
import { Random } from "./random.ts";

function take(seed: number, count: number): number[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => random.next());
}

Deno.test("Random, depends on nothing but its seed", () => {
  assertEquals(take(1, 100), take(1, 100));
  assertNotEquals(take(1, 4), take(2, 4));
  assertEquals(take(0, 4).every((each) => each !== 0), true);
});

Deno.test("Random.next, gives 32-bit numbers spread evenly", () => {
  const counts = new Array<number>(16).fill(0);
  for (const value of take(3, 16_000)) {
    assertEquals(Number.isInteger(value) && value >= 0, true);
    counts[Math.floor(value / 2 ** 28)]!++;
  }
  for (const count of counts) {
    assertEquals(count > 850 && count < 1150, true, `${counts}`);
  }
});

Deno.test("Random.below, chance and pick stay in range", () => {
  const random = new Random(5);
  const seen = new Set<number>();
  for (let i = 0; i < 200; i++) seen.add(random.below(3));
  assertEquals([...seen].sort(), [0, 1, 2]);
  assertEquals(random.chance(0), false);
  assertEquals(random.chance(1), true);
  assertEquals(["a"].includes(random.pick(["a"])), true);
});

Deno.test("Random.between, covers its bounds and nothing else", () => {
  const random = new Random(3);
  const seen = new Set(Array.from({ length: 400 }, () => random.between(-2, 3)));
  assertEquals([...seen].sort((a, b) => a - b), [-2, -1, 0, 1, 2, 3]);
  assertEquals(random.between(9, 9), 9);
});

Deno.test("Random.normal, has mean 0 and deviation 1, and the same numbers each time", () => {
  const random = new Random(8);
  const numbers = Array.from({ length: 20_000 }, () => random.normal());
  const mean = numbers.reduce((sum, each) => sum + each) / numbers.length;
  const variance = numbers.reduce((sum, each) => sum + each * each, 0) / numbers.length;
  assertEquals(Math.abs(mean) < 0.02 && Math.abs(variance - 1) < 0.03, true, `${mean} ${variance}`);
  const within = (bound: number) =>
    numbers.filter((each) => Math.abs(each) < bound).length / numbers.length;
  for (const [bound, share] of [[1, 0.6827], [2, 0.9545], [3, 0.9973]] as const) {
    assertEquals(Math.abs(within(bound) - share) < 0.01, true, `${bound}: ${within(bound)}`);
  }
  const again = new Random(8);
  assertEquals(Array.from({ length: 5 }, () => again.normal()), numbers.slice(0, 5));
});

Deno.test("Random.restore, the sequence goes on from where it was saved", () => {
  const random = new Random(11);
  random.next();
  const state = random.save();
  const rest = Array.from({ length: 50 }, () => random.next());
  const other = new Random(99);
  other.restore(state);
  assertEquals(Array.from({ length: 50 }, () => other.next()), rest);
});
