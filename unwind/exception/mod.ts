/**
 * Exceptions on their way through a stack (Itanium C++ ABI). {@linkcode lsdaOf} gives the
 * {@linkcode Lsda} of a stack frame, which says what each of its calls wants cleaned up or caught;
 * {@linkcode judge} is the personality routine of C++, Rust and C, which reads it for one
 * exception; an {@linkcode Unwinding} makes of the verdicts the two phases: who takes the
 * exception, where to land next, with which registers. What it knows of C++ objects in the
 * program's memory is here too: which handler takes a type ({@linkcode TypeMatcher}), what a type
 * is called ({@linkcode typeNameAt}), and the layout of `_Unwind_Exception`
 * ({@linkcode EXCEPTION_OBJECT}).
 *
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { archByName, Machine, unwindProgram } from "@trapline/trapline";
 * import { parseElf } from "@trapline/trapline/elf";
 * import { Unwinding } from "@trapline/trapline/unwind/exception";
 * import {
 *   FrameIterator,
 *   moduleFromElf,
 *   ModuleList,
 *   pagedMemory,
 *   RegisterSet,
 * } from "@trapline/trapline/unwind/walk";
 *
 * // C++: five calls deep, an exception that the second level catches.
 * const program = await unwindProgram("x86_64", { args: "throw 2", mode: "user" });
 * const elf = parseElf(program.bytes, { name: "unwind" });
 * using machine = new Machine({ arch: archByName("x86_64"), modules: [program] });
 * machine.addBreakpoint(elf.symbolNamed("__cxa_throw")!.value);
 * machine.run();
 * const frames = () =>
 *   new FrameIterator({
 *     registers: RegisterSet.named("x86_64", machine.registers()),
 *     memory: pagedMemory((page, into) => {
 *       into.set(machine.readMemory(page, into.length));
 *       return true;
 *     }),
 *     modules: new ModuleList([moduleFromElf(elf)]),
 *   });
 * const unwinding = new Unwinding({ exception: { object: 0n, exceptionClass: 0n } });
 * console.log(unwinding.search(frames)); // who takes it
 * console.log(unwinding.begin(frames)); // where to land first, with which registers
 * ```
 *
 * @module
 */
export { LsdaError, type LsdaErrorKind } from "../errors.ts";
export * from "./exception_object.ts";
export * from "./frame_lsda.ts";
export * from "./lsda.ts";
export * from "./personality.ts";
export * from "./two_phase.ts";
export * from "./type_match.ts";
export * from "./type_name.ts";
export * from "./type_symbols.ts";
