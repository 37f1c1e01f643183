import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ArchError } from "./errors.ts";
import { hex, PAGE_SIZE, PhysicalMemory } from "./physical_memory.ts";

const BASE = 0x4000_0000n;

Deno.test("PhysicalMemory, starts zeroed with the size asked for", () => {
  const memory = new PhysicalMemory(BASE, 3 * PAGE_SIZE);
  assertEquals([memory.base, memory.size, memory.bytes.length], [BASE, 12288, 12288]);
  assertEquals(memory.bytes.every((byte) => byte === 0), true);
});

Deno.test("PhysicalMemory, refuses bases and sizes that no machine has", () => {
  for (const base of [-4096n, 1n, 0x4000_0001n, 1n << 48n]) {
    const error = assertThrows(() => new PhysicalMemory(base, PAGE_SIZE), ArchError);
    assertEquals(error.kind, "misuse");
    assertEquals(error.message, `Cannot place RAM at ${hex(base)}: not a page below 2^48`);
  }
  for (const size of [0, -4096, 1, 4097, 4096.5, NaN, 2 ** 31 + 4096]) {
    const error = assertThrows(() => new PhysicalMemory(0n, size), ArchError);
    assertEquals(error.kind, "misuse");
  }
});

Deno.test("PhysicalMemory.contains, the edges of RAM", () => {
  const memory = new PhysicalMemory(BASE, PAGE_SIZE);
  const last = BASE + BigInt(PAGE_SIZE);
  assertEquals(memory.contains(BASE), true);
  assertEquals(memory.contains(BASE - 1n), false);
  assertEquals(memory.contains(last - 1n), true);
  assertEquals(memory.contains(last), false);
  assertEquals(memory.contains(last - 8n, 8), true);
  assertEquals(memory.contains(last - 7n, 8), false);
  assertEquals(memory.contains(1n << 63n, 8), false);
});

Deno.test("PhysicalMemory, words are little-endian and the view is the bytes", () => {
  const memory = new PhysicalMemory(BASE, PAGE_SIZE);
  memory.writeU64(BASE + 3n, 0x1122_3344_5566_7788n);
  assertEquals([...memory.bytes.subarray(3, 11)], [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]);
  assertEquals(memory.readU64(BASE + 3n), 0x1122_3344_5566_7788n);
  memory.writeU64(BASE, -1n);
  assertEquals(memory.readU64(BASE), 0xffff_ffff_ffff_ffffn);
  assertStrictEquals(memory.slice(BASE + 8n, 8).buffer, memory.bytes.buffer);
});

Deno.test("PhysicalMemory, an access outside says what and where", () => {
  const memory = new PhysicalMemory(BASE, PAGE_SIZE);
  for (
    const access of [
      () => memory.readU64(BASE + 4089n),
      () => memory.writeU64(BASE + 4089n, 0n),
      () => memory.slice(BASE + 4089n, 8),
      () => memory.offset(BASE + 4089n, 8),
    ]
  ) {
    const error = assertThrows(access, ArchError);
    assertEquals(error.kind, "memory");
    assertEquals(error.address, BASE + 4089n);
    assertEquals(
      error.message,
      "Cannot access 8 bytes at physical address 0x40000ff9: RAM is 0x40000000 to 0x40001000",
    );
  }
});
