/**
 * What a host gives its policy.
 *
 * @module
 */
import type { Policy } from "../policy.ts";
import type { PolicyFault } from "./fault.ts";

/** What a host gives its policy, and hears of it. */
export interface HostOptions {
  /** Number of CPUs, 1 to 64; 1 if absent. */
  readonly cpus?: number;
  /** The time. */
  readonly now: () => number;
  /** Makes the round robin that takes over. */
  readonly fallback: () => Policy;
  /** Seed of the policy's random numbers; 0 if absent. */
  readonly seed?: number;
  /** Longest time a thread may starve, where the policy does not say; `Infinity` if absent. */
  readonly timeout?: number;
  /** A CPU is to pick again at the next chance. */
  readonly kick?: (cpu: number) => void;
  /** The policy was put out; round robin has taken over. */
  readonly onFault?: (fault: PolicyFault) => void;
}
