/**
 * Targets of machines: one that runs, and one that a snapshot was taken of. Each is the kernel, with
 * the CPU and the kernel's side of every thread, and the tasks in user mode with what their programs
 * see.
 *
 * @module
 */
export { MachineTarget, machineTarget, snapshotTarget } from "./machine_target.ts";
