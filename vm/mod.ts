/**
 * Programs for the guest's VM, which runs methods in bytecode as code of several kinds: interpreted,
 * by its baseline compiler, by its optimizing one.
 *
 * {@linkcode assemble} makes a program of its text, {@linkcode vmProgram} what a machine boots to run
 * it, and a {@linkcode Reference} interprets it without a machine: what it says is what a walk
 * of the VM's stacks must find.
 *
 * @module
 */
export * from "./bytecode/mod.ts";
export * from "./program.ts";
export * from "./reference/mod.ts";
