import { assertEquals } from "@std/assert";
import { decodeCodeSegment, decodeGate } from "./descriptors.ts";
import { Vector } from "./exceptions.ts";
import { x86_64 } from "./mod.ts";
import { buildTables } from "./tables.ts";
import { makeMachine } from "./testing/conformance.ts";

const { image } = x86_64;
const EMERGENCY = 0xffff_8040_0000_4000n;

function build(): { read: (address: bigint) => bigint } & ReturnType<typeof buildTables> {
  using machine = makeMachine();
  const { space } = machine;
  const tables = buildTables(space, { image, emergencyStackTop: EMERGENCY });
  return { ...tables, read: (address) => space.readU64(address) };
}

Deno.test("buildTables, the GDT has the segments SYSCALL and SYSRET count on", () => {
  const { gdt, read } = build();
  assertEquals(read(gdt), 0n, "the null descriptor");
  const kernel = decodeCodeSegment(Number(read(gdt + image.symbol("KERNEL_CS")) >> 32n));
  const user = decodeCodeSegment(Number(read(gdt + image.symbol("USER_CS")) >> 32n));
  assertEquals([kernel.code, kernel.long, kernel.present, kernel.dpl], [true, true, true, 0]);
  assertEquals([user.code, user.long, user.present, user.dpl], [true, true, true, 3]);
  assertEquals(image.symbol("KERNEL_DS"), image.symbol("KERNEL_CS") + 8n, "SYSCALL");
  assertEquals(image.symbol("USER_DS"), image.symbol("USER_BASE") + 8n, "SYSRET");
  assertEquals(image.symbol("USER_CS"), image.symbol("USER_BASE") + 16n, "SYSRET");
});

Deno.test("buildTables, the TSS descriptor says where the TSS is", () => {
  const { gdt, tss, read } = build();
  const low = read(gdt + image.symbol("TSS_SELECTOR"));
  const high = read(gdt + image.symbol("TSS_SELECTOR") + 8n);
  const base = ((low >> 16n) & 0xff_ffffn) | ((low >> 56n) << 24n) | (high << 32n);
  assertEquals(base, tss);
  assertEquals(low & 0xffffn, 103n, "limit");
  assertEquals((low >> 40n) & 0xffn, 0x89n, "present, available TSS");
  assertEquals(read(tss + 36n), EMERGENCY, "IST1");
  assertEquals(read(tss + 96n) >> 48n, 104n, "no I/O permission bitmap");
});

Deno.test("buildTables, every gate leads to its stub and only breakpoints are for user code", () => {
  const { idt, read } = build();
  for (let vector = 0; vector < 256; vector++) {
    const low = read(idt + BigInt(16 * vector));
    const high = read(idt + BigInt(16 * vector + 8));
    const gate = decodeGate(Number(low & 0xffff_ffffn), Number(low >> 32n), Number(high));
    const emergency = vector === Vector.DF || vector === Vector.NMI;
    assertEquals(gate, {
      valid: true,
      present: true,
      masks: true,
      dpl: vector === Vector.BP || vector === Vector.OF ? 3 : 0,
      selector: image.constant("KERNEL_CS"),
      ist: emergency ? 1 : 0,
      target: image.symbol("vectors") + BigInt(16 * vector),
    }, `vector ${vector}`);
  }
});

Deno.test("buildTables, pseudo descriptors are those of the two tables", () => {
  const { pseudoDescriptors, gdt, idt, perCpu, tss, read } = build();
  const decode = (address: bigint) => ({
    limit: read(address) & 0xffffn,
    base: (read(address) >> 16n) | ((read(address + 8n) & 0xffffn) << 48n),
  });
  assertEquals(decode(pseudoDescriptors), { limit: 0x3fn, base: gdt });
  assertEquals(decode(pseudoDescriptors + 16n), { limit: 0xfffn, base: idt });
  assertEquals(read(perCpu + image.symbol("CPU_TSS")), tss);
});
