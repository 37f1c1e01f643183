import { assertEquals } from "@std/assert";
import type { Flow } from "../arch.ts";
import { flow } from "./flow.ts";

/** Instructions in words, their bytes in hexadecimal, and what they do. */
const CASES: readonly (readonly [text: string, bytes: string, flow: Flow])[] = [
  ["bl #0", "00000094", "call"],
  ["bl #-4", "ffffff97", "call"],
  ["blr x9", "20013fd6", "call"],
  ["ret", "c0035fd6", "return"],
  ["ret x1", "20005fd6", "return"],
  ["eret", "e0039fd6", "trap-return"],
  ["wfi", "7f2003d5", "hypercall"],
  ["wfe", "5f2003d5", "other"],
  ["b #0", "00000014", "other"],
  ["br x9", "20011fd6", "other"],
  ["svc #0", "010000d4", "other"],
  ["nop", "1f2003d5", "other"],
];

for (const [text, bytes, expected] of CASES) {
  Deno.test(`flow AArch64, ${text}: ${expected}`, () => {
    assertEquals(flow(Uint8Array.fromHex(bytes)), expected);
  });
}

Deno.test("flow AArch64, code that ends too soon is nothing", () => {
  assertEquals(flow(new Uint8Array(0)), "other");
  assertEquals(flow(Uint8Array.of(0xe0)), "other");
});
