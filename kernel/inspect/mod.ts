/**
 * A machine as a debugger sees it: memory by virtual address, registers, tasks, output, and all of
 * that in a few lines. Looking changes nothing; {@linkcode writeMemory} alone writes.
 *
 * @module
 */
export { ConsoleView } from "./console_view.ts";
export { findTask, findThread } from "./find.ts";
export { type MemoryRange, readMemory, readText, writeMemory } from "./memory.ts";
export { cpuRegisters, programRegisters, type Registers } from "./registers.ts";
export { type MappingSummary, summarizeTasks, type TaskSummary } from "./tasks.ts";
export { describeMachine } from "./text.ts";
