/**
 * Loads and stores of every form, each at every kind of address.
 *
 * @module
 */
import { type Place, PLACES } from "./el0_places.ts";
import type { Snippet } from "./snippet.ts";

/** A form of load or store. */
interface Form {
  /** The instruction; its address is made of x1, and of x2 or w2 if that is an index. */
  readonly code: string;
  /** Bytes it accesses. */
  readonly size: number;
  /** What the instruction adds to x1. */
  readonly offset?: bigint;
  /** x2, if it matters. */
  readonly index?: bigint;
}

/** Loads and stores of one register with a scaled immediate, by the bytes they access. */
const SINGLE: readonly (readonly [string, number])[] = [
  ["ldr x5", 8],
  ["ldr w5", 4],
  ["ldrb w5", 1],
  ["ldrh w5", 2],
  ["ldrsb x5", 1],
  ["ldrsb w5", 1],
  ["ldrsh x5", 2],
  ["ldrsh w5", 2],
  ["ldrsw x5", 4],
  ["str x5", 8],
  ["str w5", 4],
  ["strb w5", 1],
  ["strh w5", 2],
  ["ldr b5", 1],
  ["ldr h5", 2],
  ["ldr s5", 4],
  ["ldr d5", 8],
  ["ldr q5", 16],
  ["str b5", 1],
  ["str h5", 2],
  ["str s5", 4],
  ["str d5", 8],
  ["str q5", 16],
];

/** Pairs, by the bytes of both. */
const PAIRS: readonly (readonly [string, number])[] = [
  ["ldp x5, x6", 16],
  ["ldp w5, w6", 8],
  ["ldpsw x5, x6", 8],
  ["stp x5, x6", 16],
  ["stp w5, w6", 8],
  ["ldp s5, s6", 8],
  ["ldp d5, d6", 16],
  ["ldp q5, q6", 32],
  ["stp s5, s6", 8],
  ["stp d5, d6", 16],
  ["stp q5, q6", 32],
];

function singleForms(): Form[] {
  return SINGLE.flatMap(([code, size]) => {
    const unscaled = code.replace(/^(ld|st)r/, "$1ur");
    return [
      { code: `${code}, [x1]`, size },
      { code: `${code}, [x1, #${size * 3}]`, size, offset: BigInt(size * 3) },
      { code: `${unscaled}, [x1, #-13]`, size, offset: -13n },
      { code: `${code}, [x1, #-16]!`, size, offset: -16n },
      { code: `${code}, [x1], #16`, size },
      { code: `${code}, [x1, x2]`, size, offset: 0x30n, index: 0x30n },
      { code: `${code}, [x1, w2, sxtw]`, size, offset: -0x20n, index: 0xffff_ffe0n },
    ];
  });
}

function pairForms(): Form[] {
  return PAIRS.flatMap(([code, size]) => [
    { code: `${code}, [x1]`, size },
    { code: `${code}, [x1, #32]!`, size, offset: 32n },
    { code: `${code}, [x1], #-32`, size },
    ...(code.startsWith("ldpsw")
      ? []
      : [{ code: `${code.replace(/^(ld|st)p/, "$1np")}, [x1, #64]`, size, offset: 64n }]),
  ]);
}

/** Unprivileged forms, and the stack pointer as base. */
const OTHER: readonly Form[] = [
  { code: "ldtr x5, [x1]", size: 8 },
  { code: "ldtrb w5, [x1, #5]", size: 1, offset: 5n },
  { code: "ldtrsw x5, [x1, #-4]", size: 4, offset: -4n },
  { code: "sttr x5, [x1]", size: 8 },
  { code: "sttrh w5, [x1]", size: 2 },
  { code: "prfm pldl1keep, [x1]", size: 8 },
  { code: "prfum pstl1strm, [x1, #3]", size: 8, offset: 3n },
];

