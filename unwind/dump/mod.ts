/**
 * Tables as text, one JSON line per function: {@linkcode frameLines} for call frame information, as
 * `readelf` interprets it, and {@linkcode lsdaLines} for language-specific data.
 * {@linkcode frameChunks} gives the same lines as pieces of bytes, which is what makes the dump of
 * a large library fast.
 *
 * ```ts
 * import { frameLines, lsdaLines } from "@trapline/trapline/unwind/dump";
 * import {
 *   moduleHello,
 * } from "@trapline/trapline"; // for the bytes of a file; any ELF64 file will do
 *
 * const { bytes } = await moduleHello("x86_64");
 * for (const line of frameLines(bytes, "module-hello")) console.log(line); // JSON
 * console.log([...lsdaLines(bytes, "module-hello")].length); // 0: C has no exception tables
 * ```
 *
 * @module
 */
export { isFrameSection } from "../cfi/mod.ts";
export * from "./frames.ts";
export * from "./lsda.ts";
