import { assertEquals } from "@std/assert";
import { decodeCodeSegment, decodeGate, isCanonical } from "./descriptors.ts";

Deno.test("decodeGate, every field of an interrupt gate", () => {
  // offset 0x8899aabbccddeeff, selector 0x1234, IST 5, DPL 2, present, type 14
  const gate = decodeGate(0x1234_eeff, 0xccdd_ce05 | 0, 0x8899_aabb | 0);
  assertEquals(gate, {
    valid: true,
    present: true,
    masks: true,
    dpl: 2,
    selector: 0x1234,
    ist: 5,
    target: 0x8899_aabb_ccdd_eeffn,
  });
});

Deno.test("decodeGate, only types 14 and 15 are gates an IDT may hold", () => {
  const valid = Array.from({ length: 32 }, (_, type) => type)
    .filter((type) => decodeGate(0, 0x8000 | type << 8, 0).valid);
  assertEquals(valid, [14, 15]);
  assertEquals(decodeGate(0, 0x8f00, 0).masks, false);
  assertEquals(decodeGate(0, 0x0e00, 0).present, false);
});

Deno.test("decodeCodeSegment, what delivery checks", () => {
  const ring0 = { code: true, present: true, long: true, conforming: false, dpl: 0 };
  assertEquals(decodeCodeSegment(0x00af_9b00), { ...ring0, flags: 0x00af_9b00 });
  assertEquals(decodeCodeSegment(0x00af_9a00).flags, 0x00af_9b00, "loading it sets accessed");
  assertEquals(decodeCodeSegment(0x00af_fb00).dpl, 3);
  assertEquals(decodeCodeSegment(0x00af_9f00).conforming, true);
  assertEquals(decodeCodeSegment(0x00af_1b00).present, false);
  assertEquals(decodeCodeSegment(0x00cf_9b00).long, false, "32-bit");
  assertEquals(decodeCodeSegment(0x00ef_9b00).long, false, "L and D together");
  assertEquals(decodeCodeSegment(0x00cf_9300).code, false, "data");
  assertEquals(decodeCodeSegment(0x0000_8b00).code, false, "a system segment");
});

Deno.test("isCanonical, 48 bits with sign", () => {
  const yes = [0n, 0x7fff_ffff_ffffn, 0xffff_8000_0000_0000n, 0xffff_ffff_ffff_ffffn];
  const no = [0x8000_0000_0000n, 0xffff_7fff_ffff_ffffn, 0x1_0000_0000_0000n, 1n << 63n];
  assertEquals(yes.map(isCanonical), [true, true, true, true]);
  assertEquals(no.map(isCanonical), [false, false, false, false]);
});
