/**
 * EL0 beside an independent implementation: the same code, from the same states, as a Linux process
 * under QEMU and on Trapline's CPU under what Linux makes of exceptions.
 *
 * @module
 */
import { Comparison, type Known, type Outcome } from "../differences.ts";
import type { CheckResult } from "../../tool.ts";
import { runMachine } from "./el0_machine.ts";
import { runProcess } from "./el0_process.ts";
import { allSnippets, buildProgram, type UserOutcome } from "./el0_program.ts";

/** Differences that are known. */
const KNOWN: readonly Known[] = [
  {
    name: "misaligned LDAR and STLR",
    cases: /^(ldar|stlr)h? /,
    when: (_ours, theirs) => theirs.signal === "7, code 1",
    caveat: "nor are LDAR and STLR",
  },
  {
    name: "misaligned STXR without a load-exclusive",
    cases: /^stl?x[rp]/,
    when: (ours, theirs) => ours.signal === "7, code 1" && theirs.x7 === "1",
    manual: "Arm ARM, AArch64.ExclusiveMonitorsPass: alignment comes first",
  },
  {
    name: "SIGILL with ILL_ILLOPN",
    cases: /./,
    fields: ["signal"],
    when: (ours, theirs) => ours.signal === "4, code 1" && theirs.signal === "4, code 2",
    manual: "Linux, arch/arm64/kernel/traps.c: do_el0_undef says ILL_ILLOPC",
  },
  {
    name: "no address for what the host finds not canonical",
    cases: /./,
    fields: ["address"],
    when: (ours, theirs) => (BigInt(`0x${ours.address}`) >> 47n) !== 0n && theirs.address === "0",
    manual: "Arm ARM, FAR_EL1: it holds the address of every data abort",
  },
  {
    name: "address of a block in the abort of DC ZVA",
    cases: /^dc zva, /,
    fields: ["address"],
    manual: "Arm ARM, FAR_EL1: the address in the register argument",
  },
  {
    name: "abort before the alignment of PC",
    cases: /misaligned (without permission|and absent)$/,
    fields: ["signal"],
    manual: "Arm ARM, synchronous exception prioritization: PC alignment before instruction aborts",
  },
  {
    name: "tag kept in PC by a return from a signal",
    cases: /^fetch, tagged$/,
    manual: "Arm ARM, AArch64.BranchAddr: an exception return drops the tag",
  },
];

/** Runs all cases on both. */
export async function checkEl0(caveats: string, directory: string): Promise<CheckResult> {
  const program = await buildProgram(allSnippets(), directory);
  const theirs = await runProcess(program, directory);
  const ours = runMachine(program);
  const comparison = new Comparison({ known: KNOWN, caveats });
  program.cases.forEach(({ name }, i) => {
    comparison.add(name, outcomeOf(ours[i]), outcomeOf(theirs[i]));
  });
  return comparison.result("AArch64 EL0 beside qemu-aarch64");
}

function outcomeOf(result: UserOutcome | undefined): Outcome {
  if (result === undefined) return {};
  const { signal, code, address, state, changes } = result;
  const numbered = (letter: string, values: readonly bigint[]) =>
    values.map((value, i) => [`${letter}${i}`, hex(value)]);
  return {
    signal: `${signal}, code ${code}`,
    address: hex(address),
    ...Object.fromEntries(numbered("x", state.x)),
    sp: hex(state.sp),
    pc: hex(state.pc),
    nzcv: hex(state.flags >> 28n),
    ...Object.fromEntries(numbered("v", state.v)),
    fpcr: hex(state.fpcr),
    fpsr: hex(state.fpsr),
    memory: [...changes].map(([at, value]) => `[${hex(at)}] = ${hex(value)}`).join(", "),
  };
}

function hex(value: bigint): string {
  return value.toString(16);
}
