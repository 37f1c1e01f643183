/**
 * Whether two snapshots are of the same state.
 *
 * @module
 */

import { share } from "./share.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * Whether two machines, or one at two instants, were in the same state: built alike, with the same
 * RAM, CPUs and kernel. Snapshots that were taken from one on share most of what they hold, which
 * need not be looked at.
 */
export function isSameSnapshot(left: Snapshot, right: Snapshot): boolean {
  return share(left, right) === right;
}
