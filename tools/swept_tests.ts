/**
 * Which tests have a quick and a full sweep.
 *
 * @module
 */
import type { Import } from "./check_imports.ts";

/** What makes the difference. */
const SWEEP = "util/testing/sweep.ts";

/** The test files that use it, by themselves or by what tests share, in order. */
export function sweptTests(imports: readonly Import[]): string[] {
  const found = new Set([SWEEP]);
  for (const file of found) {
    for (const { from, to } of imports) if (to === file) found.add(from);
  }
  return [...found].filter((file) => file.endsWith("_test.ts")).sort();
}
