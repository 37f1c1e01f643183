/**
 * What can go wrong in scheduling: a caller's misuse, parameters or a workload that make no sense,
 * or something that is no policy. A policy that breaks its contract is no error: it is put out.
 *
 * @module
 */
import { isInteger } from "../util/integer.ts";

/** Which rule was broken. */
export type SchedErrorKind =
  | "unknown-policy"
  | "unknown-option"
  | "invalid-option"
  | "invalid-policy"
  | "invalid-policy-spec"
  | "invalid-thread"
  | "invalid-parameter"
  | "invalid-workload"
  | "invalid-task-set"
  | "analysis-limit"
  | "deadlock"
  | "policy-contract";

/** The only error this folder throws. */
export class SchedError extends Error {
  /** Always `SchedError`. */
  override readonly name: string = "SchedError";
  /** Which rule was broken. */
  readonly kind: SchedErrorKind;
  /** The offending value: an option, an id, a priority, a name. */
  readonly value: unknown;
  /** Where it is: a JSON path into a workload, the name of a parameter. */
  readonly path: string | undefined;
  /** What was expected in its place. */
  readonly expected: string | undefined;

  /**
   * Describes a broken rule.
   * @param kind which rule was broken
   * @param options what was attempted, the value that made it fail, and where it is and what was
   *   expected, where that is known
   */
  constructor(
    kind: SchedErrorKind,
    options: { message: string; value: unknown; path?: string; expected?: string },
  ) {
    super(options.message);
    this.kind = kind;
    this.value = options.value;
    this.path = options.path;
    this.expected = options.expected;
  }
}

/** Refuses an option. @throws {SchedError} `invalid-option`, saying what it must be */
export function refuseOption(option: string, value: unknown, expected: string): never {
  throw new SchedError("invalid-option", {
    message: `Cannot use ${option} ${value}: it must be ${expected}`,
    value,
  });
}

/**
 * Checks an option that is an integer.
 * @param option its name
 * @param value what was given
 * @param range the least it may be, and the most; any safe integer if absent
 * @throws {SchedError} `invalid-option`, naming the range
 */
export function checkIntegerOption(
  option: string,
  value: number,
  { least, most }: { least: number; most?: number },
): void {
  if (isInteger(value, least, most)) return;
  const range = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
  refuseOption(option, value, `an integer ${range}`);
}
