/**
 * Random programs of AArch64 for {@linkcode openProgram}: loops over RAM at address 0, at EL1 and
 * EL0 with the MMU off.
 *
 * @module
 */
import type { Random } from "../../util/random.ts";

/** Where a run starts, and starts again after a trap. */
export const A64_STUB = 0x800;
const CODE = 0x1000;
const CODE_END = 0x2000;
const DATA = 0x8000;
/** General registers in use: X20 holds {@linkcode DATA}. */
const REGISTERS = 16;

type Part = (random: Random, at: number) => number[];

/** Random Rd, Rn and Rm of three-register instructions. */
function three(random: Random, base: number): number {
  const [rd, rn, rm] = [0, 0, 0].map(() => random.below(REGISTERS));
  return (base | (rm! << 16) | (rn! << 5) | rd!) >>> 0;
}

/** Random Rd and Rn. */
function two(random: Random, base: number): number {
  return (base | (random.below(REGISTERS) << 5) | random.below(REGISTERS)) >>> 0;
}

function one(random: Random, base: number): number {
  return (base | random.below(REGISTERS)) >>> 0;
}

/** `movz xn, immediate` */
function movz(register: number, immediate: number): number {
  return (0xd2800000 | (immediate << 5) | register) >>> 0;
}

const INTEGER: readonly Part[] = [
  // add, subs, adds lsl #3, ands, eor ror #7, orr, adcs, sbcs
  (r) => [
    three(
      r,
      r.pick([
        ...[0x8b000000, 0xeb000000, 0xab000c00, 0xea000000],
        ...[0xcac01c00, 0xaa000000, 0xba000000, 0xfa000000],
      ]),
    ),
  ],
  // umulh, udiv, sdiv, lslv, rorv, csel hi, csinc lt
  (r) => [
    three(
      r,
      r.pick([
        ...[0x9bc07c00, 0x9ac00800, 0x9ac00c00, 0x9ac02000],
        ...[0x9ac02c00, 0x9a808000, 0x9a80b400],
      ]),
    ),
  ],
  (r) => [three(r, 0x9b000000) | (r.below(REGISTERS) << 10)].map((word) => word >>> 0), // madd
  (r) => [two(r, r.pick([0xdac01000, 0xdac00000, 0xdac00c00]))], // clz, rbit, rev
  (r) => [one(r, 0xf2a00000 | (r.below(0x10000) << 5))], // movk lsl #16
  (r) => [(0xfa401000 | (r.below(16) << 16) | (r.below(16) << 5) | r.below(16)) >>> 0], // ccmp ne
  (r) => [(0x54000040 | r.below(14)) >>> 0, two(r, 0xdac01000)], // b.cond over a clz
  (r) => [one(r, 0xd51b4200)], // msr nzcv
  (r) => [one(r, 0xd53b4200)], // mrs nzcv
];

const MEMORY: readonly Part[] = [
  (r) => [one(r, 0xf9400280 | (r.below(64) << 10))], // ldr x, [x20, #d]
  (r) => [one(r, 0xf9000280 | (r.below(64) << 10))], // str
  (r) => [(0xa9420280 | (r.below(15) << 10) | 15) >>> 0], // ldp x15, xn, [x20, #32]
  (r) => [(0xa9030280 | (r.below(15) << 10) | r.below(15)) >>> 0], // stp [x20, #48]
];

/** Pairs of an exclusive load and store with something between, so that a run ends between them. */
const EXCLUSIVE: readonly Part[] = [
  (r, at) => [
    one(r, 0xc85f7e80), // ldxr xn, [x20]
    ...r.pick(INTEGER)(r, at + 4),
    ...(r.chance(0.2) ? r.pick(MEMORY)(r, at + 8) : []),
    (0xc8007e80 | (r.below(16) << 16) | r.below(16)) >>> 0, // stxr wn, xm, [x20]
  ],
  (r) => [
    one(r, 0x085ffe80), // ldaxrb
    two(r, 0xdac01000), // clz
    (0x0800fe80 | (r.below(16) << 16) | r.below(16)) >>> 0, // stlxrb
  ],
  (r, at) => [
    0xc87f0680, // ldxp x0, x1, [x20]
    ...r.pick(VECTOR)(r, at + 4),
    (0xc8200a81 | (2 << 16)) >>> 0, // stxp w2, x1, x2, [x20]
  ],
  () => [0xd5033f5f], // clrex
];

function vector(random: Random, base: number): number {
  const [rd, rn, rm] = [0, 0, 0].map(() => random.below(32));
  return (base | (rm! << 16) | (rn! << 5) | rd!) >>> 0;
}

