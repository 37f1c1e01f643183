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

/** All paths, in the order of the table. */
export const PATHS: readonly Path[] = [
  ...BARE_PATHS,
  ...KERNEL_PATHS,
  PREEMPTION,
  ...BOOT_PATHS,
  ...SNAPSHOT_PATHS,
];
