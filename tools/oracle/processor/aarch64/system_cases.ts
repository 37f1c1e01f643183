/**
 * System instructions and registers as EL0 sees them, undefined encodings, exceptions on purpose,
 * and branches to every kind of target.
 *
 * @module
 */
import { ABSENT, CODE, DATA, MIXED, PLACES } from "./el0_places.ts";
import type { Snippet } from "./snippet.ts";

/** Code that is looked at once, from the state every case starts with. */
const CODES: readonly string[] = [
  // Hints, barriers and what else does nothing here.
  "nop",
  "yield",
  "sev",
  "sevl",
  "hint #20",
  "hint #34",
  "hint #25", // paciasp, which a CPU without pointer authentication passes over
  "hint #0x7f",
  "dmb ish",
  "dsb sy",
  "isb",
  "clrex",
  "wfi",
  "sevl; wfe",
  // Registers EL0 may read or write.
  "mrs x0, dczid_el0",
  "mrs x0, nzcv",
  "msr tpidr_el0, x1; mrs x0, tpidr_el0",
  "mrs x0, ctr_el0",
  // Those it may not.
  "msr tpidrro_el0, x1",
  "mrs x0, sctlr_el1",
  "msr sctlr_el1, x0",
  "mrs x0, ttbr0_el1",
  "mrs x0, vbar_el1",
  "mrs x0, esr_el1",
  "mrs x0, elr_el1",
  "mrs x0, spsr_el1",
  "mrs x0, currentel",
  "mrs x0, spsel",
  "msr spsel, #1",
  "msr spsel, x0",
  "mrs x0, daif",
  "msr daif, x0",
  "msr daifset, #2",
  "msr daifclr, #15",
  "mrs x0, sp_el0",
  "msr sp_el1, x0",
  "mrs x0, mdscr_el1",
  "msr oslar_el1, x0",
  "msr dbgbcr0_el1, x0",
  "mrs x0, cpacr_el1",
  "mrs x0, cntp_ctl_el0",
  "mrs x0, cntkctl_el1",
  "mrs x0, pmccntr_el0",
  "msr pmcr_el0, x0",
  "mrs x0, pmuserenr_el0",
  "mrs x0, tpidr_el1",
  "mrs x0, hcr_el2",
  "mrs x0, scr_el3",
  "mrs x0, actlr_el1",
  "mrs x0, s3_1_c15_c2_0",
  "msr s3_0_c15_c7_7, x0",
  "mrs x0, s3_3_c14_c15_7",
  "msr pan, #1",
  "msr uao, #1",
  "msr dit, #1",
  "msr ssbs, #1",
  "tlbi vmalle1",
  "tlbi vae1is, x0",
  "at s1e0r, x1",
  "ic iallu",
  "ic ialluis",
  "dc isw, x0",
  "dc csw, x0",
  "dc cisw, x0",
  "dc ivac, x1",
  "sys #3, c7, c14, #7, x0",
  "sysl x0, #1, c7, c7, #3",
  // Exceptions on purpose.
  "brk #0",
  "brk #0xffff",
  "hlt #0",
  "hlt #0xffff",
  "hvc #0",
  "hvc #0x1234",
  "smc #0",
  "smc #0xffff",
  "dcps1 #0",
  "dcps2 #1",
  "dcps3 #2",
  "drps",
  "eret",
  "mov x8, #0x7fff; svc #0",
  "mov x8, #0x7fff; svc #0x4321",
  // Extensions this CPU does not have.
  "ldadd x5, x6, [x1]",
  "swpal w5, w6, [x1]",
  "cas x5, x6, [x1]",
  "casp x4, x5, x6, x7, [x1]",
  "ldapr x5, [x1]",
  "ldapur x5, [x1]",
  "stlur x5, [x1]",
  "ldlar x5, [x1]",
  "stllr x5, [x1]",
  "pacia x0, x1",
  "autib x0, x1",
  "braa x0, x1",
  "retaa",
  "eretaa",
  "xpaci x0",
  "ldraa x0, [x1]",
  "pacga x0, x1, x2",
  "rmif x0, #3, #5",
  "setf8 w0",
  "cfinv",
  "xaflag",
  "fadd h0, h1, h2",
  "fadd v0.8h, v1.8h, v2.8h",
  "sqrdmlah v0.4s, v1.4s, v2.4s",
  "fcmla v0.4s, v1.4s, v2.4s, #90",
  "fcadd v0.4s, v1.4s, v2.4s, #90",
  "fjcvtzs w0, d1",
  "frint32z d0, d1",
  "sdot v0.4s, v1.16b, v2.16b",
  "fmlal v0.4s, v1.4h, v2.4h",
  "sha512h q0, q1, v2.2d",
  "eor3 v0.16b, v1.16b, v2.16b, v3.16b",
  "sm3ss1 v0.4s, v1.4s, v2.4s, v3.4s",
  "sm4e v0.4s, v1.4s",
  "bfdot v0.4s, v1.8h, v2.8h",
  "usdot v0.4s, v1.16b, v2.16b",
  "smmla v0.4s, v1.16b, v2.16b",
  "add z0.b, z1.b, z2.b",
  "ptrue p0.b",
  "rdvl x0, #1",
  "irg x0, x1",
  "addg x0, x1, #16, #1",
  "ldg x0, [x1]",
  "stg x1, [x1]",
  "mrs x0, rndr",
  "sb",
];

