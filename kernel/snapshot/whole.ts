/**
 * Whether a snapshot still has its bytes.
 *
 * @module
 */

import { SnapshotError } from "./errors.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * Finds out whether a snapshot has all of its bytes: a program that has transferred them, to a
 * worker say, has them no more.
 * @throws {SnapshotError} of kind `file` if some are gone
 */
export function checkWhole({ ram: { frames, pages }, cpus }: Snapshot): void {
  const blocks = [cpus].flat().flatMap(({ state }) => state?.image.state ?? []);
  if (!isGone(frames) && !pages.some(isGone) && !blocks.some(isGone)) return;
  throw new SnapshotError("file", "Cannot use a snapshot: some of its bytes were transferred away");
}

function isGone({ buffer }: ArrayBufferView<ArrayBuffer>): boolean {
  return buffer.detached;
}
