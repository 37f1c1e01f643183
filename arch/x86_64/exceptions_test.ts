import { assertEquals } from "@std/assert";
import { describeVector, hasErrorCode, isContributory, Vector, vectorName } from "./exceptions.ts";

Deno.test("vectorName, exceptions, interrupt lines and software interrupts", () => {
  const names = [0, 1, 2, 3, 6, 7, 8, 13, 14, 17, 19, 9, 32, 63, 64, 0x80, 255].map(vectorName);
  assertEquals(names, [
    ...["#DE", "#DB", "NMI", "#BP", "#UD", "#NM", "#DF", "#GP", "#PF", "#AC", "#XM"],
    ...["int 0x9", "IRQ 0", "IRQ 31", "int 0x40", "int 0x80", "int 0xff"],
  ]);
});

Deno.test("hasErrorCode, the vectors of SDM vol. 3, table 6-1", () => {
  const vectors = Array.from({ length: 256 }, (_, vector) => vector).filter(hasErrorCode);
  assertEquals(vectors, [8, 10, 11, 12, 13, 14, 17, 21, 29, 30]);
});

Deno.test("isContributory, the class of SDM vol. 3, table 6-5", () => {
  const vectors = Array.from({ length: 32 }, (_, vector) => vector).filter(isContributory);
  assertEquals(vectors, [Vector.DE, Vector.TS, Vector.NP, Vector.SS, Vector.GP]);
});

/** Error codes of page faults in words. */
const PAGE_FAULTS: readonly [number, string][] = [
  [0x00, "page fault: read, page not present, from kernel mode"],
  [0x02, "page fault: write, page not present, from kernel mode"],
  [0x03, "page fault: write, not allowed by the mapping, from kernel mode"],
  [0x04, "page fault: read, page not present, from user mode"],
  [0x05, "page fault: read, not allowed by the mapping, from user mode"],
  [0x06, "page fault: write, page not present, from user mode"],
  [0x07, "page fault: write, not allowed by the mapping, from user mode"],
  [0x09, "page fault: read, reserved bit set in an entry, from kernel mode"],
  [0x0f, "page fault: write, reserved bit set in an entry, from user mode"],
  [0x11, "page fault: instruction fetch, not allowed by the mapping, from kernel mode"],
  [0x14, "page fault: instruction fetch, page not present, from user mode"],
  [0x15, "page fault: instruction fetch, not allowed by the mapping, from user mode"],
];

Deno.test("describeVector, error codes of page faults", () => {
  for (const [code, words] of PAGE_FAULTS) assertEquals(describeVector(Vector.PF, code), words);
});

Deno.test("describeVector, error codes that name a table entry", () => {
  assertEquals(describeVector(Vector.GP, 0), "general protection");
  assertEquals(describeVector(Vector.GP, 0x1234), "general protection: LDT entry 582");
  assertEquals(describeVector(Vector.GP, 0x30), "general protection: GDT entry 6");
  assertEquals(describeVector(Vector.GP, 0x402), "general protection: IDT entry 128");
  assertEquals(describeVector(Vector.NP, 0x33), "segment not present: IDT entry 6, external");
  assertEquals(describeVector(Vector.DE, 0), "divide error");
  assertEquals(describeVector(0x80, 0), "int 0x80");
});
