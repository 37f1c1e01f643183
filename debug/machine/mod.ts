/**
 * Targets of machines: one that runs, and one that a snapshot was taken of. Each is the kernel, with
 * the CPU and the kernel's side of every thread, and the tasks in user mode with what their programs
 * see.
 *
 * @example Every thread, with where it is
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { archByName, Machine, moduleHello } from "@trapline/trapline";
 * import { walkInput } from "@trapline/trapline/debug";
 * import { machineTarget } from "@trapline/trapline/debug/machine";
 * import { backtrace } from "@trapline/trapline/unwind";
 *
 * using machine = new Machine({
 *   arch: archByName("x86_64"),
 *   modules: [await moduleHello("x86_64")],
 * });
 * machine.run(12_000);
 * for (const process of machineTarget(machine).processes) {
 *   for (const thread of process.threads) {
 *     const { frames } = backtrace(walkInput(process, thread), process.walk);
 *     console.log(process.name, thread.name, frames.map((frame) => frame.function?.name));
 *   }
 * }
 * ```
 *
 * @module
 */
export { MachineTarget, machineTarget, snapshotTarget } from "./machine_target.ts";
