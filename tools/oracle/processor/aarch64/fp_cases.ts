/**
 * Floating-point, SIMD and cryptographic instructions.
 *
 * @module
 */
import type { Snippet } from "./snippet.ts";

/** Operands in v1, v2 and v3 as pairs of 64-bit halves, lowest first. */
const DOUBLES: readonly (readonly [bigint, bigint, bigint])[] = [
  [0x3ff8_0000_0000_0000n, 0x4004_5678_9abc_def0n, 0xc008_1111_2222_3333n], // ordinary
  [0x7ff0_0000_0000_0001n, 0x3ff0_0000_0000_0000n, 0x7ff8_0000_0000_1234n], // signaling and quiet NaN
  [0x7ff0_0000_0000_0000n, 0xfff0_0000_0000_0000n, 0n], // infinities
  [0x0000_0000_0000_0001n, 0x800f_ffff_ffff_ffffn, 0x0010_0000_0000_0000n], // subnormal
  [0n, 0x8000_0000_0000_0000n, 0x7fef_ffff_ffff_ffffn], // zeros, the largest
  [0x43e0_0000_0000_0000n, 0xc3e0_0000_0000_0001n, 0x41ef_ffff_fff0_0000n], // beyond integers
];

const SINGLES: readonly (readonly [bigint, bigint, bigint])[] = [
  [0x3fc0_0000n, 0x4022_b3c4n, 0xc048_8889n],
  [0x7f80_0001n, 0x3f80_0000n, 0x7fc0_1234n],
  [0x7f80_0000n, 0xff80_0000n, 0n],
  [0x0000_0001n, 0x807f_ffffn, 0x0080_0000n],
  [0n, 0x8000_0000n, 0x7f7f_ffffn],
  [0x4f00_0000n, 0xcf00_0001n, 0x4f7f_ffffn],
];

/** FPCR: as it starts, DN, FZ, and each rounding mode. */
const CONTROLS: readonly bigint[] = [
  0n,
  1n << 25n,
  1n << 24n,
  1n << 22n,
  2n << 22n,
  3n << 22n,
];

/** The bits of FPCR that this CPU keeps. */
const FPCR_BITS = 0x07c0_0000n;

/** Templates of scalar code: `F` is d or s. */
const SCALAR: readonly string[] = [
  "fadd F0, F1, F2",
  "fsub F0, F1, F2",
  "fmul F0, F1, F2",
  "fnmul F0, F1, F2",
  "fdiv F0, F1, F2",
  "fsqrt F0, F3",
  "fmadd F0, F1, F2, F3",
  "fmsub F0, F1, F2, F3",
  "fnmadd F0, F1, F2, F3",
  "fmin F0, F1, F2",
  "fmax F0, F1, F2",
  "fminnm F0, F1, F2",
  "fmaxnm F0, F1, F2",
  "fabs F0, F2",
  "fneg F0, F1",
  "fcmp F1, F2",
  "fcmpe F1, F2",
  "fcmp F1, #0.0",
  "fccmp F1, F2, #3, ne",
  "fcsel F0, F1, F2, eq",
  "fcvtzs x0, F1",
  "fcvtzu w0, F2",
  "fcvtns x0, F3",
  "fcvtau x0, F3",
  "fcvtms w0, F1",
  "fcvtpu x0, F1",
  "fcvtzs x0, F1, #7",
  "frintx F0, F1",
  "frinti F0, F2",
  "frintn F0, F3",
  "frinta F0, F1",
  "frintz F0, F2",
  "fcvt h0, F1",
  "frecpe F0, F1",
  "frsqrte F0, F1",
  "frecps F0, F1, F2",
  "fmulx F0, F1, F2",
];

const CONVERSIONS: readonly string[] = [
  "scvtf d0, x1",
  "ucvtf d0, x2",
  "scvtf s0, x1",
  "ucvtf s0, w2",
  "scvtf d0, x1, #5",
  "fmov d0, x1",
  "fmov x0, d1",
  "fmov x0, v1.d[1]",
  "fmov d0, #1.5",
  "fcvt s0, d1",
  "fcvt d0, s1",
  "fcvt d0, h1",
  "mrs x0, fpcr",
  "mrs x0, fpsr",
  "msr fpcr, x1",
  "msr fpsr, x2",
];

