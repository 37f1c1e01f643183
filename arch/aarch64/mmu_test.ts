import { assertEquals } from "@std/assert";
import type { Protection } from "../page_tables.ts";
import { entryFormat, MAIR, SCTLR, TCR } from "./mmu.ts";

const PHYSICAL = 0x1234_5678_9000n;

/** Descriptors as Arm ARM D8.3 has them, written out bit by bit. */
const PAGE = PHYSICAL | 0b11n;
const BLOCK = 0x1234_5660_0000n | 0b01n;
const AF = 1n << 10n;
const INNER_SHAREABLE = 0b11n << 8n;
const NOT_GLOBAL = 1n << 11n;
const AP_USER = 1n << 6n;
const AP_READ_ONLY = 1n << 7n;
const PXN = 1n << 53n;
const UXN = 1n << 54n;
const ALWAYS = AF | INNER_SHAREABLE;

const CASES: readonly (readonly [name: string, protection: Protection, attributes: bigint])[] = [
  ["kernel data", { user: false, write: true, execute: false }, UXN | PXN],
  ["kernel text", { user: false, write: false, execute: true }, UXN | AP_READ_ONLY],
  ["kernel constants", { user: false, write: false, execute: false }, UXN | PXN | AP_READ_ONLY],
  ["kernel, everything", { user: false, write: true, execute: true }, UXN],
  ["user data", { user: true, write: true, execute: false }, AP_USER | NOT_GLOBAL | PXN | UXN],
  [
    "user text",
    { user: true, write: false, execute: true },
    AP_USER | NOT_GLOBAL | PXN | AP_READ_ONLY,
  ],
  [
    "user constants",
    { user: true, write: false, execute: false },
    AP_USER | NOT_GLOBAL | PXN | UXN | AP_READ_ONLY,
  ],
  ["user, everything", { user: true, write: true, execute: true }, AP_USER | NOT_GLOBAL | PXN],
];

for (const [name, protection, attributes] of CASES) {
  Deno.test(`AArch64 descriptors, ${name}`, () => {
    const page = entryFormat.leaf(PHYSICAL, { level: 3, protection });
    assertEquals(page.toString(16), (PAGE | ALWAYS | attributes).toString(16));
    const block = entryFormat.leaf(0x1234_5660_0000n, { level: 2, protection });
    assertEquals(block.toString(16), (BLOCK | ALWAYS | attributes).toString(16));
    for (const [entry, level] of [[page, 3], [block, 2]] as const) {
      assertEquals(entryFormat.isPresent(entry), true);
      assertEquals(entryFormat.isLeaf(entry, level), true);
      assertEquals(entryFormat.protection(entry), protection);
    }
    assertEquals(entryFormat.physical(page), PHYSICAL);
  });
}

Deno.test("AArch64 descriptors, a table is no leaf above level 3", () => {
  const table = entryFormat.table(PHYSICAL);
  assertEquals(table, PHYSICAL | 0b11n);
  for (const level of [0, 1, 2]) assertEquals(entryFormat.isLeaf(table, level), false);
  assertEquals(entryFormat.physical(table), PHYSICAL);
});

Deno.test("AArch64 descriptors, an even one is absent", () => {
  for (const entry of [0n, 2n, PHYSICAL, ~1n & ((1n << 64n) - 1n)]) {
    assertEquals(entryFormat.isPresent(entry), false);
  }
});

/** Takes a field out of a control register. */
function field(value: bigint, high: number, low: number): bigint {
  return (value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);
}

Deno.test("TCR_EL1, two halves of 48 bits in pages of 4 KiB", () => {
  assertEquals(64n - field(TCR, 5, 0), 48n, "T0SZ");
  assertEquals(64n - field(TCR, 21, 16), 48n, "T1SZ");
  assertEquals(field(TCR, 15, 14), 0b00n, "TG0");
  assertEquals(field(TCR, 31, 30), 0b10n, "TG1");
  assertEquals([field(TCR, 7, 7), field(TCR, 23, 23)], [0n, 0n], "EPD0, EPD1");
  assertEquals(field(TCR, 34, 32), 0b101n, "IPS: 48 bits");
  assertEquals([field(TCR, 37, 37), field(TCR, 38, 38)], [0n, 0n], "TBI0, TBI1");
  assertEquals([field(TCR, 13, 12), field(TCR, 29, 28)], [0b11n, 0b11n], "inner shareable walks");
});

Deno.test("SCTLR_EL1, what is on, what traps, and what must be one", () => {
  const on = { M: 0, C: 2, SA: 3, SA0: 4, I: 12, DZE: 14, UCT: 15, nTWE: 18, UCI: 26 };
  const off = { A: 1, UMA: 9, nTWI: 16, WXN: 19, E0E: 24, EE: 25 };
  const reserved = [11, 20, 22, 23, 28, 29];
  for (const bit of [...Object.values(on), ...reserved]) {
    assertEquals(field(SCTLR, bit, bit), 1n, `bit ${bit}`);
  }
  for (const bit of Object.values(off)) assertEquals(field(SCTLR, bit, bit), 0n, `bit ${bit}`);
});

Deno.test("MAIR_EL1, attribute 0 is normal memory, cached", () => {
  assertEquals(field(MAIR, 7, 0), 0xffn);
});
