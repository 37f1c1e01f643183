// Programs in bytecode, run by the guest's VM on a machine to their end, or to one of its functions.
import { assertEquals } from "@std/assert";
import type { GuestArch } from "../../guest/embedded.ts";
import type { Machine, MachineOptions } from "../../kernel/mod.ts";
import type { EventSink } from "../../trace/mod.ts";
import { vmOf } from "../lockstep/vm_task.ts";
import { assemble, type VmSettings } from "../mod.ts";
import { machineWith } from "./followed.ts";

/** How a program has ended. */
export interface Ran {
  /** What it has printed, but for the VM's own messages a number a line. */
  readonly output: string;
  /** Its exit code; undefined if it was killed, or has not ended. */
  readonly code: number | undefined;
  /** Why it was killed, or why the machine stopped. */
  readonly reason: string | undefined;
}

/** How the VM's task has ended, as far as it has. */
export interface TaskEnd {
  code?: number;
  reason?: string;
}

/** What notes how the VM's task ends. */
export function endSink(end: TaskEnd): EventSink {
  return {
    write(event) {
      if (event.type !== "task-exit" || event.task !== "vm") return;
      if (event.code !== undefined) end.code = event.code;
      if (event.reason !== undefined) end.reason = event.reason;
    },
  };
}

/** A machine with the VM and a program. */
export async function vmMachine(
  arch: GuestArch,
  text: string,
  settings: VmSettings = {},
  options: Partial<MachineOptions> = {},
): Promise<{ machine: Machine; end: TaskEnd }> {
  const end: TaskEnd = {};
  const sinks = [endSink(end)];
  const machine = await machineWith(arch, assemble(text), settings, { sinks, ...options });
  return { machine, end };
}

/** Runs a machine to a function of the VM; the breakpoint there stays until it is disposed of. */
export function runTo(machine: Machine, name: string): Disposable {
  const stop = machine.addBreakpoint(vmOf(machine).file.symbolNamed(name)!.value);
  assertEquals(machine.run(10_000_000).kind, "breakpoint");
  return stop;
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
