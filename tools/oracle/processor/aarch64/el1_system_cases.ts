/**
 * Exceptions on purpose, undefined instructions, traps by control registers, system registers,
 * exception returns and debugging.
 *
 * @module
 */
import { KERNEL_PLACES, SHARED_PAGE } from "./el1_places.ts";
import { change, EL0, EL1H, EL1T, type KernelSnippet, type Level } from "./el1_program.ts";

const KERNEL: readonly Level[] = [EL1T, EL1H];

/** Instructions that are exceptions, or undefined, at every level. */
const EXCEPTIONS: readonly string[] = [
  "svc #0",
  "svc #0xffff",
  "hvc #0",
  "hvc #0x1234",
  "smc #0",
  "smc #0xffff",
  "brk #0",
  "brk #0xffff",
  "hlt #1",
  "dcps1 #0",
  "dcps2 #0",
  "dcps3 #7",
  "drps",
  ".inst 0x00000000",
  ".inst 0xffffffff",
  ".inst 0xd4000000",
  ".inst 0xd4a00000",
  "ldadd x5, x6, [x1]",
  "cas x5, x6, [x1]",
  "ldapr x5, [x1]",
  "pacia x0, x1",
  "braa x0, x1",
  "retaa",
  "eretaa",
  "fadd h0, h1, h2",
  "sqrdmlah v0.4s, v1.4s, v2.4s",
  "sdot v0.4s, v1.16b, v2.16b",
  "ptrue p0.b",
  "add z0.b, z1.b, z2.b",
  "irg x0, x1",
  "stg x1, [x1]",
  "sb",
  "cfinv",
  "rmif x0, #3, #5",
  "msr pan, #1",
  "msr uao, #1",
  "msr dit, #1",
  "msr ssbs, #1",
  "msr tco, #1",
  "mrs x0, rndr",
  "mrs x0, s3_1_c15_c15_7",
  "msr s3_0_c15_c7_7, x0",
  "mrs x0, s3_3_c9_c15_7",
  "msr s3_7_c9_c15_7, x0",
  "mrs x0, pan",
  "mrs x0, lorsa_el1",
  "mrs x0, apiakeylo_el1",
  "mrs x0, zcr_el1",
  "mrs x0, s3_0_c12_c1_1", // DISR_EL1
  "mrs x0, sctlr_el2",
  "mrs x0, hcr_el2",
  "msr vbar_el2, x0",
  "mrs x0, elr_el2",
  "mrs x0, spsr_el2",
  "mrs x0, sp_el1",
  "mrs x0, vttbr_el2",
  "mrs x0, scr_el3",
  "msr vbar_el3, x0",
  "mrs x0, sctlr_el3",
  "mrs x0, s3_5_c1_c0_0", // SCTLR_EL12
  "tlbi alle1",
  "tlbi alle2",
  "tlbi alle3",
  "tlbi vmalls12e1",
  "tlbi rvae1, x0",
  "at s1e2r, x1",
  "at s12e1r, x1",
  "at s1e3r, x1",
  "at s1e1rp, x1",
  "sys #0, c7, c15, #7, x0",
  "sysl x0, #0, c7, c15, #7",
];

