// Programs in bytecode, run by the guest's VM on a machine to their end.
import { archByName } from "../../arch/mod.ts";
import type { GuestArch } from "../../guest/embedded.ts";
import { Machine, type MachineOptions } from "../../kernel/mod.ts";
import { assemble, vmProgram, type VmSettings } from "../mod.ts";

/** How a program has ended. */
export interface Ran {
  /** What it has printed, but for the VM's own messages a number a line. */
  readonly output: string;
  /** Its exit code; undefined if it was killed, or has not ended. */
  readonly code: number | undefined;
  /** Why it was killed, or why the machine stopped. */
  readonly reason: string | undefined;
}

/** A machine with the VM and a program. */
export async function vmMachine(
  arch: GuestArch,
  text: string,
  settings: VmSettings = {},
  options: Partial<MachineOptions> = {},
): Promise<{ machine: Machine; end: { code?: number; reason?: string } }> {
  const end: { code?: number; reason?: string } = {};
  const machine = new Machine({
    arch: archByName(arch),
    modules: [await vmProgram(arch, assemble(text), settings)],
    sinks: [{
      write(event) {
        if (event.type !== "task-exit" || event.task !== "vm") return;
        if (event.code !== undefined) end.code = event.code;
        if (event.reason !== undefined) end.reason = event.reason;
      },
    }],
    ...options,
  });
  return { machine, end };
}

/** Instructions after which a program is taken to hang. */
const LIMIT = 40_000_000;

/** Runs a program to its end. */
export async function runVm(
  arch: GuestArch,
  text: string,
  settings: VmSettings = {},
  options: Partial<MachineOptions> = {},
): Promise<Ran> {
  const { machine, end } = await vmMachine(arch, text, settings, options);
  using _ = machine;
  const result = machine.run(LIMIT);
  const { code } = end;
  const reason = end.reason ?? (result.kind === "halted" ? undefined : result.kind);
  return { output: machine.console.text(), code, reason };
}
