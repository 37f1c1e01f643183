/**
 * The registers of threads, wherever they are: on the CPU, in a trap frame, in a thread object or
 * in a switch frame.
 *
 * @module
 */

import { ArchError } from "../../../arch/errors.ts";
import { fpStateOf, setFpStateOf } from "../../../kernel/core/fp_state.ts";
import { threadRegisters } from "../../../kernel/core/task_core.ts";
import { KernelError } from "../../../kernel/errors.ts";
import { CPU_CONTEXT, kernelContexts } from "../../../kernel/inspect/kernel_contexts.ts";
import { programRegister } from "../../../kernel/inspect/registers.ts";
import type { Thread } from "../../../kernel/thread/thread.ts";
import type { History } from "../../../history/mod.ts";
import { GdbServerError } from "../errors.ts";
import { KERNEL_PROCESS, type ThreadName } from "../names.ts";
import type { RegisterContext } from "../registers/mod.ts";

/** The registers of the CPU as they are, in whatever mode it is. */
function cpuContext(history: History): RegisterContext {
  const { cpu, kernel } = history.machine;
  return {
    get(name) {
      try {
        return cpu.register(name);
      } catch (error) {
        if (error instanceof ArchError) return undefined;
        throw error;
      }
    },
    set(name, value) {
      if (!kernel.arch.registerNames.includes(name)) throw readOnly(name);
      history.setRegister(name, value);
    },
    get fp() {
      return cpu.fpState();
    },
    setFp(state) {
      cpu.setFpState(state);
      history.changed();
    },
  };
}

/** The registers of a thread's program. */
function programContext(history: History, thread: Thread): RegisterContext {
  const { kernel: k } = history.machine;
  const held = threadRegisters(k, thread);
  const read = programRegister(k, thread);
  return {
    get(name) {
      if (Object.hasOwn(held, name)) return held[name];
      try {
        return read(name);
      } catch (error) {
        if (error instanceof ArchError) return undefined;
        throw error;
      }
    },
    set(name, value) {
      if (!k.arch.registerNames.includes(name)) throw readOnly(name);
      try {
        history.setRegister(name, value, { thread: thread.id });
      } catch (error) {
        if (error instanceof KernelError) throw new GdbServerError(error.message);
        throw error;
      }
    },
    get fp() {
      return fpStateOf(k, thread);
    },
    setFp(state) {
      setFpStateOf(k, thread, state);
      history.changed();
    },
  };
}

/** The registers that the kernel's side of a thread will go on with. */
function parkedContext(history: History, name: ThreadName): RegisterContext {
  const context = kernelContexts(history.machine.kernel).find(({ id }) => id === name.thread);
  const registers = context?.registers ?? {};
  const refuse = (): never => {
    throw new GdbServerError(
      `Cannot write registers of thread ${name.thread} in the kernel: it does not run`,
    );
  };
  return {
    get: (register) => Object.hasOwn(registers, register) ? registers[register] : undefined,
    set: refuse,
    fp: undefined,
    setFp: refuse,
  };
}

/** The registers of a thread by its name. */
export function contextOf(
  history: History,
  { name, thread }: { readonly name: ThreadName; readonly thread: Thread },
): RegisterContext {
  if (name.process !== KERNEL_PROCESS) return programContext(history, thread);
  return name.thread === CPU_CONTEXT ? cpuContext(history) : parkedContext(history, name);
}

function readOnly(name: string): GdbServerError {
  return new GdbServerError(
    `Cannot write register ${name}: expected a general, floating-point or vector register`,
  );
}
