/**
 * How guest code is compiled and linked, ours and users'.
 *
 * @module
 */
import type { GuestArch } from "./embedded.ts";

/** Freestanding code at fixed addresses, with unwind tables. */
export const COMPILE_FLAGS: readonly string[] = [
  "-ffreestanding",
  "-nostdlib",
  "-fno-pic",
  "-fno-stack-protector",
  "-fasynchronous-unwind-tables",
  "-Wall",
  "-Wextra",
];

/** C++ with exceptions and run-time type information, whose support routines are the guest's. */
export const CXX_FLAGS: readonly string[] = [
  "-std=c++17",
  "-fexceptions",
  "-frtti",
  "-nostdinc++",
];

/** Static ELF files with a search table for the unwinder, the same wherever they are linked. */
export const LINK_FLAGS: readonly string[] = [
  "-static",
  "--build-id=none",
  "--eh-frame-hdr",
  "-z",
  "noexecstack",
  "-z",
  "max-page-size=4096",
];

/** Where programs for user mode are linked and begin. */
export const PROGRAM_LINK_FLAGS: readonly string[] = ["--image-base=0x400000", "-e", "_start"];

/** Each segment on pages of the file, too, so that it can be loaded by demand. */
export const PAGED_FLAGS: readonly string[] = ["-z", "separate-loadable-segments"];

/**
 * Oldest major version of the compiler. For AArch64, unwind tables of C and C++ are right between
 * prologue and epilogue only up to version 14, and a thread can be stopped anywhere.
 */
export const OLDEST_CLANG: Readonly<Record<GuestArch, number>> = { x86_64: 14, aarch64: 15 };
