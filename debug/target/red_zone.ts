/**
 * What lies below the stack pointer.
 *
 * @module
 */
import type { Machine } from "../../elf/mod.ts";

/**
 * Bytes below the stack pointer that belong to a program's stack frame: 128 by the System V ABI of
 * x86-64, and none by Linux on AArch64.
 */
export const RED_ZONE: Readonly<Record<Machine, number>> = { x86_64: 128, aarch64: 0 };
