/**
 * What a REPL or a notebook shows of a CPU and of a trap frame.
 *
 * @module
 */

import { inspectAs, wordTable } from "../util/inspect.ts";
import type { ArchName, Cpu, TrapFrame } from "./arch.ts";
import { hex } from "./physical_memory.ts";

/** Has CPUs of a class shown by their general registers. */
export function inspectCpus(
  of: { readonly prototype: Cpu },
  { arch, names }: { readonly arch: ArchName; readonly names: readonly string[] },
): void {
  inspectAs(of, (cpu) => {
    const interrupts = cpu.interruptsEnabled ? "on" : "off";
    return `CPU ${arch} in ${cpu.userMode ? "user" : "kernel"} mode, interrupts ${interrupts}, ` +
      `${cpu.instructions} instructions\n${registerLines(cpu, names)}`;
  });
}

/** Has trap frames of a class shown by what was interrupted. */
export function inspectTrapFrames(
  of: { readonly prototype: TrapFrame },
  { names }: { readonly names: readonly string[] },
): void {
  inspectAs(of, (frame) => {
    const { name, origin, meaning } = frame.report();
    return `Trap frame at ${hex(frame.address)}: ${name} from ${origin}, ${meaning}\n` +
      registerLines(frame, names);
  });
}

function registerLines(of: Pick<Cpu, "register">, names: readonly string[]): string {
  return wordTable(names.map((name) => [name, of.register(name)] as const));
}
