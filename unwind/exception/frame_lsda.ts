/**
 * The language-specific data of a stack frame.
 *
 * @module
 */
import { fromBigAddress } from "../../bytes/mod.ts";
import { LsdaError } from "../errors.ts";
import type { Frame } from "../walk/mod.ts";
import { Lsda } from "./lsda.ts";

/**
 * The language-specific data area of a stack frame's function, with addresses as they are in
 * memory; undefined if it has none.
 *
 * @example What the frames of a C++ program have to clean up
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { archByName, Machine, unwindProgram } from "@trapline/trapline";
 * import {
 *   backtrace,
 *   lsdaOf,
 *   moduleFromElf,
 *   ModuleList,
 *   pagedMemory,
 *   parseElf,
 *   RegisterSet,
 * } from "@trapline/trapline/unwind";
 *
 * const program = await unwindProgram("aarch64", { args: "panic", mode: "user" });
 * const elf = parseElf(program.bytes);
 * using machine = new Machine({ arch: archByName("aarch64"), modules: [program] });
 * machine.addBreakpoint(elf.symbolNamed("panic_at")!.value);
 * machine.run();
 * const { frames } = backtrace({
 *   registers: RegisterSet.named("aarch64", machine.registers()),
 *   memory: pagedMemory((page, into) => {
 *     into.set(machine.readMemory(page, into.length));
 *     return true;
 *   }),
 *   modules: new ModuleList([moduleFromElf(elf)]),
 * });
 * for (const frame of frames) console.log(frame, [...lsdaOf(frame)?.callSites() ?? []].length);
 * ```
 *
 * @throws {LsdaError} (`memory`) If its bytes are neither in the module nor in memory.
 * @throws {LsdaError | DecodeError} If its header is malformed.
 */
export function lsdaOf(frame: Frame): Lsda | undefined {
  const at = frame.lsdaAddress;
  const { fde, module } = frame.rule;
  if (at === undefined || fde === undefined || module === undefined) return undefined;
  const source = frame.bytesAt(at);
  if (source === undefined) {
    throw new LsdaError("memory", "Cannot read the LSDA", { source: module.name, address: at });
  }
  return new Lsda(source, {
    address: fromBigAddress(at),
    functionStart: fde.start + module.bias,
  });
}
