import { assertEquals } from "@std/assert";
import { type Flow, flowOf } from "./flow.ts";

/** Instructions in words, their bytes in hexadecimal, and what they do. */
const X86_64: readonly (readonly [text: string, bytes: string, flow: Flow])[] = [
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

const AARCH64: readonly (readonly [text: string, bytes: string, flow: Flow])[] = [
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

for (const [arch, cases] of [["x86_64", X86_64], ["aarch64", AARCH64]] as const) {
  for (const [text, bytes, flow] of cases) {
    Deno.test(`flowOf ${arch}, ${text}: ${flow}`, () => {
      assertEquals(flowOf(arch, Uint8Array.fromHex(bytes)), flow);
    });
  }

  Deno.test(`flowOf ${arch}, code that ends too soon is nothing`, () => {
    assertEquals(flowOf(arch, new Uint8Array(0)), "other");
    assertEquals(flowOf(arch, Uint8Array.of(arch === "x86_64" ? 0xff : 0xe0)), "other");
  });
}
