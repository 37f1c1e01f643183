/**
 * Tables as text, one JSON line per function: {@linkcode frameLines} for call frame information, as
 * `readelf` interprets it, and {@linkcode lsdaLines} for language-specific data.
 * {@linkcode frameChunks} gives the same lines as pieces of bytes, which is what makes the dump of
 * a large library fast.
 *
 * @module
 */
export * from "./frames.ts";
export * from "./lsda.ts";
