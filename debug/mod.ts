/**
 * What debuggers do. {@linkcode Symbols} tells functions and lines of addresses, out of files that
 * {@linkcode DebugFiles} finds. A {@linkcode Target} is what is debugged, wherever its memory and registers
 * come from; {@linkcode openCore} and {@linkcode readCore} make one of a core file of Linux.
 * {@linkcode FrameReader} reads its stacks, {@linkcode variablesOf} what is in scope in a frame, and
 * {@linkcode backtraceReport} writes both as gdb does; {@linkcode stackPicture} shows each word.
 *
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { archByName, Machine, moduleHello } from "@trapline/trapline";
 * import { readCore, walkInput } from "@trapline/trapline/debug";
 * import { parseElf } from "@trapline/trapline/elf";
 * import { backtrace } from "@trapline/trapline/unwind/walk";
 *
 * const program = await moduleHello("aarch64");
 * using machine = new Machine({ arch: archByName("aarch64"), modules: [program] });
 * machine.addBreakpoint(parseElf(program.bytes).symbolNamed("crc16")!.value);
 * machine.run();
 * const { process } = readCore(machine.core(), { open: () => program.bytes });
 * console.log(backtrace(walkInput(process), process.walk).frames); // crc16, …, _start
 * ```
 *
 * @module
 */
export * from "./core/mod.ts";
export * from "./demangle/mod.ts";
export * from "./files/mod.ts";
export * from "./frames/mod.ts";
export * from "./report/mod.ts";
export * from "./stack/mod.ts";
export * from "./symbols/mod.ts";
export * from "./target/mod.ts";
export * from "./values/mod.ts";
