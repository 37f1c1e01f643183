import { assertEquals } from "@std/assert";
import { PAGE_SIZE, PhysicalMemory } from "../physical_memory.ts";
import { currentRoot, PageWalk } from "./page_walk.ts";

const PRESENT = 1n;
const WRITE = 2n;
const LARGE = 0x80n;
const ALL = PRESENT | WRITE | 4n;
const ADDRESS = 0xffff_8123_4567_89a8n;
/** Table indices of ADDRESS, root first. */
const INDEX = [0x102, 0x8d, 0x2b, 0x78] as const;
const ROOT = 0x1000;

/** Tables at 0x1000, 0x2000, 0x3000 and 0x4000 that map the page of ADDRESS to 0x5000. */
function tables(): { memory: PhysicalMemory; walk: PageWalk; entry: (level: number) => bigint } {
  const memory = new PhysicalMemory(0n, 16 * PAGE_SIZE);
  const entry = (level: number) => BigInt((level + 1) * PAGE_SIZE + 8 * (INDEX[level] ?? 0));
  for (let level = 0; level < 4; level++) {
    memory.writeU64(entry(level), BigInt((level + 2) * PAGE_SIZE) | ALL);
  }
  return { memory, walk: new PageWalk(memory), entry };
}

Deno.test("PageWalk, four levels to a page", () => {
  const { walk } = tables();
  assertEquals(walk.walk(ROOT, ADDRESS), 0x59a8);
  assertEquals([walk.writable, walk.error], [true, 0]);
  assertEquals(walk.walk(ROOT, ADDRESS ^ 0x1000n), -1, "the page beside it");
  assertEquals(walk.walk(ROOT, ADDRESS ^ (1n << 40n)), -1, "another root entry");
});

for (let level = 0; level < 4; level++) {
  Deno.test(`PageWalk, an entry at level ${level} that is absent or not writable`, () => {
    const { memory, walk, entry } = tables();
    const before = memory.readU64(entry(level));
    memory.writeU64(entry(level), before & ~WRITE);
    assertEquals(walk.walk(ROOT, ADDRESS), 0x59a8);
    assertEquals(walk.writable, false);
    memory.writeU64(entry(level), before & ~PRESENT);
    assertEquals(walk.walk(ROOT, ADDRESS), -1);
    assertEquals(walk.error, 0);
  });
}

Deno.test("PageWalk, large pages of 2 MiB and 1 GiB", () => {
  for (const [level, size] of [[2, 0x20_0000n], [1, 0x4000_0000n]] as const) {
    const { memory, walk, entry } = tables();
    memory.writeU64(entry(level), ALL | LARGE);
    const within = ADDRESS % size;
    const expected = within < memory.size ? Number(within) : -1;
    assertEquals(walk.walk(ROOT, ADDRESS), expected);
    const near = ADDRESS - within + 0x123n;
    assertEquals(walk.walk(ROOT, near), 0x123);
  }
});

Deno.test("PageWalk, reserved bits of large pages and of the root's entries", () => {
  const cases: readonly [number, bigint][] = [
    [0, LARGE],
    [1, LARGE | 0x2000n],
    [1, LARGE | 0x2000_0000n],
    [2, LARGE | 0x2000n],
    [2, LARGE | 0x10_0000n],
  ];
  for (const [level, bits] of cases) {
    const { memory, walk, entry } = tables();
    memory.writeU64(entry(level), ALL | bits);
    assertEquals(walk.walk(ROOT, ADDRESS), -1);
    assertEquals(walk.error, 9, `level ${level}, bits 0x${bits.toString(16)}`);
  }
});

Deno.test("PageWalk, tables and pages where there is no RAM", () => {
  for (let level = 0; level < 4; level++) {
    const { memory, walk, entry } = tables();
    memory.writeU64(entry(level), 0x000f_ffff_0000_0000n | ALL);
    assertEquals(walk.walk(ROOT, ADDRESS), -1);
  }
  assertEquals(tables().walk.walk(0x10_0000, ADDRESS), -1, "the root");
});

Deno.test("PageWalk, without a root the address is physical", () => {
  const { walk } = tables();
  assertEquals(walk.walk(undefined, 0x1234n), 0x1234);
  assertEquals(walk.walk(undefined, BigInt(16 * PAGE_SIZE)), -1);
});

Deno.test("PageWalk, RAM that does not begin at 0", () => {
  const memory = new PhysicalMemory(0x10_0000n, 4 * PAGE_SIZE);
  const walk = new PageWalk(memory);
  assertEquals(walk.walk(undefined, 0x10_0008n), 8);
  assertEquals(walk.walk(undefined, 8n), -1);
});

Deno.test("currentRoot, CR3 without its flags, and none while paging is off", () => {
  assertEquals(currentRoot({ cr0: 0x8000_0001n, cr3: 0x1234_5fffn }), 0x1234_5000);
  assertEquals(currentRoot({ cr0: 0x8000_0001n, cr3: (1n << 63n) | 0x5000n }), 0x5000);
  assertEquals(currentRoot({ cr0: 1n, cr3: 0x5000n }), undefined);
});
