/**
 * What a simulated machine is like.
 *
 * @module
 */
import { checkIntegerOption } from "../errors.ts";
import { MAX_CPUS } from "../parameters.ts";
import type { ThreadId } from "../policy.ts";

/**
 * What a decision costs: the time from picking a thread to its first instruction, an integer of at
 * least 0.
 * @param decision its number, from 0
 * @param cpu where
 * @param from the thread that the CPU ran last, -1 if none
 * @param to the thread that was picked
 */
export type DecisionCost = (decision: number, cpu: number, from: number, to: ThreadId) => number;

/** How the simulated machine behaves. */
export interface SimulationOptions {
  /** Time between timer interrupts, a positive integer; 1 (a quantum ends exactly) if absent. */
  readonly tickInterval?: number | undefined;
  /** Time it costs to give a CPU to another thread than ran last; 0 if absent. */
  readonly switchCost?: number | undefined;
  /** Time it costs besides to give a thread another CPU than it ran on last; 0 if absent. */
  readonly migrationCost?: number | undefined;
  /** What each decision costs, in place of both. */
  readonly cost?: DecisionCost | undefined;
  /**
   * Whether a thread pays for the switch to it: its policy's account begins with the decision, and
   * not with its first instruction; `false` if absent.
   */
  readonly chargesCosts?: boolean | undefined;
  /** Number of CPUs, 1 to 64; 1 if absent. */
  readonly cpus?: number | undefined;
  /** Seed of the workload's random times, and of the policy's random numbers; 0 if absent. */
  readonly seed?: number | undefined;
  /** Longest time a thread may be ready, where the policy does not say; no limit if absent. */
  readonly timeout?: number | undefined;
  /**
   * Ends the simulation before the first instant from then on; no end if absent, which is refused
   * if the workload has none either, unless it is `Infinity`.
   */
  readonly until?: number | undefined;
}

/** A simulated machine, every choice made. */
export type SimulationConditions =
  & {
    readonly [K in Exclude<keyof SimulationOptions, "cost">]-?: NonNullable<SimulationOptions[K]>;
  }
  & Pick<SimulationOptions, "cost">;

/** Options that are integers. */
type IntegerOption = Exclude<keyof SimulationOptions, "cost" | "chargesCosts">;

/** What they may be, here and in files; without `most`, any that is exact. */
export const OPTION_BOUNDS: Readonly<
  Record<IntegerOption, { readonly least: number; readonly most?: number }>
> = {
  cpus: { least: 1, most: MAX_CPUS },
  seed: { least: 0 },
  until: { least: 0 },
  tickInterval: { least: 1 },
  switchCost: { least: 0 },
  migrationCost: { least: 0 },
  timeout: { least: 1 },
};

/**
 * Checks what a machine is to be like.
 * @throws {SchedError} `invalid-option`
 */
export function checkConditions(options: SimulationOptions): SimulationConditions {
  const { tickInterval = 1, switchCost = 0, migrationCost = 0, cpus = 1, seed = 0 } = options;
  const { timeout = Infinity, until = Infinity, cost, chargesCosts = false } = options;
  checkOption("tickInterval", tickInterval);
  checkOption("switchCost", switchCost);
  checkOption("migrationCost", migrationCost);
  checkOption("cpus", cpus);
  checkOption("seed", seed);
  if (timeout !== Infinity) checkOption("timeout", timeout);
  if (until !== Infinity) checkOption("until", until);
  return {
    ...{ tickInterval, switchCost, migrationCost, cpus, seed, timeout, until },
    ...{ cost, chargesCosts },
  };
}

function checkOption(name: IntegerOption, value: number): void {
  checkIntegerOption(name, value, OPTION_BOUNDS[name]);
}
