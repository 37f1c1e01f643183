/**
 * A machine as a debugger sees it ({@linkcode MachineView}): memory by virtual address, registers,
 * tasks, output, and all of that in a few lines. Looking changes nothing; only writing memory does.
 *
 * @module
 */
export { ConsoleView } from "./console_view.ts";
export type { TaskLockSummary } from "./locks.ts";
export { MachineView } from "./machine_view.ts";
export type { Registers } from "./registers.ts";
export type { MappingSummary, TaskSummary } from "./tasks.ts";
export { describeMachine } from "./text.ts";
