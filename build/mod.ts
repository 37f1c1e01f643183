/**
 * Builds programs of your own, in C, C++ and assembly, with the clang and lld of this host.
 *
 * ```ts
 * // deno run --allow-ffi --allow-env --allow-read --allow-write --allow-run=clang,ld.lld hello.ts
 * import { archByName, Machine } from "@trapline/trapline";
 * import { buildProgram } from "@trapline/trapline/build";
 *
 * await Deno.writeTextFile(
 *   "hello.c",
 *   `#include <format.h>
 *    int main(int argc, char **argv) { put_format("hello %s\\n", argv[argc - 1]); return 7; }`,
 * );
 * const { bytes } = await buildProgram({ arch: "x86_64", sources: ["hello.c"] });
 * using machine = new Machine({
 *   arch: archByName("x86_64"),
 *   modules: [{ commandLine: "hello world", bytes }],
 * });
 * machine.run();
 * console.log(machine.console.text()); // hello world
 * console.log(machine.tasks[1]?.status); // { kind: "exit", code: 7 }
 * ```
 *
 * {@linkcode writeProgramFiles} writes the headers and sources for builds by other means.
 *
 * @module
 */
export type { GuestArch } from "../guest/embedded.ts";
export { BuildError, type BuildErrorKind } from "./errors.ts";
export {
  type BuildOptions,
  buildProgram,
  type BuiltProgram,
  writeProgramFiles,
} from "./program.ts";
