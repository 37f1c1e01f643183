import { assertEquals } from "@std/assert";
import { RamMap } from "./ram.ts";

const END = (1n << 64n) - 1n;

Deno.test("RamMap.gaps, is what no mapping covers, up to the last address", () => {
  const ram = new RamMap();
  assertEquals(ram.gaps(), [{ begin: 0n, end: END }]);
  ram.add(0x4000n, new Uint8Array(4096));
  ram.add(0x1000n, new Uint8Array(8192));
  assertEquals(ram.gaps(), [
    { begin: 0n, end: 0xfffn },
    { begin: 0x3000n, end: 0x3fffn },
    { begin: 0x5000n, end: END },
  ]);
  ram.add(0n, new Uint8Array(4096));
  ram.add(0x3000n, new Uint8Array(4096));
  assertEquals(ram.gaps(), [{ begin: 0x5000n, end: END }]);
  ram.delete(0x1000n, 8192n);
  assertEquals(ram.gaps(), [{ begin: 0x1000n, end: 0x2fffn }, { begin: 0x5000n, end: END }]);
});
