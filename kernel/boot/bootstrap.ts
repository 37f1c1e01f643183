/**
 * The startup thread: reports the machine, starts the kernel's threads and carries out the bootstrap script.
 *
 * @module
 */

import { parseScriptLine } from "./boot_script.ts";
import { DAEMONS } from "../thread/daemons.ts";
import { execute, type LoadMode } from "./exec.ts";
import { type Kernel, KERNEL_PRIORITY, USER_PRIORITY } from "../kernel.ts";
import { enterKernelProgram, loadKernelProgram } from "./kernel_program.ts";
import { type Module, type Program, readProgram } from "./loader.ts";
import { isShort } from "../vm/memory.ts";
import { blockKeepingStack, type Outcome, RETURN } from "../thread/outcome.ts";
import type { Task } from "../thread/task.ts";
import { attachStack } from "../thread/thread_stacks.ts";

/** Ports that a script line may name; their numbers are what the program gets. */
const SCRIPT_PORTS = { "host-port": "1", "device-port": "2" } as const;

/** How the bootstrap script is to be carried out. */
export interface BootstrapOptions {
  /** Kernel command line. */
  readonly commandLine: string;
  /** How programs are loaded. */
  readonly load: LoadMode;
}

/** The startup thread's code. */
export function startup(k: Kernel, options: BootstrapOptions): Outcome {
  const { events } = k;
  events.message(`Trapline 0.1.0\nKernel command line: ${options.commandLine}\n`);
  events.message(`Booting in ${k.arch.kernelMode}\n`);
  reportMemory(k);
  events.message(`Model name: Trapline virtual ${k.arch.name} machine\n`);
  k.modules.forEach((module, i) => events.message(`module ${i}: ${module.commandLine}\n`));
  events.message(`${k.modules.length} bootstrap modules\n`);
  for (const continuation of DAEMONS) {
    const thread = k.createThread(k.kernelTask, { priority: KERNEL_PRIORITY, continuation });
    attachStack(k, thread);
    k.enqueue(thread, "start");
  }
  return runScript(k, options, 0);
}

function reportMemory(k: Kernel): void {
  const { frames, events } = k;
  const mib = (pages: number) => `${Math.floor(pages / 256)}M`;
  const { total, available } = frames;
  events.message(`vm_page: page table size: ${total} entries (${Math.ceil(total / 1024)}k)\n`);
  events.message(
    `vm_page: DMA: pages: ${total} (${mib(total)}), free: ${available} (${mib(available)})\n`,
  );
  events.message(`vm_page: DMA: min:${frames.minimum} low:${frames.low} high:${frames.high}\n`);
}

/** Starts one module after another; each has loaded its program before the next begins. */
function runScript(k: Kernel, options: BootstrapOptions, index: number): Outcome {
  const module = k.modules[index];
  if (module === undefined) return waitForEnd(k);
  if (isShort(k)) {
    k.events.message(`${module.name}: not started, no memory left\n`);
    return runScript(k, options, index + 1);
  }
  const line = parseScriptLine(module.commandLine, scriptVariables(options));
  const task = startTask(k, { module, argv: line.argv, load: options.load });
  const loaded = (): Outcome => {
    if (line.functions.includes("task-resume") && task.status === null) {
      k.events.message(`\n\nstart ${task.name}: `);
      resumeTask(k, task);
    }
    return runScript(k, options, index + 1);
  };
  return waitUntil(k, () => task.suspended || task.status !== null, loaded);
}

/** Values of `${name}` in script lines. */
export function scriptVariables(options: BootstrapOptions): Record<string, string> {
  return { ...SCRIPT_PORTS, "kernel-command-line": options.commandLine };
}

/** Makes a suspended task whose first thread will load the program. */
function startTask(
  k: Kernel,
  request: { module: Module; argv: readonly string[]; load: LoadMode },
): Task {
  const { module, argv, load } = request;
  const program = readProgram(module.bytes, {
    name: module.name,
    arch: k.arch,
    mode: module.mode,
  });
  if (module.mode === "kernel") return startKernelTask(k, { module, argv, program });
  const task = k.createTask({ name: module.name, module, space: k.createSpace() });
  task.suspendCount = 1;
  const thread = k.createThread(task, {
    priority: USER_PRIORITY,
    continuation: "user_bootstrap",
    resume: () =>
      execute(k, { program, argv, load }, ({ pc, sp }) => {
        k.arch.trapFrame(k.space, k.frameAddress(thread), { cpu: k.cpu })
          .initializeUser({ pc, sp, argument: 0n });
        thread.userReady = true;
        thread.asts.add("suspend");
        task.suspended = true;
        k.queues.startup.wakeAll();
        return RETURN;
      }),
  });
  k.enqueue(thread, "start");
  return task;
}

/** Makes a suspended kernel-mode task. */
function startKernelTask(
  k: Kernel,
  request: { module: Module; argv: readonly string[]; program: Program },
): Task {
  const { module, argv, program } = request;
  const task = k.createTask({ name: module.name, module, space: null });
  task.suspendCount = 1;
  const thread = k.createThread(task, {
    priority: USER_PRIORITY,
    continuation: "user_bootstrap",
    resume: () => {
      loadKernelProgram(k, task, program);
      k.events.message(`task loaded: ${argv.join(" ")}\n`);
      task.suspended = true;
      thread.suspended = true;
      k.queues.startup.wakeAll();
      return blockKeepingStack(() => enterKernelProgram(k, { entry: program.entry, argv }));
    },
  });
  k.enqueue(thread, "start");
  return task;
}

/** Lets the threads of a suspended task go on. */
function resumeTask(k: Kernel, task: Task): void {
  task.suspendCount--;
  if (task.suspendCount > 0) return;
  for (const thread of task.threads) {
    if (thread.state === "blocked" && thread.suspended) {
      thread.suspended = false;
      k.makeReady(thread);
    }
  }
}

/** After the script the startup thread waits for the last task to end. */
function waitForEnd(k: Kernel): Outcome {
  const over = () => k.tasks.every((task) => task === k.kernelTask || task.status !== null);
  return waitUntil(k, over, () => ({ kind: "halt", reason: "all tasks have ended" }));
}

/** Blocks, keeping the stack, until a condition of the startup queue holds. */
function waitUntil(k: Kernel, condition: () => boolean, then: () => Outcome): Outcome {
  if (condition()) return then();
  k.queues.startup.takeSignal();
  k.queues.startup.add(k.current);
  return blockKeepingStack(() => waitUntil(k, condition, then));
}
