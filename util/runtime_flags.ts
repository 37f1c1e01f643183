/**
 * How the command is run.
 *
 * @module
 */

/**
 * Options of `deno run` for the command. V8 begins with 1 MiB for young objects, which what reads
 * large files fills over and over, and copies each time what is still in use.
 */
export const RUNTIME_FLAGS: readonly string[] = ["--v8-flags=--min-semi-space-size=16"];
