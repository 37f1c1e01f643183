/**
 * Where debug information comes from. {@linkcode DebugFiles} finds, for a program's file, the file
 * that has its debug information (by build-id in `/usr/lib/debug/.build-id`, or by `.gnu_debuglink`
 * beside the program, in `.debug` and in `/usr/lib/debug`), and the symbol table packed into
 * `.gnu_debugdata`. Files of the system that a program ran on may be under a `sysroot`.
 *
 * A file with another build-id, checksum or machine is never used: it is told of, with both values,
 * and the search goes on. Files are opened when they are first needed, and only the sections that
 * are asked for are read.
 *
 * The files, lowest first: `errors.ts`; `paths.ts`; `store.ts`, where files come from; `links.ts`,
 * what a file says of others; `finder.ts`, where these may be; `xz.ts`; `module_files.ts`, the
 * files of one program; `debug_files.ts`, those of all; `problems.ts`, what is damaged in them.
 *
 * @module
 */
export * from "./debug_files.ts";
export * from "./errors.ts";
export type { DebugFilesOptions, Program } from "./finder.ts";
export { FileFinder, type Search } from "./finder.ts";
export { ModuleFiles } from "./module_files.ts";
export { DISK, type FileStore } from "./store.ts";
