/**
 * Integer instructions over values at which they change their ways, in 64 and 32 bits.
 *
 * @module
 */
import type { Snippet } from "./snippet.ts";

const ONES = 0xffff_ffff_ffff_ffffn;
const MIN = 1n << 63n;
const MAX = MIN - 1n;

/** Operands in x1, x2 and x3. */
const OPERANDS: readonly (readonly [bigint, bigint, bigint])[] = [
  [0n, 0n, 0n],
  [0x0123_4567_89ab_cdefn, 0xfedc_ba98_7654_3210n, 0x0f1e_2d3c_4b5a_6978n],
  [MIN, ONES, MAX],
  [MAX, 1n, MIN],
  [0x8000_0000n, 0xffff_ffffn, 0x7fff_ffffn],
  [ONES, MIN, 0x41n],
];

/** Templates: `R` is x or w. */
const CODES: readonly string[] = [
  "add R0, R1, R2",
  "adds R0, R1, R2, lsl #7",
  "sub R0, R1, R2, asr #31",
  "subs R0, R1, R2",
  "adc R0, R1, R2",
  "adcs R0, R1, R2",
  "sbc R0, R1, R2",
  "sbcs R0, R1, R2",
  "negs R0, R1",
  "ngcs R0, R1",
  "cmn R1, R2, lsr #3",
  "add R0, R1, w2, sxtb #2",
  "subs R0, R1, w2, uxth #1",
  "adds R0, R1, #0xfff",
  "subs R0, R1, #0xabc, lsl #12",
  "and R0, R1, R2, ror #5",
  "ands R0, R1, #0x7ffffffe",
  "bics R0, R1, R2",
  "orr R0, R1, #0x0ff00000",
  "orn R0, R1, R2, lsl #1",
  "eor R0, R1, R2",
  "eon R0, R1, R2",
  "tst R1, R2",
  "madd R0, R1, R2, R3",
  "msub R0, R1, R2, R3",
  "udiv R0, R1, R2",
  "sdiv R0, R1, R2",
  "lsl R0, R1, R3",
  "lsr R0, R1, R3",
  "asr R0, R1, R3",
  "ror R0, R1, R3",
  "extr R0, R1, R2, #13",
  "rbit R0, R1",
  "rev R0, R1",
  "rev16 R0, R1",
  "clz R0, R1",
  "cls R0, R1",
  "sbfm R0, R1, #5, #17",
  "ubfm R0, R1, #17, #5",
  "bfm R0, R1, #3, #19",
  "bfm R0, R1, #19, #3",
  "movk R0, #0x1234, lsl #16",
  "movn R0, #0x4321, lsl #16",
  "ccmp R1, R2, #0xa, eq",
  "ccmn R1, #31, #5, ne",
  "csel R0, R1, R2, hi",
  "csinc R0, R1, R2, lt",
  "csinv R0, R1, R2, ge",
  "csneg R0, R1, R2, vs",
];

const CODES_64: readonly string[] = [
  "smaddl x0, w1, w2, x3",
  "umsubl x0, w1, w2, x3",
  "smulh x0, x1, x2",
  "umulh x0, x1, x2",
  "rev32 x0, x1",
  "crc32b w0, w1, w2",
  "crc32h w0, w1, w2",
  "crc32w w0, w1, w2",
  "crc32x w0, w1, x2",
  "crc32cb w0, w1, w2",
  "crc32cx w0, w1, x2",
  "adr x0, .+0x1234",
  "adrp x0, .",
  "mrs x0, nzcv",
  "msr nzcv, x1",
  "add sp, sp, #32; mov x0, sp",
  "sub x0, sp, x1, lsl #2",
];

const FLAGS = [0x0n, 0x6000_0000n, 0x9000_0000n, 0xf000_0000n];
/** Instructions that read the flags are tried with each setting. */
const READS_FLAGS = /^(adc|sbc|ngc|ccm|cs)/;

/** Every case of this part. */
export function integerCases(): Snippet[] {
  const codes = [
    ...CODES.flatMap((code) => ["x", "w"].map((letter) => code.replaceAll("R", letter))),
    ...CODES_64,
  ];
  return codes.flatMap((code) =>
    OPERANDS.flatMap(([a, b, c], i) =>
      (READS_FLAGS.test(code) ? FLAGS : FLAGS.slice(1, 2)).map((flags) => ({
        name: `${code}, operands ${i}, flags ${(flags >> 28n).toString(16)}`,
        code,
        x: { 1: a, 2: b, 3: c },
        flags,
      }))
    )
  );
}
