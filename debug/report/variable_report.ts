/**
 * A variable in a report.
 *
 * @module
 */
import type { ValueData } from "../values/mod.ts";

/** A parameter or local variable. */
export interface VariableReport {
  /** Its name. */
  readonly name: string;
  /** Its type as it is written in the source. */
  readonly type: string;
  /** Its value as gdb writes it. */
  readonly text: string;
  /** Its value as data, if that was asked for. */
  readonly data?: ValueData | undefined;
}
