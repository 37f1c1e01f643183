/**
 * Core files, which debuggers read. `task_core.ts` gathers what one of a task has, `kernel_core.ts`
 * what one of the whole machine has; `notes.ts` and `memory.ts` say
 * how Linux lays it out, `death.ts` what a thread is dying of.
 *
 * @module
 */
export { kernelCore } from "./kernel_core.ts";
export { taskCore } from "./task_core.ts";
