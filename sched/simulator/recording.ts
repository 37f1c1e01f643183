/**
 * What another host has recorded, for a simulation to go through the same again: a machine, say,
 * from an instant at which all of its threads sleep.
 *
 * @module
 */
import type { ThreadId } from "../policy.ts";
import type { Plain } from "../../util/plain.ts";

/** Where a simulation begins, and how long run steps are. */
export interface Recording {
  /** The time it begins at. */
  readonly time: number;
  /**
   * What the host's `SoundPolicy.save` returned then. All threads of the workload are known to it
   * by their ids, and asleep; each wakes up when it arrives in the workload.
   */
  readonly host: Plain;
  /** How long the run step is that a thread begins, in place of what the workload says. */
  run(thread: ThreadId): number;
}
