/**
 * What is seen of a switch before one of its instructions.
 *
 * @module
 */

import type { Chain } from "./frames.ts";
import type { Routine } from "./program.ts";

/** Before an instruction of a switch. */
export interface Observation {
  /** The routine it is in. */
  readonly routine: Routine;
  /** Bytes from the routine's beginning. */
  readonly offset: number;
  /** Instructions that the machine has executed since the switch was entered. */
  readonly executed: number;
  /** Frames found. */
  readonly chain: Chain;
}
