/**
 * Records that their maker changes.
 *
 * @module
 */

/** A record whose fields may be set: who hands it out as it is, read-only, keeps this one. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };
