// Programs in bytecode on machines, followed by the reference interpreter.
import { archByName } from "../../arch/mod.ts";
import type { GuestArch } from "../../guest/embedded.ts";
import { Machine, type MachineOptions } from "../../kernel/mod.ts";
import { type VmProgram, vmProgram, type VmSettings } from "../mod.ts";
import { lockstep, type LockstepOptions, type LockstepReport } from "../lockstep/lockstep.ts";

/** A machine that is about to boot the VM with a program. */
export async function machineWith(
  arch: GuestArch,
  program: VmProgram,
  settings: VmSettings = {},
  options: Partial<MachineOptions> = {},
): Promise<Machine> {
  return new Machine({
    arch: archByName(arch),
    modules: [await vmProgram(arch, program, settings)],
    ...options,
  });
}

/** What has come of a program that was followed. */
export interface Followed extends LockstepReport {
  /** Numbers that it has printed, in order. */
  readonly printed: readonly bigint[];
}

/** Follows a program to its end. */
export async function followed(
  arch: GuestArch,
  program: VmProgram,
  { settings = {}, machine: built = {}, ...options }: LockstepOptions & {
    readonly settings?: VmSettings;
    readonly machine?: Partial<MachineOptions>;
  } = {},
): Promise<Followed> {
  using machine = await machineWith(arch, program, settings, built);
  const report = lockstep(machine, program, options);
  const lines = machine.console.text().split("\n").filter((line) => /^-?\d+$/.test(line));
  return { ...report, printed: lines.map(BigInt) };
}
