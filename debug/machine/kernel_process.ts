/**
 * The kernel as a process: the CPU, with whatever it executes, and the kernel's side of every thread
 * that does not run.
 *
 * @module
 */
import { type KernelContext, kernelContexts } from "../../kernel/inspect/kernel_contexts.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { PerCpu } from "../../kernel/per_cpu.ts";
import { LiveState } from "../../kernel/unwind/live_state.ts";
import { RegisterSet } from "../../unwind/walk/mod.ts";
import type { TargetProcess, TargetThread } from "../target/mod.ts";
import { vectorIn } from "./vectors.ts";

/**
 * The kernel's process. Its memory is the kernel's half of the address space, and below that what
 * the CPU sees there now; its code the kernel's, that of programs in kernel mode, and that of the
 * task whose thread runs. Walks end where the kernel was entered from user mode: what comes there
 * is in the task's own process.
 */
export function kernelProcess(k: Kernel): TargetProcess {
  const { current, cpu } = k.cpus[0] as PerCpu;
  const live = new LiveState(k, cpu);
  const modules = live.modules(current.task);
  for (const { kernelMode, code, reaped } of k.tasks) {
    if (!kernelMode || reaped) continue;
    for (const module of code.modules.modules) {
      if (modules.find(module.start) === undefined) modules.add(module);
    }
  }
  let threads: readonly TargetThread[] | undefined;
  return {
    id: k.kernelTask.id,
    name: k.kernelTask.name,
    get threads() {
      return threads ??= kernelContexts(k).map((context) => threadOf(k, { context, live }));
    },
    memory: live.memory(current.task),
    modules,
    missing: [],
    // Interrupts push right below the kernel's stack pointer.
    walk: { redZone: 0, stopAtUser: true },
  };
}

function threadOf(
  k: Kernel,
  { context, live }: { readonly context: KernelContext; readonly live: LiveState },
): TargetThread {
  const { id, name, state, cpu } = context;
  return {
    id,
    name,
    state,
    registers: cpu === null
      ? RegisterSet.named(k.arch.elfMachine, context.registers)
      : live.walkRegisters(live.registers()),
    threadPointer: undefined,
    vector: (dwarf) => cpu === null ? undefined : vectorIn(k, cpu.fpState(), dwarf),
  };
}
