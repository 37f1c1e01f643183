/**
 * The startup thread: reports the machine, starts the kernel's threads and carries out the
 * bootstrap script.
 *
 * @module
 */

import { DAEMONS } from "../daemons/daemons.ts";
import type { Kernel } from "../kernel.ts";
import type { Continuation } from "../thread/continuation.ts";
import { blockKeepingStack, type Outcome } from "../thread/outcome.ts";
import { KERNEL_PARAMETERS } from "../thread/parameters.ts";
import type { Task } from "../thread/task.ts";
import type { Thread } from "../thread/thread.ts";
import { isShort } from "../memory/supply.ts";
import { parseScriptLine } from "./boot_script.ts";
import type { BootModule, BootOptions } from "../program/loader.ts";

/** Ports that a script line may name; their numbers are what the program gets. */
const SCRIPT_PORTS = { "host-port": "1", "device-port": "2" } as const;

/** The startup thread's code. */
export function startup(k: Kernel, thread: Thread): Outcome {
  const { events } = k;
  events.message(`Trapline 0.1.0\nKernel command line: ${k.boot.commandLine}\n`);
  events.message(`Booting in ${k.arch.kernelMode}\n`);
  reportMemory(k);
  events.message(`Model name: Trapline virtual ${k.arch.name} machine\n`);
  for (const module of k.bootModules) {
    events.message(`module ${module.index}: ${module.commandLine}\n`);
  }
  events.message(`${k.bootModules.length} bootstrap modules\n`);
  for (const { label, body } of DAEMONS) {
    const daemon = k.createThread(k.kernelTask, {
      parameters: KERNEL_PARAMETERS,
      label,
      resume: body,
    });
    k.stacks.attach(daemon);
    k.start(daemon);
  }
  return runScript(k, thread, 0);
}

function reportMemory(k: Kernel): void {
  const { pageFrames, events } = k;
  const mib = (pages: number) => `${Math.floor(pages / 256)}M`;
  const { total, available, minimum, low, high } = pageFrames;
  events.message(`vm_page: page table size: ${total} entries (${Math.ceil(total / 1024)}k)\n`);
  events.message(
    `vm_page: DMA: pages: ${total} (${mib(total)}), free: ${available} (${mib(available)})\n`,
  );
  events.message(`vm_page: DMA: min:${minimum} low:${low} high:${high}\n`);
}

/** Starts one boot module after another; each has loaded its program before the next begins. */
function runScript(k: Kernel, thread: Thread, index: number): Outcome {
  const module = k.bootModules[index];
  if (module === undefined) return waitForEnd(k, thread);
  if (isShort(k)) {
    k.events.message(`${module.name}: not started, no memory left\n`);
    return runScript(k, thread, index + 1);
  }
  const { argv } = parseScriptLine(module.commandLine, scriptVariables(k.boot));
  const task = startTask(k, { module, argv });
  return waitForLoading(k, thread, { index, task: task.id });
}

/** Values of `${name}` in script lines. */
export function scriptVariables(options: BootOptions): Record<string, string> {
  return { ...SCRIPT_PORTS, "kernel-command-line": options.commandLine };
}

/** Makes a suspended task whose first thread will load the program. */
function startTask(
  k: Kernel,
  request: { module: BootModule; argv: readonly string[] },
): Task {
  const { module, argv } = request;
  const { mode, name } = module;
  const space = mode === "user" ? k.createSpace() : null;
  const task = k.createTask({ name, module, space });
  task.suspend();
  const first = k.createThread(task, {
    parameters: module.parameters,
    label: "user_bootstrap",
    resume: mode === "user"
      ? { name: "exec", argv, load: k.boot.load }
      : { name: "kernel_exec", argv },
  });
  k.start(first);
  return task;
}

/** When the task of a script line is loaded or over, goes on with the script. */
export function waitForLoading(
  k: Kernel,
  thread: Thread,
  at: { index: number; task: number },
): Outcome {
  const { index } = at;
  const task = k.task(at.task);
  if (!task.loaded && task.status === null) {
    return waitOn(k, thread, { name: "script_loaded", ...at });
  }
  const line = parseScriptLine(k.bootModules[index]?.commandLine ?? "", scriptVariables(k.boot));
  if (line.functions.includes("task-resume") && task.status === null) {
    k.events.message(`\n\nstart ${task.name}: `);
    resumeTask(k, task);
  }
  return runScript(k, thread, index + 1);
}

/** Lets the threads of a suspended task go on. */
function resumeTask(k: Kernel, task: Task): void {
  if (!task.resume()) return;
  for (const thread of k.threadsOf(task)) {
    if (thread.state === "blocked" && thread.wait?.kind === "resume") k.makeReady(thread);
  }
}

/** After the script the startup thread waits for the last task to end. */
export function waitForEnd(k: Kernel, thread: Thread): Outcome {
  const over = k.tasks.every((task) => task === k.kernelTask || task.status !== null);
  return over
    ? { kind: "halt", reason: "all tasks have ended" }
    : waitOn(k, thread, { name: "script_over" });
}

/** Blocks, keeping the stack, until something happens that the startup thread may wait for. */
function waitOn(k: Kernel, thread: Thread, then: Continuation<unknown>): Outcome {
  k.queues.startup.takeSignal();
  k.waitOn(thread, "startup");
  return blockKeepingStack(then);
}
