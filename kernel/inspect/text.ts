/**
 * What a REPL or a notebook shows of a machine and its parts: a few lines each.
 *
 * @module
 */

import { hex } from "../../arch/physical_memory.ts";
import { inspectAs } from "../../util/inspect.ts";
import { moduleFromElf } from "../../unwind/walk/mod.ts";
import { Kernel } from "../kernel.ts";
import { PerCpu } from "../per_cpu.ts";
import { describeThread } from "../thread/describe.ts";
import { Task } from "../thread/task.ts";
import { Thread } from "../thread/thread.ts";
import { ConsoleView } from "./console_view.ts";

/** Tasks and lines of output that are shown; more are counted. */
const SHOWN = 8;

/** A machine: where it is, who runs, who else is there, what was printed last. */
export function describeMachine(k: Kernel): string {
  const { arch, clock, halted, policy, memory } = k;
  const now = halted === null ? "" : `, halted: ${halted}`;
  const lines = [
    `Machine ${arch.name}, ${memory.size / 2 ** 20} MiB, policy ${policy.name}, ` +
    `time ${clock.now}${now}`,
    ...k.cpus.map((on) => `  ${describePerCpu(k, on)}`),
    ...shortened(k.tasks.map((task) => `  ${describeTask(k, task)}`), "tasks"),
  ];
  const printed = new ConsoleView(k).text().trimEnd();
  if (printed !== "") lines.push(`  printed last: ${JSON.stringify(printed.split("\n").at(-1))}`);
  return lines.join("\n");
}

/** A CPU and who runs on it. */
export function describePerCpu(k: Kernel, on: PerCpu): string {
  const { id, current, cpu } = on;
  return `CPU ${id} at ${placeOf(k, current.task, cpu.pc)} in ` +
    `${cpu.userMode ? "user" : "kernel"} mode, thread ${current.id} of ${current.task.name}`;
}

/** A task: whether it lives, and how many threads and pages it has. */
export function describeTask(k: Kernel, task: Task): string {
  const { id, name, status, space, threads } = task;
  const life = status === null
    ? task.suspended ? "suspended" : "alive"
    : status.kind === "exit"
    ? `exit ${status.code}`
    : `killed: ${status.reason}`;
  const pages = space === null ? "in the kernel" : `${space.residentCount} pages`;
  const alive = [...threads].filter((thread) => k.threads[thread]?.state !== "dead").length;
  return `Task ${id} ${name}: ${life}, ${alive} ${alive === 1 ? "thread" : "threads"}, ${pages}`;
}

/** An address with the function it is in, if that has a name. */
export function placeOf(k: Kernel, task: Task, pc: bigint): string {
  const module = pc >= k.arch.image.begin && pc < k.arch.image.end
    ? moduleFromElf(k.arch.image.elf)
    : task.code.modules.at(pc);
  const found = module?.nameOf(pc);
  return found === undefined
    ? hex(pc)
    : `${hex(pc)} ${found.name}${found.offset === 0n ? "" : `+${hex(found.offset)}`}`;
}

function shortened(lines: readonly string[], what: string): readonly string[] {
  if (lines.length <= SHOWN) return lines;
  return [...lines.slice(0, SHOWN), `  and ${lines.length - SHOWN} more ${what}`];
}

inspectAs(Kernel, (k) => `Kernel of\n${describeMachine(k)}`);
inspectAs(
  PerCpu,
  ({ id, current, isIdle }) => `CPU ${id}: ${isIdle ? "idle" : describeThread(current)}`,
);
inspectAs(Thread, describeThread);
inspectAs(
  Task,
  ({ id, name, status, threads }) =>
    `Task ${id} ${name}: ${status?.kind ?? "alive"}, threads ${[...threads].join(", ") || "none"}`,
);
inspectAs(
  ConsoleView,
  (view) => `Console of ${view.bytes().length} bytes: ${JSON.stringify(view.text().slice(-200))}`,
);
