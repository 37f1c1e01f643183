/**
 * Architectures: everything that names a register. {@linkcode Arch} is the contract;
 * {@linkcode x86_64} and {@linkcode aarch64} implement it with real guest code and with exception
 * entry as the architecture manuals describe it.
 *
 * ```ts
 * // deno run --allow-read example.ts
 * import { disassemble, x86_64 } from "@trapline/trapline/arch";
 *
 * const code = new Uint8Array([0x48, 0x01, 0xd8, 0x0f, 0x05]);
 * const instructions = await disassemble(code, { arch: "x86_64", address: 0x401000n });
 * for (const { address, text } of instructions) {
 *   console.log(address.toString(16), text); // 401000 add rax, rbx, then 401003 syscall
 * }
 * const { registerNames, image } = x86_64;
 * console.log(registerNames, image.label("syscall_continuation")); // a label of the guest kernel
 * ```
 *
 * @module
 */

import type { Arch, ArchName } from "./arch.ts";
import { aarch64 } from "./aarch64/mod.ts";
import { ArchError } from "./errors.ts";
import { x86_64 } from "./x86_64/mod.ts";

export { aarch64 } from "./aarch64/mod.ts";
export type * from "./arch.ts";
export { disassemble, type DisassembleOptions, type Instruction } from "./disassemble.ts";
export { ArchError, type ArchErrorKind } from "./errors.ts";
export type { ExceptionStateFormat, ExceptionStateLayout } from "./exception_state.ts";
export { GuestImage } from "./guest_image.ts";
export { GUEST_LABELS, type GuestContinuation, type GuestLabel } from "./guest_labels.ts";
export { KernelSpace, type KernelSpaceOptions } from "./kernel_space.ts";
export {
  BLOCK_SIZE,
  type EntryFormat,
  type LeafMapping,
  type PageFrameSource,
  PageTables,
  type Protection,
  type Walk,
} from "./page_tables.ts";
export type { LinuxCallName, LinuxCalls, PointerRequest } from "./linux_calls.ts";
export { PageStore, type RamImage } from "./page_store.ts";
export { PAGE_SIZE, PhysicalMemory } from "./physical_memory.ts";
export type { BasedWords, CallConvention, StackSource, StackUse } from "./stack_use.ts";
export { x86_64 } from "./x86_64/mod.ts";

/** The architectures, by name. */
export const ARCHES: Readonly<Record<ArchName, Arch>> = { x86_64, aarch64 };

/**
 * Finds an architecture by name.
 *
 * @example The two there are
 * ```ts
 * import { archByName, ARCHES } from "@trapline/trapline";
 *
 * for (const name of Object.keys(ARCHES)) console.log(name, archByName(name).userEnd);
 * ```
 *
 * @throws {ArchError} of kind `misuse` if there is none, naming those there are
 */
export function archByName(name: string): Arch {
  if (Object.hasOwn(ARCHES, name)) return ARCHES[name as ArchName];
  throw new ArchError(
    "misuse",
    `Cannot use architecture "${name}": expected ${Object.keys(ARCHES).join(" or ")}`,
  );
}
