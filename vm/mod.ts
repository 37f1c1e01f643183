/**
 * Programs for the guest's VM, which runs methods in bytecode as code of several kinds: interpreted,
 * by its baseline compiler, by its optimizing one.
 *
 * {@linkcode assemble} makes a program of its text, {@linkcode vmProgram} what a machine boots to run
 * it, and a {@linkcode Reference} interprets it without a machine: what it says is what a walk
 * of the VM's stacks must find.
 *
 * @example A program that prints 42
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { archByName, Machine } from "@trapline/trapline";
 * import { assemble, vmProgram } from "@trapline/trapline/vm";
 *
 * const program = assemble(`
 *   method main()
 *     iconst 40
 *     invoke plus_two
 *     invoke print
 *     return
 *   end
 *   method plus_two(int n): int jit
 *     inc n 2
 *     load n
 *     return_value
 *   end
 * `);
 * using machine = new Machine({
 *   arch: archByName("aarch64"),
 *   modules: [await vmProgram("aarch64", program)],
 * });
 * machine.run();
 * console.log(machine.console.text());
 * ```
 *
 * @module
 */
export * from "./bytecode/mod.ts";
export * from "./program.ts";
export * from "./reference/mod.ts";
