/**
 * The paths that are measured, and how. Each path opens on one architecture, checks that it does
 * what its name says, and knows the exact number of guest instructions of a round; `measure.ts`
 * adds host time.
 *
 * @module
 */
import { BARE_PATHS } from "./bare_paths.ts";
import { BOOT_PATHS } from "./boot_paths.ts";
import { KERNEL_PATHS } from "./kernel_paths.ts";
import type { Path } from "./path.ts";
import { PREEMPTION } from "./preemption.ts";
import { SNAPSHOT_PATHS } from "./snapshot_paths.ts";
import { SWITCH_PATHS } from "../switches/paths.ts";

/** All paths, in the order of the table. */
export const PATHS: readonly Path[] = [
  ...BARE_PATHS,
  ...SWITCH_PATHS,
  ...KERNEL_PATHS,
  PREEMPTION,
  ...BOOT_PATHS,
  ...SNAPSHOT_PATHS,
];

/**
 * Names of the paths that take long, need something done between rounds, or use memory up: of these
 * each round is timed by itself.
 */
export const LONG_PATHS: ReadonlySet<string> = new Set([
  "demand-zero fault",
  "file page-in",
  PREEMPTION.name,
  ...[...BOOT_PATHS, ...SNAPSHOT_PATHS].map(({ name }) => name),
]);
