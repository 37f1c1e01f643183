/**
 * What fuzzers of malformed input tell.
 *
 * @module
 */
import { InputError } from "../errors.ts";

/** What became of a case. */
export interface FuzzOutcome<Target extends string = string> {
  /** What was damaged. */
  readonly target: Target;
  /** What it was refused for; undefined if it was still good for something. */
  readonly error: string | undefined;
}

/** What a case was refused for. Throws whatever is no {@linkcode InputError}: a finding. */
export function refusalOf(error: unknown): string {
  if (!(error instanceof InputError)) throw error;
  return `${error.name} ${error.kind}`;
}
