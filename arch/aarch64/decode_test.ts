import { assert, assertEquals } from "@std/assert";
import { Random } from "../../util/random.ts";
import { disassemble } from "../disassemble.ts";
import { isFpInstruction } from "./decode.ts";

// Assembled by clang and disassembled by llvm-objdump, for Armv8.1-A with the cryptographic
// instructions.

/** Instructions that read or write SIMD and floating-point state. */
const FP: readonly (readonly [word: number, text: string])[] = [
  [0x1e604020, "fmov d0, d1"],
  [0x1e260083, "fmov w3, s4"],
  [0x9e6600c5, "fmov x5, d6"],
  [0x9e670107, "fmov d7, x8"],
  [0x9eaf0149, "fmov v9.d[1], x10"],
  [0x1e2e1000, "fmov s0, #1.00000000"],
  [0x1e232841, "fadd s1, s2, s3"],
  [0x1f420c20, "fmadd d0, d1, d2, d3"],
  [0x1e6618a4, "fdiv d4, d5, d6"],
  [0x1e21c107, "fsqrt s7, s8"],
  [0x1e602008, "fcmp d0, #0.0"],
  [0x1e220423, "fccmp s1, s2, #3, eq"],
  [0x1e62ac20, "fcsel d0, d1, d2, ge"],
  [0x1e624020, "fcvt s0, d1"],
  [0x9e780020, "fcvtzs x0, d1"],
  [0x1e620020, "scvtf d0, w1"],
  [0x9e03e083, "ucvtf s3, x4, #8"],
  [0x1e664020, "frinta d0, d1"],
  [0x4ea28420, "add v0.4s, v1.4s, v2.4s"],
  [0x5ef1b820, "addp d0, v1.2d"],
  [0x6f530041, "mla v1.8h, v2.8h, v3.h[1]"],
  [0x4f07e7e0, "movi v0.16b, #255"],
  [0x4e040c20, "dup v0.4s, w1"],
  [0x0e073c20, "umov w0, v1.b[3]"],
  [0x6e022820, "ext v0.16b, v1.16b, v2.16b, #5"],
  [0x0e020020, "tbl v0.8b, { v1.16b }, v2.8b"],
  [0x4ec23820, "zip1 v0.2d, v1.2d, v2.2d"],
  [0x4f475420, "shl v0.2d, v1.2d, #7"],
  [0x5e220c20, "sqadd b0, b1, b2"],
  [0x4e284820, "aese v0.16b, v1.16b"],
  [0x5e024020, "sha256h q0, q1, v2.4s"],
  [0x0ee2e020, "pmull v0.1q, v1.1d, v2.1d"],
  [0x3dc00020, "ldr q0, [x1]"],
  [0xfd4007e2, "ldr d2, [sp, #8]"],
  [0xbc404483, "ldr s3, [x4], #4"],
  [0x3c6768c5, "ldr b5, [x6, x7]"],
  [0x7c5ff128, "ldur h8, [x9, #-1]"],
  [0x9c000001, "ldr q1, 0x94"],
  [0xfc1f8c20, "str d0, [x1, #-8]!"],
  [0x3c801083, "stur q3, [x4, #1]"],
  [0xacc107e0, "ldp q0, q1, [sp], #32"],
  [0x6dbf27e8, "stp d8, d9, [sp, #-16]!"],
  [0x2c400440, "ldnp s0, s1, [x2]"],
  [0x4c407000, "ld1 { v0.16b }, [x0]"],
  [0x0ddf9000, "ld1 { v0.s }[1], [x0], #4"],
  [0x4c000ca0, "st4 { v0.2d, v1.2d, v2.2d, v3.2d }, [x5]"],
  [0x4d60c460, "ld2r { v0.8h, v1.8h }, [x3]"],
  [0xd53b4400, "mrs x0, FPCR"],
  [0xd51b4401, "msr FPCR, x1"],
  [0xd53b4422, "mrs x2, FPSR"],
  [0xd51b4423, "msr FPSR, x3"],
];

