/**
 * Walking stacks. A program is {@linkcode RegisterSet registers}, a {@linkcode MemoryReader} and a
 * {@linkcode ModuleList}; a {@linkcode FrameIterator} applies the row of each program counter to
 * them and gives the stack frames, innermost first, and {@linkcode backtrace} all of them at once.
 * A {@linkcode Module} is loaded code with its tables; a {@linkcode TrapStub} says where the
 * registers are that a trap pushed. Where no table leads on, known instructions or a guess may:
 * {@linkcode Frame.certainty} says how sure a stack frame is. Rows are compiled once and kept in a
 * {@linkcode RuleCache}.
 *
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { archByName, Machine, moduleHello } from "@trapline/trapline";
 * import { parseElf } from "@trapline/trapline/elf";
 * import {
 *   backtrace,
 *   moduleFromElf,
 *   ModuleList,
 *   pagedMemory,
 *   RegisterSet,
 * } from "@trapline/trapline/unwind/walk";
 *
 * const program = await moduleHello("aarch64");
 * const elf = parseElf(program.bytes, { name: "module-hello" });
 * using machine = new Machine({ arch: archByName("aarch64"), modules: [program] });
 * machine.addBreakpoint(elf.symbolNamed("crc16")!.value);
 * machine.run();
 * const { frames, end } = backtrace({
 *   registers: RegisterSet.named("aarch64", machine.registers()),
 *   memory: pagedMemory((page, into) => {
 *     into.set(machine.readMemory(page, into.length));
 *     return true;
 *   }),
 *   modules: new ModuleList([moduleFromElf(elf)]),
 * });
 * console.log(frames, end); // crc16, table_intact, main, _start
 * ```
 *
 * @module
 */
export { WalkError, type WalkErrorKind } from "../errors.ts";
export type { Certainty, Doubt, Trust } from "./certainty.ts";
export type * from "./compiled_rule.ts";
export * from "./frame.ts";
export * from "./frame_iterator.ts";
export * from "./kinds/mod.ts";
export * from "./memory.ts";
export * from "./module.ts";
export * from "./module_list.ts";
export * from "./module_sources.ts";
export * from "./register_set.ts";
export * from "./rule_cache.ts";
export * from "./trap.ts";
export * from "./walk.ts";
export type * from "./walk_types.ts";
