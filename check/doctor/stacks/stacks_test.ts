import { assertEquals, assertStrictEquals } from "@std/assert";
import { type Allocation, newFlow, type Stack, Stacks } from "./stacks.ts";

const CALL = { address: 0x100, time: 0 };

function add(stacks: Stacks, sp: number, low = sp - 1024): Stack {
  const stack = stacks.add(sp, newFlow({ ...CALL, pc: 0, sp }), { isThreads: false });
  stack.low = low;
  return stack;
}

function allocated(begin: number, end: number, named = true): Allocation {
  return { begin, end, named, call: CALL };
}

Deno.test("Stacks, a stack pointer belongs to the stack it was seen on, or very near to", () => {
  const stacks = new Stacks();
  const low = add(stacks, 0x10000);
  const high = add(stacks, 0x20000);
  assertStrictEquals(stacks.find(0x10000 - 64), low);
  assertStrictEquals(stacks.find(0x20000), high);
  // A little below the lowest that was seen, a little above the highest.
  assertStrictEquals(stacks.find(high.low - 256), high);
  assertStrictEquals(stacks.find(low.base + 64), low);
  assertEquals(stacks.find(0x18000), undefined);
});

Deno.test("Stacks, a named allocation is one stack from its first byte to its last", () => {
  const stacks = new Stacks();
  stacks.allocate(allocated(0x100000, 0x500000, false)); // a heap
  stacks.allocate(allocated(0x200000, 0x210000));
  stacks.allocate(allocated(0x210000, 0x220000));
  const lower = add(stacks, 0x20ffc0);
  assertEquals(lower.allocation?.begin, 0x200000);
  assertStrictEquals(stacks.find(0x200010), lower);
  assertStrictEquals(stacks.find(0x210000), lower);
  // The next one was not run on yet.
  assertEquals(stacks.find(0x220000), undefined);
  assertEquals(stacks.unused.map(({ begin }) => begin), [0x210000]);
  const upper = add(stacks, 0x220000);
  assertEquals([upper.floor, stacks.below(upper)?.id], [0x210000, lower.id]);
  assertEquals(stacks.unused, []);
});

Deno.test("Stacks, of a heap with several stacks none has it for its own", () => {
  const stacks = new Stacks();
  stacks.allocate(allocated(0x100000, 0x110000, false));
  const upper = add(stacks, 0x110000);
  assertEquals(upper.allocation?.begin, 0x100000);
  const lower = add(stacks, 0x108000);
  assertEquals([upper.allocation, lower.allocation], [null, null]);
  assertEquals([upper.floor, lower.floor], [0x108000, 0]);
});

Deno.test("Stacks, freed memory is nobody's, and what is made of a part of a heap is apart", () => {
  const stacks = new Stacks();
  stacks.allocate(allocated(0x100000, 0x500000, false));
  stacks.allocate(allocated(0x200000, 0x210000));
  assertEquals(stacks.release(0x200000, undefined)?.end, 0x210000);
  assertEquals(stacks.allocationAt(0x200000)?.named, false);
  stacks.allocate(allocated(0x200000, 0x210000, false)); // mapped anew
  assertEquals(stacks.allocationAt(0x300000)?.end, 0x500000);
  stacks.release(0x100000, 0x500000);
  assertEquals(stacks.allocationAt(0x300000), undefined);
});

Deno.test("Stacks, a new stack in the place of old ones takes their place", () => {
  const stacks = new Stacks();
  const old = add(stacks, 0x201000);
  stacks.allocate(allocated(0x200000, 0x240000));
  const now = add(stacks, 0x240000);
  assertStrictEquals(stacks.find(old.base - 16), now);
  assertEquals(stacks.below(now), undefined);
  assertEquals(stacks.within(0x200000, 0x240000).map(({ id }) => id), [now.id]);
});

Deno.test("Stacks, the bottom moves up, and the floor of the stack above with it", () => {
  const stacks = new Stacks();
  const low = add(stacks, 0x10000);
  const high = add(stacks, 0x20000);
  stacks.raise(low, 0x10040);
  stacks.raise(low, 0x10020);
  assertEquals([low.base, high.floor], [0x10040, 0x10040]);
});
