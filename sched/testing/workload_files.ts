/**
 * Workload files that are right, and files that are wrong in one thing each, for whoever reads
 * them.
 *
 * @module
 */
import type { BadFile } from "./files/bad_file.ts";
import { BAD_REST } from "./files/bad_rest.ts";
import { BAD_STEPS } from "./files/bad_steps.ts";
import { BAD_THREADS } from "./files/bad_threads.ts";

export type { BadFile } from "./files/bad_file.ts";
export { GOOD_FILES } from "./files/good_files.ts";

/** Files that are wrong. */
export const BAD_FILES: readonly BadFile[] = [...BAD_THREADS, ...BAD_STEPS, ...BAD_REST];
