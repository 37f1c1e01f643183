/**
 * A comparison of one of Trapline's CPUs with another processor.
 *
 * @module
 */
import type { CheckResult } from "../tool.ts";

/** One of the comparisons. */
export interface ProcessorCheck {
  /** What is compared with what, and why it cannot be. */
  readonly name: string;
  /** Compares, if it can be. */
  readonly check: (() => CheckResult | Promise<CheckResult>) | undefined;
}
