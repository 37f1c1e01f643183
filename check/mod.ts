/**
 * Verifiers: they run a machine and hold what it does against what is claimed of it.
 *
 * {@linkcode verifyWalks} checks call frame information. It steps a machine through kernel and
 * programs and keeps, from the calls, returns and traps it sees, a shadow call stack; at every
 * instruction the unwinder must find the same stack frames from the registers, the memory and the
 * tables alone. The report names the first instruction at which it does not, with the frames
 * expected and found; {@linkcode describeMismatch} puts that into words.
 *
 * @module
 */
export type { CallCounts } from "./call_types.ts";
export { verifyWalks, type WalkOptions } from "./walk.ts";
export {
  describeMismatch,
  type WalkFrame,
  type WalkMismatch,
  type WalkReport,
} from "./walk_report.ts";
