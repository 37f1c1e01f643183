/**
 * The engine: one CPU, x86-64 or AArch64, that executes real machine code over RAM owned by
 * JavaScript, on top of libunicorn.
 *
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { Engine, X86Register } from "@trapline/trapline/unicorn";
 *
 * const ram = new Uint8Array(0x10000);
 * ram.set([0x48, 0x01, 0xd8, 0xf4], 0x1000); // add %rbx, %rax; hlt
 * using engine = Engine.open("x86_64");
 * engine.mapRam(0n, ram); // the same bytes on both sides
 * engine.writeRegister(X86Register.RAX, 40n);
 * engine.writeRegister(X86Register.RBX, 2n);
 * engine.writeRegister(X86Register.RIP, 0x1000n);
 * console.log(engine.run(100)); // { kind: "halt", instructions: 2 }
 * console.log(engine.readRegister(X86Register.RAX)); // 42n
 * ```
 *
 * {@linkcode loadUnicorn} finds the library and tests that it behaves; {@linkcode ensureUnicorn}
 * fetches the pinned one. {@linkcode Engine.open} makes a CPU; {@linkcode Engine.run} executes it
 * until something happens and says what, with the exact number of instructions. Exceptions come out
 * undelivered: entering them as the architecture manual says is the caller's part, with the
 * registers and the live CPU state offered here. This is the only folder that touches native code,
 * and no native pointer leaves it.
 *
 * @module
 */
export type { CpuImage } from "./image/cpu_image.ts";
export type { BlockWatcher } from "./block_watch.ts";
export type { CodeHookCallback } from "./code_hooks.ts";
export { Engine, type EngineOptions } from "./engine.ts";
export type { EngineRegisters } from "./engine_registers.ts";
export type * from "./exit.ts";
export type { InstructionWatcher } from "./instruction_watch.ts";
export {
  type EngineArch,
  EngineError,
  type EngineErrorFields,
  EngineUsageError,
  type EngineUsageKind,
  type TriedPlace,
  UnicornNotFoundError,
} from "./errors.ts";
export { ensureUnicorn, UnicornFetchError } from "./fetch.ts";
export { loadUnicorn, type LoadUnicornOptions, type UnicornLibrary } from "./library.ts";
export {
  AArch64Register,
  AArch64SystemRegister,
  type AArch64SystemRegisterName,
  AArch64Vector,
  type SystemRegisterEncoding,
} from "./aarch64/constants.ts";
export { X86Msr, X86Register, X86Vector } from "./x86_64/constants.ts";
export type { AccessRecord, MemoryAccess, WatchWindow } from "./memory_watch.ts";
export { cpuModels } from "./models.ts";
export type { AArch64ModelName, ModelName, X86ModelName } from "./models.ts";
export type { AArch64State } from "./aarch64/state.ts";
export {
  type RingEntry,
  type X86Segment,
  X86SegmentIndex,
  type X86State,
  X86TableIndex,
} from "./x86_64/state.ts";
export type { InstructionFinder } from "./x86_64/instruction_stops.ts";
export type { RegisterBatch } from "./register_batch.ts";
export type { SystemRegister } from "./aarch64/system_register.ts";
export type { DescriptorTable, TableRegister } from "./x86_64/tables.ts";