/** SIMD code over v1 to v3. */
const VECTOR: readonly string[] = [
  "fadd v0.4s, v1.4s, v2.4s",
  "fmla v0.2d, v1.2d, v2.2d",
  "fdiv v0.2d, v1.2d, v2.2d",
  "faddp v0.4s, v1.4s, v2.4s",
  "fmaxnmv s0, v1.4s",
  "fcmeq v0.2d, v1.2d, v2.2d",
  "facgt v0.4s, v1.4s, v2.4s",
  "fcvtl v0.2d, v1.2s",
  "fcvtn v0.2s, v1.2d",
  "fcvtxn v0.2s, v1.2d",
  "scvtf v0.4s, v1.4s",
  "add v0.16b, v1.16b, v2.16b",
  "sub v0.2d, v1.2d, v2.2d",
  "mul v0.8h, v1.8h, v2.8h",
  "mla v0.4s, v1.4s, v2.s[1]",
  "cmgt v0.8h, v1.8h, v2.8h",
  "cmhs v0.16b, v1.16b, v2.16b",
  "cmtst v0.4s, v1.4s, v2.4s",
  "smax v0.8h, v1.8h, v2.8h",
  "uminp v0.16b, v1.16b, v2.16b",
  "addp v0.8h, v1.8h, v2.8h",
  "addv b0, v1.16b",
  "saddlv s0, v1.8h",
  "uaddlv d0, v1.4s",
  "sqadd v0.16b, v1.16b, v2.16b",
  "uqsub v0.8h, v1.8h, v2.8h",
  "sqdmulh v0.4s, v1.4s, v2.4s",
  "sqrdmulh v0.8h, v1.8h, v2.h[3]",
  "sqdmlal v0.2d, v1.2s, v2.2s",
  "sqxtun v0.8b, v1.8h",
  "uqxtn2 v0.4s, v1.2d",
  "sqshl v0.16b, v1.16b, v2.16b",
  "uqrshl v0.8h, v1.8h, v2.8h",
  "sshl v0.2d, v1.2d, v2.2d",
  "sqshrn v0.4h, v1.4s, #5",
  "sqrshrun2 v0.16b, v1.8h, #3",
  "ursra v0.2d, v1.2d, #11",
  "sli v0.4s, v1.4s, #9",
  "sri v0.8h, v1.8h, #4",
  "shll v0.8h, v1.8b, #8",
  "suqadd v0.8h, v1.8h",
  "sqabs v0.16b, v1.16b",
  "sqneg v0.4s, v1.4s",
  "abs v0.2d, v1.2d",
  "cnt v0.16b, v1.16b",
  "rbit v0.16b, v1.16b",
  "rev64 v0.8h, v1.8h",
  "cls v0.4s, v1.4s",
  "tbl v0.16b, {v1.16b, v2.16b}, v3.16b",
  "tbx v0.16b, {v1.16b}, v3.16b",
  "zip1 v0.8h, v1.8h, v2.8h",
  "uzp2 v0.4s, v1.4s, v2.4s",
  "trn1 v0.16b, v1.16b, v2.16b",
  "ext v0.16b, v1.16b, v2.16b, #5",
  "dup v0.8h, w1",
  "dup v0.4s, v1.s[3]",
  "ins v0.b[7], w1",
  "ins v0.d[1], v2.d[0]",
  "smov x0, v1.h[5]",
  "umov w0, v1.b[13]",
  "bsl v0.16b, v1.16b, v2.16b",
  "bit v0.16b, v1.16b, v2.16b",
  "bic v0.8h, #0x12, lsl #8",
  "movi v0.2d, #0xff00ff00ff00ff00",
  "mvni v0.4s, #0x7f, msl #16",
  "fmov v0.4s, #-2.0",
  "pmul v0.16b, v1.16b, v2.16b",
  "pmull v0.8h, v1.8b, v2.8b",
  "pmull2 v0.1q, v1.2d, v2.2d",
  "urecpe v0.4s, v1.4s",
  "ursqrte v0.4s, v1.4s",
  "smlal2 v0.4s, v1.8h, v2.8h",
  "raddhn v0.8b, v1.8h, v2.8h",
  "uabal v0.2d, v1.2s, v2.2s",
  "shadd v0.16b, v1.16b, v2.16b",
  "urhadd v0.8h, v1.8h, v2.8h",
  "aese v0.16b, v1.16b",
  "aesd v0.16b, v1.16b",
  "aesmc v0.16b, v1.16b",
  "aesimc v0.16b, v1.16b",
  "sha1c q0, s1, v2.4s",
  "sha1h s0, s1",
  "sha1m q0, s1, v2.4s",
  "sha1p q0, s1, v2.4s",
  "sha1su0 v0.4s, v1.4s, v2.4s",
  "sha1su1 v0.4s, v1.4s",
  "sha256h q0, q1, v2.4s",
  "sha256h2 q0, q1, v2.4s",
  "sha256su0 v0.4s, v1.4s",
  "sha256su1 v0.4s, v1.4s, v2.4s",
];

const VECTORS: readonly (readonly [bigint, bigint, bigint])[] = [
  [
    0x0123456789abcdef_fedcba9876543210n,
    0x8000_0000_7fff_ffff_80_7f_ff_01_00_81_fe_02n,
    0x00_11_1f_05_0a_10_20_ff_03_02_01_00_0f_0e_0d_0cn,
  ],
  [
    0x3f8000007f800001_c0490fdb7fc00001n,
    0x3ff0000000000000_bff8000000000000n,
    0x1f1e1d1c1b1a1918_0706050403020100n,
  ],
  [(1n << 128n) - 1n, 1n | (1n << 64n) | (0x80n << 120n), 0n],
];

function scalarCases(): Snippet[] {
  return SCALAR.flatMap((template) =>
    (["d", "s"] as const).flatMap((letter) => {
      const code = template.replaceAll("F", letter);
      return (letter === "d" ? DOUBLES : SINGLES).flatMap(([a, b, c], i) =>
        CONTROLS.map((fpcr) => ({
          name: `${code}, operands ${i}, FPCR ${fpcr.toString(16)}`,
          code,
          v: { 1: a, 2: b, 3: c },
          fpcr,
        }))
      );
    })
  );
}

/** Every case of this part. */
export function fpCases(): Snippet[] {
  return [
    ...scalarCases(),
    ...CONVERSIONS.flatMap((code) =>
      DOUBLES.map(([a, b], i) => ({
        name: `${code}, operands ${i}`,
        code,
        x: { 1: code.startsWith("msr") ? (b >> 32n) & FPCR_BITS : a, 2: b },
        v: { 1: a | (b << 64n), 2: b },
      }))
    ),
    ...VECTOR.flatMap((code) =>
      VECTORS.flatMap(([a, b, c], i) =>
        CONTROLS.slice(0, 3).map((fpcr) => ({
          name: `${code}, operands ${i}, FPCR ${fpcr.toString(16)}`,
          code,
          x: { 1: a & 0xffff_ffff_ffff_ffffn },
          v: { 1: a, 2: b, 3: c },
          fpcr,
        }))
      )
    ),
  ];
}
