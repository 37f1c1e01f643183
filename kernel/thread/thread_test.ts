import { assert, assertEquals } from "@std/assert";
import { STACK_PAGES, StackPool } from "./stack_pool.ts";
import { kernelMemory } from "../testing/memory.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { threadLayout, ThreadZone } from "./thread_zone.ts";

for (const arch of ARCH_NAMES) {
  Deno.test(`ThreadZone.allocate ${arch}, gives objects that are zero, apart and within a page`, () => {
    const { frames, space, arch: { image } } = kernelMemory(arch);
    const { size } = threadLayout(image);
    const zone = new ThreadZone(space, { frames, size });
    const objects = Array.from({ length: 20 }, () => zone.allocate());
    for (const [i, address] of objects.entries()) {
      assertEquals(address % 16n, 0n);
      assertEquals((address & 4095n) + BigInt(size) <= 4096n, true);
      for (const other of objects.slice(i + 1)) {
        const distance = address < other ? other - address : address - other;
        assert(distance >= BigInt(size), `${address} and ${other}`);
      }
      const bytes = space.memory.slice(space.physical(address), size);
      assert(bytes.every((byte) => byte === 0));
      bytes.fill(0xaa);
    }
    assertEquals(zone.inUse, 20);
  });

  Deno.test(`ThreadZone.free ${arch}, objects are used again, zeroed, before any new memory`, () => {
    const { frames, space, arch: { image } } = kernelMemory(arch);
    const { size } = threadLayout(image);
    const zone = new ThreadZone(space, { frames, size });
    const objects = Array.from({ length: 10 }, () => zone.allocate());
    const before = frames.available;
    for (const address of objects) {
      space.memory.slice(space.physical(address), size).fill(0xaa);
      zone.free(address);
    }
    assertEquals(zone.inUse, 0);
    const again = Array.from({ length: 10 }, () => zone.allocate());
    assertEquals([...again].sort(), [...objects].sort());
    assert(
      again.every((address) =>
        space.memory.slice(space.physical(address), size).every((byte) => byte === 0)
      ),
    );
    assertEquals(frames.available, before);
  });

  Deno.test(`StackPool.allocate ${arch}, maps zeroed pages above an unmapped guard page`, () => {
    const { frames, space, arch: { stackRegion } } = kernelMemory(arch);
    const pool = new StackPool(space, { frames, region: stackRegion });
    const stacks = [pool.allocate(), pool.allocate()];
    for (const stack of stacks) {
      const [base, top] = [pool.base(stack), pool.top(stack)];
      assertEquals(top - base, BigInt(STACK_PAGES * 4096));
      for (let address = base; address < top; address += 4096n) {
        assert(space.writable(address));
        assertEquals(space.readU64(address), 0n);
      }
      assert(!space.writable(base - 8n));
    }
    assert(!space.writable(pool.top(stacks[1] ?? 0)));
    assertEquals([pool.inUse, pool.spare], [2, 0]);
  });

  Deno.test(`StackPool.free ${arch}, a stack is used again with its memory`, () => {
    const { frames, space, arch: { stackRegion } } = kernelMemory(arch);
    const pool = new StackPool(space, { frames, region: stackRegion });
    const stack = pool.allocate();
    const before = frames.available;
    pool.free(stack);
    assertEquals([pool.inUse, pool.spare], [0, 1]);
    assertEquals(pool.allocate(), stack);
    assertEquals(frames.available, before);
  });
}
