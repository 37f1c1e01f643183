import { type Case, EL0, syndrome, testCases } from "./testing/conformance.ts";

/** Undefined instruction. */
const UNDEFINED = syndrome(0x00, 0);

/** Instructions that are exceptions in themselves. */
const CALLS: readonly Case[] = [
  { name: "svc #0", label: "svc_0", esr: syndrome(0x15, 0), elr: "next" },
  { name: "svc #42", label: "svc_42", esr: syndrome(0x15, 42), elr: "next" },
  { name: "svc #0xffff", label: "svc_max", esr: syndrome(0x15, 0xffff), elr: "next" },
  { name: "brk #0x1234", label: "brk_1234", esr: syndrome(0x3c, 0x1234) },
  { name: "hvc is undefined without EL2", label: "hvc_0", esr: UNDEFINED },
  { name: "smc is undefined without EL3", label: "smc_0", esr: UNDEFINED },
];

/** Undefined at any level: the label, and the instruction. */
const UNDEFINED_CASES = {
  udf_0: "udf #0",
  udf_max: "udf #0xffff",
  unallocated: "unallocated encoding",
  unallocated_fp: "unallocated encoding among the floating-point ones",
  scalable: "rdvl, of an extension that is not there",
  hlt_0: "hlt #0",
  hlt_semihosting: "hlt #0xf000",
  dcps1_0: "dcps1",
  read_unknown: "mrs of a register that is not there",
};

/** Undefined at EL0, though not at EL1. */
const PRIVILEGED = {
  eret_user: "eret",
  read_sctlr: "mrs of sctlr_el1",
  write_sctlr: "msr of sctlr_el1",
  write_spsel: "msr spsel",
  read_current_el: "mrs of currentel",
  tlbi_all: "tlbi vmalle1",
  translate_read: "at s1e1r",
};

/** Syndrome of a trapped system instruction by the parts of its encoding. */
function system(
  [op0, op1, crn, crm, op2]: readonly [number, number, number, number, number],
  { rt, read }: { rt: number; read: boolean },
): number {
  return syndrome(
    0x18,
    (op0 << 20) | (op2 << 17) | (op1 << 14) | (crn << 10) | (rt << 5) | (crm << 1) | (read ? 1 : 0),
  );
}

/**
 * Allowed at EL1, trapped at EL0 by SCTLR_EL1, CNTKCTL_EL1 and PMUSERENR_EL0 as the kernel sets
 * them.
 */
const TRAPPED: readonly [label: string, name: string, esr: number][] = [
  ["read_daif", "mrs of daif", system([3, 3, 4, 2, 1], { rt: 7, read: true })],
  ["write_daif", "msr of daif", system([3, 3, 4, 2, 1], { rt: 7, read: false })],
  ["set_daif", "msr daifset", system([0, 3, 4, 2, 6], { rt: 31, read: false })],
  ["clear_daif", "msr daifclr", system([0, 3, 4, 15, 7], { rt: 31, read: false })],
  ["read_virtual_count", "mrs of cntvct_el0", system([3, 3, 14, 0, 2], { rt: 9, read: true })],
  ["read_physical_count", "mrs of cntpct_el0", system([3, 3, 14, 0, 1], { rt: 9, read: true })],
  ["read_cycles", "mrs of pmccntr_el0", system([3, 3, 9, 13, 0], { rt: 30, read: true })],
];

/** Cache maintenance, which EL0 may do as the kernel sets SCTLR_EL1.UCI, trapped without that. */
const MAINTENANCE: readonly [label: string, name: string, esr: number][] = [
  ["clean_line", "dc cvac", system([1, 3, 7, 10, 1], { rt: 1, read: false })],
  ["clean_to_unification", "dc cvau", system([1, 3, 7, 11, 1], { rt: 1, read: false })],
  ["clean_invalidate_line", "dc civac", system([1, 3, 7, 14, 1], { rt: 1, read: false })],
  ["invalidate_code_line", "ic ivau", system([1, 3, 7, 5, 1], { rt: 1, read: false })],
];
const SCTLR_UCI = 1n << 26n;

/** SCTLR_EL1.nTWI is clear; ISS: COND is 0b1110, CV set, TI 0 for WFI. */
const WAIT = syndrome(0x01, 0x1e0_0000);

testCases(CALLS);
testCases(
  Object.entries(UNDEFINED_CASES).map(([label, name]) => ({ label, name, esr: UNDEFINED })),
);
testCases(
  Object.entries(PRIVILEGED).map(([label, name]) => ({
    label,
    name: `${name} is undefined`,
    origins: [EL0],
    esr: UNDEFINED,
  })),
);
testCases(
  TRAPPED.map(([label, name, esr]) => ({ label, name: `${name} traps`, origins: [EL0], esr })),
);
testCases(
  MAINTENANCE.map(([label, name, esr]) => ({
    label,
    name: `${name} traps while SCTLR_EL1.UCI is clear`,
    origins: [EL0],
    esr,
    prepare: ({ cpu }) => cpu.setRegister("sctlr_el1", cpu.register("sctlr_el1") & ~SCTLR_UCI),
  })),
);
testCases([{ label: "wait_interrupt", name: "wfi traps", origins: [EL0], esr: WAIT }]);
