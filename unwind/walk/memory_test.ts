import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  contiguousBytes,
  joinMemory,
  memoryOf,
  pagedMemory,
  readWord,
  WordReader,
} from "./memory.ts";

function bytes(from: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => from + i);
}

Deno.test("memoryOf, finds the window of an address", () => {
  const memory = memoryOf([
    { start: 0x2000n, bytes: bytes(0, 16) },
    { start: 0x1000n, bytes: bytes(0, 16) },
  ]);
  const start = (address: bigint) => memory.window(address)?.start;
  assertEquals(start(0x1000n), 0x1000n);
  assertEquals(start(0x100fn), 0x1000n);
  assertStrictEquals(start(0x1010n), undefined);
  assertStrictEquals(start(0xfffn), undefined);
  assertEquals(start(0x2001n), 0x2000n);
});

Deno.test("pagedMemory, asks once per page", () => {
  const asked: bigint[] = [];
  const memory = pagedMemory((address, into) => {
    asked.push(address);
    into.fill(7);
    return address < 0x3000n;
  });
  assertEquals(memory.window(0x1ff8n)?.bytes[0], 7);
  assertEquals(memory.window(0x1000n)?.start, 0x1000n);
  assertStrictEquals(memory.window(0x3000n), undefined);
  assertStrictEquals(memory.window(0x3fffn), undefined);
  assertEquals(asked, [0x1000n, 0x3000n]);
});

Deno.test("joinMemory, takes the first that has an address", () => {
  const one = memoryOf([{ start: 0n, bytes: bytes(1, 8) }]);
  const two = memoryOf([{ start: 0n, bytes: bytes(9, 16) }]);
  const both = joinMemory(one, two);
  assertEquals(both.window(0n)?.bytes[0], 1);
  assertEquals(both.window(8n)?.bytes[8], 17);
});

Deno.test("WordReader, loads words inside and across windows", () => {
  const reader = new WordReader(memoryOf([
    { start: 0x1000n, bytes: bytes(0, 12) },
    { start: 0x100cn, bytes: bytes(12, 12) },
    { start: 0xffff800000000000n, bytes: bytes(0x80, 8) },
  ]));
  const load = (address: number) =>
    reader.load(address) ? [reader.low >>> 0, reader.high >>> 0] : undefined;
  assertEquals(load(0x1000), [0x03020100, 0x07060504]);
  assertEquals(load(0x1008), [0x0b0a0908, 0x0f0e0d0c]);
  assertEquals(load(0x1010), [0x13121110, 0x17161514]);
  assertStrictEquals(load(0x1011), undefined);
  assertStrictEquals(load(NaN), undefined);
  assertStrictEquals(load(4096.5), undefined);
  assertEquals(load(-0x800000000000), [0x83828180, 0x87868584]);
  assertEquals(reader.number(0x100bn, 2), 0x0c0bn);
  assertStrictEquals(reader.number(0x1017n, 2), undefined);
});

Deno.test("contiguousBytes, gathers what lies next to each other", () => {
  const memory = memoryOf([
    { start: 0x1000n, bytes: bytes(0, 8) },
    { start: 0x1008n, bytes: bytes(8, 8) },
    { start: 0x2000n, bytes: bytes(0, 1 << 17) },
  ]);
  assertEquals(contiguousBytes(memory, 0x1004n)?.bytes, bytes(4, 12));
  assertStrictEquals(contiguousBytes(memory, 0x1010n), undefined);
  assertEquals(contiguousBytes(memory, 0x2000n)?.bytes.length, 1 << 16);
});

Deno.test("readWord, reads inside a window, across two, and at the end of the address space", () => {
  const last = (1n << 64n) - 8n;
  const memory = memoryOf([
    { start: 0x1000n, bytes: bytes(0, 12) },
    { start: 0x100cn, bytes: bytes(12, 12) },
    { start: last, bytes: bytes(1, 8) },
  ]);
  assertEquals(readWord(memory, 0x1000n), 0x0706050403020100n);
  assertEquals(readWord(memory, 0x1008n), 0x0f0e0d0c0b0a0908n);
  assertEquals(readWord(memory, -8n), 0x0807060504030201n);
  assertStrictEquals(readWord(memory, 0x1011n), undefined);
  assertStrictEquals(readWord(memory, last + 1n), undefined);
});
