import { assertEquals } from "@std/assert";
import type { Flow } from "../arch.ts";
import { flow } from "./flow.ts";

/** Instructions in words, their bytes in hexadecimal, and what they do. */
const CASES: readonly (readonly [text: string, bytes: string, flow: Flow])[] = [
  ["call 0x5", "e800000000", "call"],
  ["notrack call *%rax", "3effd0", "call"],
  ["call *%rax", "ffd0", "call"],
  ["call *%r10", "41ffd2", "call"],
  ["call *8(%rbx)", "ff5308", "call"],
  ["call *0x1000(%rip)", "ff1500100000", "call"],
  ["ret", "c3", "return"],
  ["repz ret", "f3c3", "return"],
  ["ret $16", "c21000", "return"],
  ["iretq", "48cf", "trap-return"],
  ["sysretq", "480f07", "trap-return"],
  ["syscall", "0f05", "other"],
  ["hlt", "f4", "hypercall"],
  ["jmp 0x5", "e900000000", "other"],
  ["jmp *%rax", "ffe0", "other"],
  ["push (%rax)", "ff30", "other"],
  ["lcall *(%rax)", "ff18", "other"],
  ["lretq", "48cb", "other"],
  ["nop", "90", "other"],
  ["mov $0xc3, %al", "b0c3", "other"],
];

for (const [text, bytes, expected] of CASES) {
  Deno.test(`flow x86-64, ${text}: ${expected}`, () => {
    assertEquals(flow(Uint8Array.fromHex(bytes)), expected);
  });
}

Deno.test("flow x86-64, code that ends too soon is nothing", () => {
  assertEquals(flow(new Uint8Array(0)), "other");
  assertEquals(flow(Uint8Array.of(0xff)), "other");
});
