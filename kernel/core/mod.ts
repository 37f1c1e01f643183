/**
 * Core files of tasks, which debuggers read: `task_core.ts` gathers, `notes.ts` and `memory.ts` say
 * how Linux lays it out, `death.ts` what a thread is dying of.
 *
 * @module
 */
export { taskCore } from "./task_core.ts";