/** What EL0 may not use, or may only if EL1 allows it. EL1 may, and changes nothing by it. */
const PRIVILEGED: readonly string[] = [
  "mrs x0, sctlr_el1",
  "mrs x0, tcr_el1",
  "mrs x0, ttbr0_el1",
  "mrs x0, ttbr1_el1",
  "mrs x0, mair_el1",
  "mrs x0, vbar_el1",
  "mrs x0, cpacr_el1",
  "mrs x0, mdscr_el1",
  "mrs x0, esr_el1",
  "mrs x0, far_el1",
  "mrs x0, par_el1",
  "mrs x0, currentel",
  "mrs x0, spsel",
  "mrs x0, daif",
  "mrs x0, tpidr_el0",
  "mrs x0, cntkctl_el1",
  "mrs x0, contextidr_el1",
  "mrs x0, csselr_el1",
  "mrs x0, oslsr_el1",
  "mrs x0, osdlr_el1",
  "mrs x0, dbgauthstatus_el1; mov x0, #0",
  "mrs x0, mdccsr_el0",
  "mrs x0, pmuserenr_el0",
  "mrs x0, cntp_ctl_el0",
  "mrs x0, cntv_ctl_el0",
  "mrs x0, cntp_cval_el0",
  "mrs x0, ctr_el0",
  "mrs x0, dczid_el0",
  "msr tpidr_el1, x0",
  "msr contextidr_el1, x3",
  "msr daifset, #15",
  "tlbi vmalle1",
  "tlbi vmalle1is",
  "tlbi vae1, x1",
  "tlbi aside1, x3",
  "tlbi vaale1is, x1",
  "ic iallu",
  "ic ialluis",
  "ic ivau, x1",
  "dc zva, x1",
  "dc cvac, x1",
  "dc cvau, x1",
  "dc civac, x1",
  "dc ivac, x1",
  "dc isw, x3",
  "dc csw, x3",
  "dc cisw, x3",
  "at s1e1r, x1; isb; msr par_el1, xzr",
];

/** Identification registers that say what both are. */
const IDENTIFICATION: readonly string[] = [
  "midr_el1",
  "revidr_el1",
  "id_pfr0_el1",
  "id_pfr1_el1",
  "id_afr0_el1",
  "id_mmfr0_el1",
  "id_mmfr1_el1",
  "id_mmfr2_el1",
  "id_mmfr3_el1",
  "id_isar0_el1",
  "id_isar1_el1",
  "id_isar2_el1",
  "id_isar3_el1",
  "id_isar4_el1",
  "id_isar5_el1",
  "mvfr0_el1",
  "mvfr1_el1",
  "mvfr2_el1",
  "id_aa64pfr0_el1",
  "id_aa64pfr1_el1",
  "id_aa64dfr0_el1",
  "id_aa64dfr1_el1",
  "id_aa64isar0_el1",
  "id_aa64isar1_el1",
  "id_aa64mmfr0_el1",
  "id_aa64mmfr1_el1",
  "id_aa64afr0_el1",
  "clidr_el1",
  "ccsidr_el1",
  "aidr_el1",
];

/** Registers that are written and read back; what is not kept is as telling as what is. */
const KEPT: readonly string[] = [
  "elr_el1",
  "sp_el0",
  "far_el1",
  "tpidr_el0",
  "tpidr_el1",
  "tpidrro_el0",
  "mair_el1",
  "amair_el1",
  "afsr0_el1",
  "afsr1_el1",
  "csselr_el1",
  "par_el1",
  "ttbr1_el1",
];

const PATTERNS = [0xffff_ffff_ffff_ffffn, 0n, 0xa5a5_5a5a_c3c3_3c3cn];

/** Instructions that use floating-point state. */
const FLOATING: readonly string[] = [
  "fadd d0, d1, d2",
  "ldr q5, [x1]",
  "stp d5, d6, [x1]",
  "ld1 {v5.16b}, [x1]",
  "mov v0.d[1], x1",
  "movi v0.2d, #0",
  "aese v0.16b, v1.16b",
  "mrs x0, fpcr",
  "msr fpsr, x3",
];

function system(setup: string, code: string, options: Partial<KernelSnippet> = {}): KernelSnippet {
  return { name: `${code} after ${setup}`, code, setup, x: [SHARED_PAGE + 0x140n], ...options };
}

/** Bits of SCTLR_EL1, and what EL0 may do for them. */
function controlCases(): KernelSnippet[] {
  const cases: KernelSnippet[] = [];
  const both = (bit: number, codes: readonly string[]): void => {
    for (const operation of ["orr", "bic"] as const) {
      const setup = change("sctlr_el1", operation, bit);
      for (const code of codes) cases.push(system(setup, code, { levels: [EL0, EL1H] }));
    }
  };
  both(9, ["msr daifset, #3", "msr daifclr, #1", "mrs x0, daif", "msr daif, x3"]); // UMA
  both(14, ["dc zva, x1", "mrs x0, dczid_el0"]); // DZE
  both(15, ["mrs x0, ctr_el0"]); // UCT
  both(26, ["dc cvau, x1", "dc civac, x1", "dc cvac, x1", "ic ivau, x1"]); // UCI
  return cases;
}

