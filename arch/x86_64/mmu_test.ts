import { assertEquals } from "@std/assert";
import { entryFormat } from "./mmu.ts";

const PHYSICAL = 0x1234_5000n;

Deno.test("entryFormat, leaves of every protection", () => {
  const entries: readonly [boolean, boolean, boolean, bigint][] = [
    [false, false, false, 0x8000_0000_0000_0001n],
    [false, false, true, 0x1n],
    [false, true, false, 0x8000_0000_0000_0003n],
    [false, true, true, 0x3n],
    [true, false, false, 0x8000_0000_0000_0005n],
    [true, false, true, 0x5n],
    [true, true, false, 0x8000_0000_0000_0007n],
    [true, true, true, 0x7n],
  ];
  for (const [user, write, execute, bits] of entries) {
    const protection = { user, write, execute };
    const leaf = entryFormat.leaf(PHYSICAL, { level: 3, protection });
    assertEquals(leaf, PHYSICAL | bits);
    assertEquals(entryFormat.protection(leaf), protection);
    assertEquals(entryFormat.physical(leaf), PHYSICAL);
    assertEquals(entryFormat.leaf(PHYSICAL, { level: 2, protection }), PHYSICAL | bits | 0x80n);
  }
});

Deno.test("entryFormat, tables allow everything", () => {
  const table = entryFormat.table(PHYSICAL);
  assertEquals(table, PHYSICAL | 7n);
  assertEquals(entryFormat.isLeaf(table, 0), false);
  assertEquals(entryFormat.isLeaf(table, 2), false);
});

Deno.test("entryFormat, what is a leaf depends on the level", () => {
  assertEquals(entryFormat.isPresent(0n), false);
  assertEquals(entryFormat.isPresent(0x8000_0000_0000_0000n), false);
  assertEquals(entryFormat.isPresent(1n), true);
  assertEquals([0, 1, 2, 3].map((level) => entryFormat.isLeaf(0x81n, level)), [
    false,
    true,
    true,
    true,
  ]);
  assertEquals(entryFormat.isLeaf(0x1n, 3), true);
  assertEquals(entryFormat.physical(0xfff0_0000_0000_0fffn), 0n, "only address bits");
});
