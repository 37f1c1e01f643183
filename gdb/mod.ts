/**
 * gdb at a machine: {@linkcode serveGdb} opens a port at which it finds one.
 *
 * @module
 */
export * from "./server/mod.ts";
