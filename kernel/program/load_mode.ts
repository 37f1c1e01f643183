/**
 * How a program's segments come into memory.
 *
 * @module
 */

/** By the kernel's copies before it starts, or page by page when they are touched. */
export type LoadMode = "copyout" | "demand";

/** All of them. */
export const LOAD_MODES: readonly LoadMode[] = ["copyout", "demand"];
