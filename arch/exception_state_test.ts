import { assertEquals } from "@std/assert";
import { STATE } from "./exception_state.ts";
import { aarch64, ARCHES, x86_64 } from "./mod.ts";

/** Offsets of `struct exception_state`, which the programs of `guest/programs/handlers` assert, too. */
const EXPECTED = {
  x86_64: { fp: 192, size: 704, first: "rax", last: "r15" },
  aarch64: { fp: 320, size: 848, first: "x0", last: "x30" },
} as const;

for (const { name, exceptionState, image } of Object.values(ARCHES)) {
  Deno.test(`exceptionState ${name}, the record is that of trapline.h`, () => {
    const { fp, size, registers, fpSize } = exceptionState;
    const { first, last, ...offsets } = EXPECTED[name];
    assertEquals({ fp, size }, offsets);
    assertEquals([registers[0], registers.at(-1)], [first, last]);
    assertEquals(image.constant("TH_POINTER") - image.constant("TH_FP"), fpSize);
    assertEquals([size % 16, fp % 16, STATE.registers], [0, 0, 72]);
  });
}

Deno.test("exceptionState x86_64, flags: privilege is refused, interrupts stay on", () => {
  const { userFlags } = x86_64.exceptionState;
  assertEquals(userFlags(0n), 0x202n);
  assertEquals(userFlags(0x25_4fd7n), 0x25_4fd7n);
  assertEquals(userFlags(0xffff_ffff_ffe4_cfffn), 0x24_4fd7n);
  for (const bit of [12n, 13n, 17n, 19n, 20n]) assertEquals(userFlags(1n << bit), undefined);
});

Deno.test("exceptionState x86_64, MXCSR has no bit that FXRSTOR refuses", () => {
  const state = new Uint8Array(512).fill(0xff);
  x86_64.exceptionState.cleanFp(state);
  assertEquals([...state.subarray(22, 30)], [0xff, 0xff, 0xff, 0xff, 0, 0, 0xff, 0xff]);
});

Deno.test("exceptionState aarch64, flags: only NZCV are a program's, EL and masks are refused", () => {
  const { userFlags } = aarch64.exceptionState;
  assertEquals(userFlags(0xa000_0000n), 0xa000_0000n);
  assertEquals(userFlags(~0n & ~0x3dfn & 0xffff_ffffn), 0xf000_0000n);
  for (const bit of [0n, 1n, 2n, 3n, 4n, 6n, 7n, 8n, 9n]) {
    assertEquals(userFlags(1n << bit), undefined);
  }
});
