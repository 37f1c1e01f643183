/**
 * Scheduling parameters as the command line gives them: `priority=40,period=5000`.
 *
 * @module
 */

import type { ParameterOptions } from "../sched/parameters.ts";
import { UsageError } from "./usage_error.ts";

const FIELDS = ["priority", "nice", "weight", "period", "deadline", "budget"] as const;

/**
 * Reads parameters; what they may be is for the machine to say.
 * @throws {UsageError} naming the part that is no parameter
 */
export function readParameters(text: string): ParameterOptions {
  const found: Partial<Record<(typeof FIELDS)[number], number>> = {};
  for (const part of text === "" ? [] : text.split(",")) {
    const [, name, value] = /^([a-z]+)=(-?\d+)$/.exec(part) ?? [];
    const field = FIELDS.find((each) => each === name);
    if (field === undefined) {
      throw new UsageError(
        `Cannot use "${part}" of --parameters: expected NAME=NUMBER, with ${FIELDS.join(", ")}`,
      );
    }
    if (found[field] !== undefined) {
      throw new UsageError(`Cannot use ${field} twice in --parameters`);
    }
    found[field] = Number(value);
  }
  return found;
}