const VECTOR: readonly Part[] = [
  // add 4s, mul 8h, sqadd 16b, fadd 4s, fmul 2d, fmla 2d, fdiv d, ext, tbl
  (r) => [
    vector(
      r,
      r.pick([
        ...[0x4ea08400, 0x4e609c00, 0x4e200c00, 0x4e20d400, 0x6e60dc00],
        ...[0x4e60cc00, 0x1e601800, 0x6e002800, 0x4e000000],
      ]),
    ),
  ],
  (r) => [(0x1e61c000 | (r.below(32) << 5) | r.below(32)) >>> 0], // fsqrt d
  (r) => [(0x9e780000 | (r.below(32) << 5) | r.below(16)) >>> 0], // fcvtzs x, d
  (r) => [(0x9e620000 | (r.below(16) << 5) | r.below(32)) >>> 0], // scvtf d, x
  (r) => [(0x9e670000 | (r.below(16) << 5) | r.below(32)) >>> 0], // fmov d, x
  (r) => [(0x4e080c00 | (r.below(16) << 5) | r.below(32)) >>> 0], // dup 2d
  (r) => [(0x1e602000 | (r.below(32) << 16) | (r.below(32) << 5)) >>> 0], // fcmp d
  (r) => [(0x3dc00280 | (r.below(32) << 10) | r.below(32)) >>> 0], // ldr q, [x20, #d]
  (r) => [(0x3d800280 | (r.below(32) << 10) | r.below(32)) >>> 0], // str q
  // movz x16; lsl x16, x16, #22; msr fpcr, x16: rounding mode and flush to zero
  (r) => [movz(16, r.below(8)), 0xd36aa610, 0xd51b4410],
  (r) => [one(r, 0xd53b4420)], // mrs fpsr
];

const SYSTEM: readonly Part[] = [
  (r) => [one(r, r.pick([0xd51bd040, 0xd53bd040]))], // msr, mrs tpidr_el0
  (r) => [one(r, r.pick([0xd5184100, 0xd5384100]))], // msr, mrs sp_el0
  (r) => [one(r, r.pick([0xd518d020, 0xd51a0000]))], // msr contextidr_el1, csselr_el1
  (r) => [r.pick([0xd50342df, 0xd50342ff, 0xd5033fdf])], // msr daifset, #2; daifclr, #2; isb
  // spsel #0; mov x0, sp; spsel #1
  (r) => r.chance(0.3) ? [0xd50040bf, 0x910003e0, 0xd50041bf] : [0x910003e0],
  (r) => [r.pick([0xd40000e1, 0xd4200060, 0xd503207f])], // svc, brk, wfi
  (r) => r.chance(0.1) ? [0xd4400000] : [0xd503207f], // hlt: undefined; wfi
  // adr x16, .+20; msr elr_el1, x16; movz x17, #0x3c0; msr spsr_el1, x17; eret: to EL0
  (r) => r.chance(0.2) ? [0x100000b0, 0xd5184030, movz(17, 0x3c0), 0xd5184011, 0xd69f03e0] : [],
  (r, at) => {
    const index = r.below(4);
    const address = CODE + 4 * r.below(Math.max((at - CODE) >> 2, 1));
    return [
      movz(16, address),
      (0xd5100090 | (index << 8)) >>> 0, // msr dbgbvrn_el1, x16
      movz(17, r.pick([0x1e7, 0x1e7, 0x1e5, 0x1e6])), // for both levels, for EL0, off
      (0xd51000b1 | (index << 8)) >>> 0, // msr dbgbcrn_el1, x17
      0xd50348ff, // msr daifclr, #8
    ];
  },
];

/** Writes a random program. */
export function placeA64Program(ram: Uint8Array, random: Random): void {
  const view = new DataView(ram.buffer);
  let at = A64_STUB;
  const place = (words: readonly number[]): void =>
    words.forEach((word) => {
      view.setUint32(at, word, true);
      at += 4;
    });
  const branch = (to: number): number => (0x14000000 | (((to - at) >> 2) & 0x3ff_ffff)) >>> 0;
  place([
    ...[0xd51000bf, 0xd51001bf, 0xd51002bf, 0xd51003bf], // msr dbgbcr0 … 3_el1, xzr
    ...[0xd51b441f, 0xd50041bf], // msr fpcr, xzr; msr spsel, #1
    // msr oslar_el1, xzr; msr mdscr_el1, x17: MDE, KDE
    ...[0xd510109f, movz(17, 0xa000), 0xd5100251],
    movz(20, DATA),
  ]);
  place([branch(CODE)]);
  at = CODE;
  const parts = [INTEGER, INTEGER, MEMORY, EXCLUSIVE, VECTOR, VECTOR, SYSTEM];
  while (at < CODE_END - 64) {
    place(random.pick(random.pick(parts))(random, at));
    if (random.chance(0.005)) break;
  }
  place([branch(CODE)]);
}