/** Instructions of other classes, close by among them. */
const OTHER: readonly (readonly [word: number, text: string])[] = [
  [0xd503201f, "nop"],
  [0x8b020020, "add x0, x1, x2"],
  [0x913ffc20, "add x0, x1, #4095"],
  [0x10000000, "adr x0, #0"],
  [0x90000000, "adrp x0, 0x0"],
  [0xd2ffffe0, "mov x0, #-281474976710656"],
  [0x9b027c20, "mul x0, x1, x2"],
  [0x1b020c20, "madd w0, w1, w2, w3"],
  [0x9ac20820, "udiv x0, x1, x2"],
  [0x93c13420, "ror x0, x1, #13"],
  [0x9ac24c20, "crc32x w0, w1, x2"],
  [0xfa41100f, "ccmp x0, x1, #15, ne"],
  [0x9a828020, "csel x0, x1, x2, hi"],
  [0xdac01420, "cls x0, x1"],
  [0xf9400020, "ldr x0, [x1]"],
  [0x18000000, "ldr w0, 0x3c"],
  [0x38a27820, "ldrsb x0, [x1, x2, lsl #0]"],
  [0x79400420, "ldrh w0, [x1, #2]"],
  [0xa8c17bfd, "ldp x29, x30, [sp], #16"],
  [0xa9bf07e0, "stp x0, x1, [sp, #-16]!"],
  [0x69400440, "ldpsw x0, x1, [x2]"],
  [0xa8400440, "ldnp x0, x1, [x2]"],
  [0xc85f7c20, "ldxr x0, [x1]"],
  [0xc8208861, "stlxp w0, x1, x2, [x3]"],
  [0x88dffc20, "ldar w0, [x1]"],
  [0xc89ffc20, "stlr x0, [x1]"],
  [0xf8400820, "ldtr x0, [x1]"],
  [0xf9800000, "prfm pldl1keep, [x0]"],
  [0xf89ff013, "prfum pstl2strm, [x0, #-1]"],
  [0xc8e0fc41, "casal x0, x1, [x2]"],
  [0xb8200041, "ldadd w0, w1, [x2]"],
  [0xf8208041, "swp x0, x1, [x2]"],
  [0x14000000, "b 0x80"],
  [0x54000000, "b.eq 0x84"],
  [0x94000000, "bl 0x88"],
  [0xb4000000, "cbz x0, 0x8c"],
  [0xb7f80000, "tbnz x0, #63, 0x90"],
  [0xd61f0000, "br x0"],
  [0xd65f03c0, "ret"],
  [0xd4000001, "svc #0"],
  [0xd4200000, "brk #0"],
  [0xd4400000, "hlt #0"],
  [0xd503207f, "wfi"],
  [0xd5033bbf, "dmb ish"],
  [0xd5033fdf, "isb"],
  [0xd50b7420, "dc zva, x0"],
  [0xd50b7521, "ic ivau, x1"],
  [0xd50342df, "msr DAIFSet, #2"],
  [0xd53b4200, "mrs x0, NZCV"],
  [0xd51b4201, "msr NZCV, x1"],
  [0xd53bd040, "mrs x0, TPIDR_EL0"],
  [0xd51bd041, "msr TPIDR_EL0, x1"],
  [0xd53b4500, "mrs x0, DSPSR_EL0"],
  [0xd69f03e0, "eret"],
];

Deno.test("isFpInstruction, recognizes assembled floating-point and SIMD instructions", () => {
  for (const [word, text] of FP) assert(isFpInstruction(word), text);
});

Deno.test("isFpInstruction, passes over assembled instructions of other classes", () => {
  for (const [word, text] of OTHER) assert(!isFpInstruction(word), text);
});

/** A register of the unit among the operands, or one of its two control registers. */
const FP_OPERAND = /\b[vqdshb](\d|[12]\d|3[01])\b|\bfp[cs]r\b/;
/** Registers of the scalable extensions, which this CPU has not. */
const SCALABLE_OPERAND = /\b(z\d+|p\d+|za)/;

Deno.test("isFpInstruction, agrees with the operands Capstone finds in random words", async () => {
  const random = new Random(0x5eed);
  const words = Uint32Array.from({ length: 60_000 }, () => random.next());
  const found = await disassemble(new Uint8Array(words.buffer), { arch: "aarch64" });
  assertEquals(found.length, words.length);
  const counts = { fp: 0, other: 0 };
  const wrong: string[] = [];
  found.forEach(({ text }, i) => {
    if (text.startsWith(".inst") || SCALABLE_OPERAND.test(text)) return;
    const word = words[i] ?? 0;
    const expected = FP_OPERAND.test(text);
    counts[expected ? "fp" : "other"]++;
    if (isFpInstruction(word) !== expected) wrong.push(`${word.toString(16)} ${text}`);
  });
  assertEquals(wrong, []);
  assert(counts.fp > 4_000 && counts.other > 10_000, `${counts.fp} and ${counts.other} decoded`);
});

Deno.test("disassemble, agrees with llvm-objdump on the assembled instructions", async () => {
  // Spelling of numbers and of addresses differs; mnemonics do not.
  for (const [word, text] of [...FP, ...OTHER]) {
    const [found] = await disassemble(new Uint8Array(Uint32Array.of(word).buffer), {
      arch: "aarch64",
    });
    assertEquals(found?.text.split(" ")[0], text.split(" ")[0], text);
  }
});
