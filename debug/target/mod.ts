/**
 * The one source of memory and registers that everything above reads: a {@linkcode Target} is a
 * core file, a program behind a wire, a running machine or a snapshot of one.
 *
 * @module
 */
export type { Content, NamedContent } from "./content.ts";
export type { ProgramFiles, ProgramFilesOptions } from "./program_files.ts";
export type * from "./target.ts";
export * from "./signal_text.ts";
export * from "./walk_input.ts";
