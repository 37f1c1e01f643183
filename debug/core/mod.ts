/**
 * Core files of Linux as targets. {@linkcode readCore} takes bytes, {@linkcode openCore} a file of
 * any size.
 *
 * `segments.ts` reads the program headers, `notes.ts` what the notes say of the process, with
 * `thread.ts` and `vectors.ts` for registers and `file_list.ts` for files; `memory.ts` reads memory
 * where it is looked at. Modules come from the list of files (`mapped_modules.ts`), or where there
 * is none from the dynamic linker's (`linked_modules.ts`).
 *
 * @module
 */
export { type CoreProcess, CoreTarget, readCore } from "./core_target.ts";
export * from "./errors.ts";
export * from "./open_core.ts";
export type { CoreOptions } from "./options.ts";
export { CoreThread } from "./thread.ts";
