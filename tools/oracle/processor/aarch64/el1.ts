/**
 * EL1 beside an independent implementation: the same bare-metal image under QEMU and on Trapline's
 * CPU.
 *
 * @module
 */
import { Comparison, type Known } from "../differences.ts";
import type { CheckResult } from "../../tool.ts";
import { accessCases } from "./el1_access_cases.ts";
import { runBare } from "./el1_machine.ts";
import { buildKernelProgram } from "./el1_program.ts";
import { runQemu } from "./el1_qemu.ts";
import { systemCases } from "./el1_system_cases.ts";

/** Snippets of one image: with their records they are to fit into 2 MiB. */
const BATCH = 900;

const ABSENT = "Address-size faults and external aborts end the run";
const DEBUG_REGISTERS = "MDCCSR_EL0 is undefined";
const IDENTIFICATION = "identification registers speak of EL2 and EL3";

/** Differences that are known. */
const KNOWN: readonly Known[] = [
  {
    name: "misaligned LDAR and STLR",
    cases: /, (ldar|stlr) w5/,
    when: (_ours, theirs) => /^9[26]0000[26]1$/.test(theirs.esr ?? ""),
    caveat: "nor are LDAR and STLR",
  },
  {
    name: "SCTLR_EL1.A",
    cases: / with SCTLR_EL1\.A$/,
    when: (_ours, theirs) => /^9[26]0000[26]1$/.test(theirs.esr ?? ""),
    caveat: "SCTLR_EL1.A or Device memory",
  },
  {
    name: "physical addresses without memory",
    cases: /, (too high at level \d|no memory)$/,
    when: (ours) => ours.exception?.startsWith("none: ") ?? false,
    caveat: ABSENT,
  },
  {
    name: "the priority of an address size fault over permissions",
    cases: /EL1., (br|ret) x1, too high at level \d$/,
    fields: ["esr"],
    caveat: ABSENT,
  },
  {
    name: "AT of an address without memory",
    cases: /, at s1e[01][rw], too high at level \d$/,
    fields: ["x0", "par"],
    when: (ours) => ours.x0?.startsWith("ff0040") ?? false,
    caveat: "AT translates to such an address all the same",
  },
  {
    name: "table addresses without memory",
    cases: /, table (too high|without memory) at level \d$/,
    caveat: "in a table's address they are translation faults",
  },
  {
    name: "block at level 0",
    cases: /, block at level 0$/,
    fields: ["x5", "x6"],
    caveat: "A block descriptor at level 0 is accepted",
  },
  {
    name: "illegal exception return, and PSTATE.IL",
    cases: /(eret to PSTATE 0x[0-9a-f]+|start with PSTATE bits 0x[0-9a-f]+)$/,
    when: (_ours, theirs) => theirs.esr === "3a000000",
    caveat: "An illegal exception return sets PSTATE.IL, which is then ignored",
  },
  {
    name: "floating-point trap as the guest sets it",
    cases: / msr cpacr_el1, x0$/,
    caveat: "CPACR_EL1 written by guest code has no effect",
  },
  {
    name: "MDCCSR_EL0",
    cases: /, mrs x0, mdccsr_el0$/,
    caveat: DEBUG_REGISTERS,
  },
  {
    name: "OSDLR_EL1",
    cases: /, mrs x0, osdlr_el1$/,
    fields: ["x0"],
    caveat: "OSDLR_EL1 leaves its register alone",
  },
  {
    name: "ID_PFR1_EL1 and ID_AA64PFR0_EL1",
    cases: /, mrs x0, id_(pfr1|aa64pfr0)_el1$/,
    fields: ["x0"],
    caveat: IDENTIFICATION,
  },
  {
    name: "abort before the alignment of PC",
    cases: /(misaligned|across)/,
    fields: ["esr"],
    when: (ours, theirs) => ours.esr === "8a000000" && /^8[26]00000[7f]$/.test(theirs.esr ?? ""),
    manual: "Arm ARM, synchronous exception prioritization: PC alignment before instruction aborts",
  },
  {
    name: "syndrome of DAIFSet and DAIFClr",
    cases: /^EL0, msr daif(set|clr)/,
    fields: ["esr"],
    manual: "Arm ARM, MSR (immediate): op1 is 3, op2 6 or 7; theirs are exchanged",
  },
  {
    name: "HVC",
    cases: /^EL1., hvc /,
    manual: "Arm ARM, HVC: undefined without EL2; QEMU's virt machine has firmware answer",
  },
];

/** Runs all cases on both. */
export async function checkEl1(caveats: string, directory: string): Promise<CheckResult> {
  const comparison = new Comparison({ known: KNOWN, caveats });
  const snippets = [...accessCases(), ...systemCases()];
  for (let at = 0; at < snippets.length; at += BATCH) {
    const program = await buildKernelProgram(snippets.slice(at, at + BATCH), directory);
    const theirs = await runQemu(program);
    const ours = runBare(program);
    program.names.forEach((name, i) => comparison.add(name, ours[i] ?? {}, theirs[i] ?? {}));
  }
  return comparison.result("AArch64 EL1 beside qemu-system-aarch64");
}
