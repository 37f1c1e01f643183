/**
 * A task in user mode as a process, with what its program sees, wherever the kernel has put it.
 *
 * @module
 */
import { deathOf } from "../../kernel/core/death.ts";
import { fpStateOf } from "../../kernel/core/fp_state.ts";
import { programThreads, threadRegisters } from "../../kernel/core/task_core.ts";
import { stateOf } from "../../kernel/inspect/kernel_contexts.ts";
import { programRegister } from "../../kernel/inspect/registers.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Task } from "../../kernel/thread/task.ts";
import type { Thread } from "../../kernel/thread/thread.ts";
import { taskMemory } from "../../kernel/unwind/unwind_stack.ts";
import { RegisterSet } from "../../unwind/walk/mod.ts";
import type { SignalInfo, TargetProcess, TargetThread } from "../target/mod.ts";
import { debuggerModules } from "./task_modules.ts";
import { vectorIn } from "./vectors.ts";

/** A task's process; threads that have no program yet, or none any more, are not among its own. */
export function taskProcess(k: Kernel, task: Task): TargetProcess {
  let threads: readonly TargetThread[] | undefined;
  return {
    id: task.id,
    name: task.name,
    get threads() {
      return threads ??= programThreads(k, task).map((thread) => threadOf(k, thread));
    },
    memory: taskMemory(k, task),
    get modules() {
      return debuggerModules(task.code.modules);
    },
    missing: [],
    walk: { redZone: k.arch.redZone },
    get signal() {
      return signalOf(k, task);
    },
  };
}

function threadOf(k: Kernel, thread: Thread): TargetThread {
  let registers: RegisterSet | undefined;
  return {
    id: thread.id,
    name: thread.task.name,
    get registers() {
      return registers ??= registersOf(k, thread);
    },
    get threadPointer() {
      return threadRegisters(k, thread)[k.arch.core.threadPointer];
    },
    state: stateOf(thread),
    vector: (dwarf) => vectorIn(k, fpStateOf(k, thread), dwarf),
  };
}

/** Those of a core file: general ones, and what else the kernel keeps of a program. */
function registersOf(k: Kernel, thread: Thread): RegisterSet {
  const { elfMachine, core } = k.arch;
  const read = programRegister(k, thread);
  const held = threadRegisters(k, thread);
  const values = Object.fromEntries(
    core.general.filter((name) => name !== null)
      // DWARF has a dot where Linux has an underscore.
      .map((name) => [name.replace("_", "."), held[name] ?? read(name)]),
  );
  return RegisterSet.named(elfMachine, values);
}

function signalOf(k: Kernel, task: Task): SignalInfo | undefined {
  const [first] = programThreads(k, task);
  if (first === undefined) return undefined;
  const { signal: number, info } = deathOf(k, first);
  if (number === 0) return undefined;
  return info === undefined ? { number } : { number, code: info.code, address: info.address };
}
