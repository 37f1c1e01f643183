/**
 * How commands say that they were called wrongly.
 *
 * @module
 */

/** The command line cannot be understood. */
export class UsageError extends Error {
  /** Class name, for messages. */
  override readonly name = "UsageError";
}

/**
 * Reads a whole number from an option.
 * @throws {UsageError} if it is not one from `least` on
 */
export function wholeNumber(option: string, value: string, least = 0): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(number) && number >= least) return number;
  throw new UsageError(
    `Cannot use --${option} ${value}: expected a whole number from ${least} on`,
  );
}

/** Refuses an option nobody knows. */
export function refuseUnknown(command: string): (argument: string, key?: string) => unknown {
  return (argument, key) => {
    if (key === undefined) return true;
    throw new UsageError(`Cannot use ${argument}: "${command}" has no such option`);
  };
}
