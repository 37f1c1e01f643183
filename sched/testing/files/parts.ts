/**
 * Parts of which files are made.
 *
 * @module
 */
/** A step. */
export const run = { type: "run", time: 3 };

/** A file with one thread, which does these steps. */
export function doing(steps: unknown, more: Record<string, unknown> = {}): unknown {
  return { threads: [{ name: "a", steps }], ...more };
}

/** A file with one thread that has these fields besides its name and steps. */
export function having(
  fields: Record<string, unknown>,
  more: Record<string, unknown> = {},
): unknown {
  return { threads: [{ name: "a", steps: [run], ...fields }], ...more };
}

/** Mutexes of a file. */
export const mutexes = [{ name: "m" }];
/** Steps with that mutex. */
export const lock = { type: "lock", mutex: "m" };
/** See {@linkcode lock}. */
export const unlock = { type: "unlock", mutex: "m" };
/** Jobs. */
export const periodic = { pattern: "periodic" };
