/**
 * The registers of threads, wherever they are: on the CPU, in a trap frame, in a thread object or
 * in a switch frame.
 *
 * @module
 */

import { ArchError } from "../../../arch/errors.ts";
import { InputError } from "../../../bytes/mod.ts";
import { fpStateOf, setFpStateOf } from "../../../kernel/core/fp_state.ts";
import { threadRegisters } from "../../../kernel/core/task_core.ts";
import {
  CPU_CONTEXT,
  KERNEL_SIDE,
  parkedRegisters,
} from "../../../kernel/inspect/kernel_contexts.ts";
import { programRegister } from "../../../kernel/inspect/registers.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { Thread } from "../../../kernel/thread/thread.ts";
import type { History } from "../../../history/mod.ts";
import { GdbServerError } from "../errors.ts";
import { KERNEL_PROCESS, type ThreadName } from "../names.ts";
import type { RegisterContext } from "../registers/mod.ts";

/** The registers of the CPU as they are, in whatever mode it is. */
function cpuContext(history: History): RegisterContext {
  const { cpu, kernel } = history.machine;
  let fp: Uint8Array | undefined;
  return {
    get: (name) => registerIn((each) => cpu.register(each), name),
    set(name, value) {
      checkWritable(kernel, name);
      history.setRegister(name, value);
    },
    get fp() {
      return fp ??= cpu.fpState();
    },
    setFp(state) {
      cpu.setFpState(state);
      fp = undefined;
      history.changed();
    },
  };
}

/** The registers of a thread's program. */
function programContext(history: History, thread: Thread): RegisterContext {
  const { kernel: k } = history.machine;
  const held = threadRegisters(k, thread);
  const read = readerOf(k, thread);
  let fp: Uint8Array | undefined;
  return {
    get: (name) => Object.hasOwn(held, name) ? held[name] : read && registerIn(read, name),
    set(name, value) {
      checkWritable(k, name);
      history.setRegister(name, value, { thread: thread.id });
    },
    get fp() {
      return fp ??= fpStateOf(k, thread);
    },
    setFp(state) {
      setFpStateOf(k, thread, state);
      fp = undefined;
      history.changed();
    },
  };
}

/**
 * What reads a register of a thread's program; undefined if they are just being saved and the stack
 * they are saved on cannot be walked, where a debugger may have written anything.
 */
function readerOf(k: Kernel, thread: Thread): ((name: string) => bigint) | undefined {
  try {
    return programRegister(k, thread);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** The registers that the kernel's side of a thread will go on with. */
function parkedContext(k: Kernel, thread: Thread): RegisterContext {
  const registers = parkedRegisters(k, thread);
  const refuse = (): never => {
    throw new GdbServerError(
      `Cannot write registers of thread ${KERNEL_SIDE + thread.id} in the kernel: it does not run`,
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
  return name.thread === CPU_CONTEXT
    ? cpuContext(history)
    : parkedContext(history.machine.kernel, thread);
}

/** The register of a name, where there is one. */
function registerIn(read: (name: string) => bigint, name: string): bigint | undefined {
  try {
    return read(name);
  } catch (error) {
    if (error instanceof ArchError) return undefined;
    throw error;
  }
}

function checkWritable({ arch }: Kernel, name: string): void {
  if (arch.registerNames.includes(name)) return;
  throw new GdbServerError(
    `Cannot write register ${name}: expected a general, floating-point or vector register`,
  );
}
