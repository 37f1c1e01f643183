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
import { stateCases } from "./el1_state_cases.ts";
import { systemCases } from "./el1_system_cases.ts";

/** Snippets of one image: with their records they are to fit into 2 MiB. */
const BATCH = 900;

const ABSENT = "Address-size faults and external aborts end the run";
const IDENTIFICATION = "identification registers speak of EL2, EL3 and AArch32";

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
    name: "misaligned STXR without a load-exclusive",
    cases: /, stxr w6, w7, /,
    when: (ours, theirs) => /^9[26]000061$/.test(ours.esr ?? "") && theirs.x6 === "1",
    manual: "Arm ARM, AArch64.ExclusiveMonitorsPass: alignment comes first",
  },
  {
    name: "vectors at an address with reserved bits",
    cases: /, vectors at an address with low bits 0x[2-9a-f]|, vectors at .* 0x1[8]/,
    fields: ["exception"],
    manual: "Arm ARM, VBAR_EL1: bits 10 to 0 are reserved; theirs leaves out 4 to 0 only",
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
  const snippets = [...accessCases(), ...systemCases(), ...stateCases()];
  for (let at = 0; at < snippets.length; at += BATCH) {
    const program = await buildKernelProgram(snippets.slice(at, at + BATCH), directory);
    const theirs = await runQemu(program);
    const ours = runBare(program);
    program.names.forEach((name, i) => comparison.add(name, ours[i] ?? {}, theirs[i] ?? {}));
  }
  return comparison.result("AArch64 EL1 beside qemu-system-aarch64");
}