/** Load-acquire, store-release and exclusives, alone. */
const ORDERED: readonly Form[] = [
  ...([["x5", "", 8], ["w5", "", 4], ["w5", "h", 2], ["w5", "b", 1]] as const).flatMap(
    ([register, suffix, size]) => [
      { code: `ldar${suffix} ${register}, [x1]`, size },
      { code: `stlr${suffix} ${register}, [x1]`, size },
      { code: `ldxr${suffix} ${register}, [x1]`, size },
      { code: `ldaxr${suffix} ${register}, [x1]`, size },
      { code: `stxr${suffix} w7, ${register}, [x1]`, size },
      { code: `stlxr${suffix} w7, ${register}, [x1]`, size },
      {
        code: `ldxr${suffix} ${register}, [x1]; add w6, w5, #1; ` +
          `stxr${suffix} w7, ${register.replace("5", "6")}, [x1]`,
        size,
      },
      {
        code: `ldaxr${suffix} ${register}, [x1]; add w6, w5, #1; clrex; ` +
          `stlxr${suffix} w7, ${register.replace("5", "6")}, [x1]`,
        size,
      },
    ],
  ),
  { code: "ldxp x5, x6, [x1]", size: 16 },
  { code: "ldaxp w5, w6, [x1]", size: 8 },
  { code: "stxp w7, x5, x6, [x1]", size: 16 },
  { code: "stlxp w7, w5, w6, [x1]", size: 8 },
  { code: "ldxp x5, x6, [x1]; stxp w7, x8, x9, [x1]", size: 16 },
  { code: "ldaxp w5, w6, [x1]; stlxp w7, w8, w9, [x1]", size: 8 },
];

/** SIMD structures. */
const STRUCTURES: readonly Form[] = [
  ...["ld", "st"].flatMap((op) => [
    { code: `${op}1 {v5.16b}, [x1]`, size: 16 },
    { code: `${op}1 {v5.8h, v6.8h}, [x1], #32`, size: 32 },
    { code: `${op}1 {v5.2d, v6.2d, v7.2d, v8.2d}, [x1]`, size: 64 },
    { code: `${op}1 {v5.s}[2], [x1], #4`, size: 4 },
    { code: `${op}1 {v5.b}[9], [x1]`, size: 1 },
    { code: `${op}2 {v5.4s, v6.4s}, [x1]`, size: 32 },
    { code: `${op}2 {v5.d, v6.d}[1], [x1], x2`, size: 16, index: 0x40n },
    { code: `${op}3 {v5.8b, v6.8b, v7.8b}, [x1]`, size: 24 },
    { code: `${op}4 {v5.4h, v6.4h, v7.4h, v8.4h}, [x1], #32`, size: 32 },
    { code: `${op}4 {v5.h, v6.h, v7.h, v8.h}[3], [x1]`, size: 8 },
  ]),
  { code: "ld1r {v5.16b}, [x1]", size: 1 },
  { code: "ld2r {v5.2d, v6.2d}, [x1], #16", size: 16 },
  { code: "ld4r {v5.4s, v6.4s, v7.4s, v8.4s}, [x1]", size: 16 },
];

/** Zeroing of a block, which an access fault is reported for as of a store. */
const ZEROING: readonly Form[] = [{ code: "dc zva, x1", size: 64 }];

const FORMS: readonly Form[] = [
  ...singleForms(),
  ...pairForms(),
  ...OTHER,
  ...ORDERED,
  ...STRUCTURES,
  ...ZEROING,
];

function memoryCase({ code, size, offset = 0n, index }: Form, { name, at }: Place): Snippet {
  const base = BigInt.asUintN(64, at(size) - offset);
  return {
    name: `${code}, ${name}`,
    code,
    x: { 1: base, ...(index === undefined ? {} : { 2: index }) },
  };
}

/** Loads and stores with the stack pointer as base, aligned and misaligned. */
function stackCases(): Snippet[] {
  const forms = ["ldr x5, [sp]", "str x5, [sp, #-16]!", "ldp x5, x6, [sp], #16", "str q5, [sp]"];
  return forms.flatMap((code) =>
    [0n, 8n, 4n, 1n].map((by) => ({
      name: `${code}, SP misaligned by ${by}`,
      code,
      sp: PLACES[0]!.at(8) + by,
    }))
  );
}

/** Every case of this part. */
export function memoryCases(): Snippet[] {
  return [
    ...FORMS.flatMap((form) => PLACES.map((place) => memoryCase(form, place))),
    ...stackCases(),
  ];
}
