/**
 * Running a machine under the doctor's eyes.
 *
 * @module
 */

import { disassemble } from "../../arch/mod.ts";
import { Machine, type MachineOptions } from "../../kernel/mod.ts";
import type { PerCpu } from "../../kernel/per_cpu.ts";
import type { EventSink, KernelEvent } from "../../trace/mod.ts";
import type { DoctorReport, Evidence, Finding } from "./finding.ts";
import { Findings } from "./findings/findings.ts";
import { Follower } from "./follower.ts";
import type { FindingDraft } from "./findings/ledger.ts";
import { mapOf } from "./findings/map.ts";
import { checkRoles, type DoctorOptions } from "./options.ts";
import type { Draft } from "./stacks/program.ts";
import { findWriters } from "./writers.ts";

/**
 * Builds a machine, runs it and says what is wrong with the stacks of its programs in user mode.
 *
 * The programs run as they would without: same instructions, same events. If a return address turns
 * out to be overwritten they run a second time, to find who did it.
 *
 * @param options what to build the machine from; its sinks are told of the first run
 * @param doctor what is not in the programs' symbols
 * @throws {KernelError} as `new Machine` and `Machine.run`, and of kind `misuse` for options that
 *   are none
 */
export async function diagnose(
  options: MachineOptions,
  doctor: DoctorOptions = {},
): Promise<DoctorReport> {
  const roles = checkRoles(doctor);
  const limit = doctor.instructions ?? Number.MAX_SAFE_INTEGER;
  let isOver = false;
  let told: EventSink | null = null;
  const onlyOnce = (sink: EventSink): EventSink => ({
    write(event) {
      if (!isOver) sink.write(event);
    },
  });
  const sinks = [{ write: (event: KernelEvent) => told?.write(event) }, ...options.sinks ?? []];
  using machine = new Machine({ ...options, sinks: sinks.map(onlyOnce) });
  const begin = machine.snapshot();
  const { kernel } = machine;
  const findings = new Findings(kernel);
  const follower = new Follower(kernel, kernel.cpus[0] as PerCpu, { roles, findings });
  told = follower;
  const { calling } = kernel.arch;
  let halted: string | null = null;
  try {
    const result = machine.run(limit);
    if (result.kind === "halted") halted = result.reason;
  } finally {
    follower[Symbol.dispose]();
  }
  const { instructions } = machine.cpu;
  const { programs, switches } = follower;
  const report = {
    halted,
    instructions,
    switches,
    stacks: programs.reduce((sum, { stacks }) => sum + stacks.all.length, 0),
    maps: programs.filter(({ stacks }) => stacks.all.length > 1)
      .map((program) => mapOf(program, { calling })),
  };
  isOver = true;
  findWriters(machine, { begin, drafts: findings.all });
  const done: Finding[] = [];
  for (const draft of findings.all) done.push(await finish(draft, options));
  return { findings: done, ...report };
}

async function finish(draft: FindingDraft, { arch }: MachineOptions): Promise<Finding> {
  const { program: _program, overwritten: _overwritten, at, evidence, consequences, ...rest } =
    draft;
  const told = async <T extends Draft>(
    { code, ...each }: T,
  ): Promise<Omit<T, "code"> & Evidence> => {
    const [first] = code.length === 0
      ? []
      : await disassemble(code, { arch: arch.name, address: each.address, limit: 1 });
    return { ...each, text: first?.text ?? "" };
  };
  return {
    ...rest,
    at: await told(at),
    evidence: await Promise.all(evidence.map(told)),
    consequences: await Promise.all(consequences.map(told)),
  };
}