/** Every case of this part. */
export function systemCases(): KernelSnippet[] {
  const address = SHARED_PAGE + 0x140n;
  return [
    ...EXCEPTIONS.map((code) => ({ name: code, code, x: [address] })),
    ...PRIVILEGED.map((code) => ({ name: code, code, x: [address] })),
    ...IDENTIFICATION.map((register) => ({
      name: `mrs x0, ${register}`,
      code: `mrs x0, ${register}`,
    })),
    ...keptCases(),
    ...controlCases(),
    ...waitCases(),
    ...floatingCases(),
    ...timerCases(),
    ...alignmentCases(),
    ...maintenanceCases(),
  ];
}

function keptCases(): KernelSnippet[] {
  return KEPT.flatMap((register) =>
    PATTERNS.map((value) => ({
      name: `msr ${register}, 0x${value.toString(16)}`,
      code: `mrs x5, ${register}; msr ${register}, x1; mrs x0, ${register}; msr ${register}, x5`,
      levels: KERNEL,
      x: [value],
    }))
  );
}

/** WFI and WFE at EL0, trapped and, for WFE, not. */
function waitCases(): KernelSnippet[] {
  return [
    { name: "wfi, trapped", code: "wfi", levels: [EL0] },
    { name: "wfe, trapped", code: "wfe", levels: [EL0] },
    system(change("sctlr_el1", "orr", 18), "sevl; wfe", { levels: [EL0] }),
    { name: "sevl; wfe at EL1", code: "sevl; wfe", levels: KERNEL },
  ];
}

/** CPACR_EL1.FPEN in all its values, as EL1 sets it. */
function floatingCases(): KernelSnippet[] {
  return [0, 1, 2, 3].flatMap((fpen) =>
    FLOATING.map((code) => system(`mov x0, #${fpen}; lsl x0, x0, #20; msr cpacr_el1, x0`, code))
  );
}

/** The timer's registers, which CNTKCTL_EL1 gives to EL0. */
function timerCases(): KernelSnippet[] {
  return ["cntp_ctl_el0", "cntv_ctl_el0", "cntp_cval_el0", "cntfrq_el0"].flatMap((register) =>
    [0, 1, 2, 0x100, 0x200, 0x303].map((value) =>
      system(`mov x0, #${value}; msr cntkctl_el1, x0`, `mrs x0, ${register}; mov x0, #0`)
    )
  );
}

/** Alignment as SCTLR_EL1.A asks for it, and accesses by a misaligned PC. */
function alignmentCases(): KernelSnippet[] {
  const setup = change("sctlr_el1", "orr", 1);
  const codes = [
    "ldr x5, [x1]",
    "str w5, [x1]",
    "ldrb w5, [x1]",
    "strh w5, [x1]",
    "ldp x5, x6, [x1]",
    "ldr q5, [x1]",
    "ld1 {v5.4s}, [x1]",
    "ld1 {v5.16b}, [x1]",
    "dc zva, x1",
  ];
  return codes.flatMap((code) =>
    [0n, 1n, 2n, 4n, 8n].map((by) =>
      system(setup, code, {
        name: `${code}, misaligned by ${by} with SCTLR_EL1.A`,
        x: [SHARED_PAGE + 0x140n + by],
      })
    )
  );
}

/** Cache maintenance by address, with EL0 allowed to. */
function maintenanceCases(): KernelSnippet[] {
  const setup = change("sctlr_el1", "orr", 26);
  return ["dc cvac, x1", "dc cvau, x1", "dc civac, x1", "ic ivau, x1"].flatMap((code) =>
    KERNEL_PLACES.filter(({ name }) => !/too high|no memory|without memory/.test(name)).map((
      { name, address },
    ) => system(setup, code, { name: `${code}, ${name}`, x: [address] }))
  );
}