/** Words that no instruction has, or whose fields have values that are reserved. */
const UNDEFINED: readonly number[] = [
  0x00000000, // udf #0
  0x0000ffff, // udf #0xffff
  0x00010000,
  0x01234567,
  0x02000000,
  0x06000000,
  0x07ffffff,
  0xffffffff,
  0x11c00000, // add with shift 3
  0x12400000, // 32-bit and with N set
  0x1200fc00, // and of no bit mask
  0x72e00000, // 32-bit movk by 48
  0x32c00000, // 32-bit mov with hw 2
  0x13008000, // 32-bit sbfm with imms 32
  0x13c08000, // 32-bit extr by 32
  0x0b008000, // 32-bit add by 32
  0x0bc00000, // add with rotation
  0x0b201400, // extended add by 5
  0x1ac00000, // two sources, opcode 0
  0x5ac04000, // one source, opcode 16
  0x5ac00c00, // 32-bit rev64
  0x1b200000, // 32-bit smaddl
  0x3a400010, // ccmn with o3
  0x1a800800, // csel with op2 2
  0x54000010, // b.cond with o0
  0x38e00c00, // ldrsb w with op 11 and pre-index of a signed size
  0xb8c00000 | (3 << 30), // ldrsw with size 3
  0x68000000, // stnp with opc 1
  0x08200000, // exclusive pair of bytes
  0x0c001000, // ld/st multiple with a reserved opcode
  0x0d00a400 | (1 << 30), // single structure, size 1 with a reserved index
  0x1e203c00, // fp with opcode 15
  0x1ee02800, // half precision without the extension
  0x1ea02800, // fp of type 2
  0x1e23c000 | (3 << 17), // fcvt to itself
  0x0e201400 | (3 << 22), // urhadd with doublewords
  0x0e209c00 | (3 << 22), // mul with doublewords
  0x2e209c00 | (1 << 22), // pmul with halfwords
  0x0e003800 | (3 << 22), // zip1 of 1d
  0x0f000c00, // modified immediate with o2
  0x0f00f400 | (1 << 29), // fmov 1d
  0xd5000000, // msr (immediate) with reserved fields
  0xd503307f, // barrier with op2 3
  0xd4000000, // exception generation, all clear
  0xd4000004,
  0xd4200001,
  0xd4a00000,
  0xd61f0001, // br with op4
  0xd63f0800,
  0xd69f0000,
  0xd6bf0000,
  0xd75f03c0,
];

/** Cache maintenance that EL0 may do, at every kind of address. */
const MAINTENANCE = ["dc cvac, x1", "dc cvau, x1", "dc civac, x1", "ic ivau, x1"];

function maintenanceCases(): Snippet[] {
  return MAINTENANCE.flatMap((code) =>
    PLACES.map(({ name, at }) => ({ name: `${code}, ${name}`, code, x: { 1: at(1) } }))
  );
}

const TARGETS: readonly (readonly [string, bigint])[] = [
  ["without permission", DATA + 0x100n],
  ["read-only", MIXED + 0x1100n],
  ["absent", ABSENT],
  ["null", 0n],
  ["misaligned", CODE + 2n],
  ["misaligned without permission", DATA + 0x102n],
  ["misaligned and absent", ABSENT + 1n],
  ["beyond the lower half", 1n << 48n],
  ["in the upper half", 0xffff_0000_1000_0000n],
  ["tagged", (0x7fn << 56n) | (DATA + 0x100n)],
  ["tagged, bit 55 set", 0x12ff_0000_1000_0000n],
];

function branchCases(): Snippet[] {
  const indirect = ["br x1", "blr x1", "ret x1"].flatMap((code) =>
    TARGETS.map(([name, target]) => ({ name: `${code}, ${name}`, code, x: { 1: target } }))
  );
  const direct = [
    ...["eq", "ne", "hs", "mi", "vs", "hi", "ge", "gt", "le", "al"].map((condition) =>
      `b.${condition} .+8; nop; add x0, x0, #1`
    ),
    "cbz x1, .+8; add x0, x0, #1",
    "cbnz w1, .+8; add x0, x0, #1",
    "tbz x1, #63, .+8; add x0, x0, #1",
    "tbnz w1, #3, .+8; add x0, x0, #1",
    "bl .+8; nop; mov x0, x30",
    "b .+0x4000000",
    "bl .-0x4000000",
    "adr x2, .+12; br x2; nop; mov x0, #9",
  ].flatMap((code) =>
    [0n, 8n, 1n << 63n].flatMap((x1) =>
      [0x0n, 0x4000_0000n, 0x9000_0000n, 0x2000_0000n].map((flags) => ({
        name: `${code}, x1 ${x1.toString(16)}, flags ${(flags >> 28n).toString(16)}`,
        code,
        x: { 1: x1 },
        flags,
      }))
    )
  );
  const from = TARGETS.map(([name, pc]) => ({ name: `fetch, ${name}`, code: "nop", pc }));
  return [...indirect, ...direct, ...from];
}

/** Every case of this part. */
export function systemCases(): Snippet[] {
  return [
    ...CODES.map((code) => ({
      name: code,
      code,
      x: { 1: DATA + 0x140n },
    })),
    ...UNDEFINED.map((word) => {
      const text = `0x${(word >>> 0).toString(16).padStart(8, "0")}`;
      return { name: `word ${text}`, code: `.inst ${text}` };
    }),
    ...maintenanceCases(),
    ...branchCases(),
  ];
}
