/**
 * What a schedulability test says.
 *
 * @module
 */

/** What one test says of a set of tasks. */
export interface Verdict {
  /** Which test. */
  readonly test: string;
  /**
   * What it promises. An `exact` test is right both ways: `true` says that no job is ever late, and
   * `false` that one is, if jobs arrive, are released and take as long as is worst for them. A
   * `sufficient` test never says `false`, a `necessary` one never `true`.
   */
  readonly promise: "exact" | "sufficient" | "necessary";
  /** Whether every job meets its deadline. */
  readonly schedulable: boolean | "unknown";
  /** Why it says so, in words. */
  readonly why: string;
  /**
   * Longest time from a job's arrival to its end, by task, if it was found; `null` if there is no
   * limit.
   */
  readonly responses?: readonly (number | null)[];
  /** The CPU of each task, for tests that place them; `null` if it found no room. */
  readonly cpus?: readonly (number | null)[];
}

/** The verdict of a sufficient test. */
export function sufficient(
  test: string,
  { holds, why }: { holds: boolean; why: string },
): Verdict {
  return { test, promise: "sufficient", schedulable: holds || "unknown", why };
}

/** The verdict of a test that does not apply. */
export function inapplicable(
  test: string,
  { promise, why }: { promise: Verdict["promise"]; why: string },
): Verdict {
  return { test, promise, schedulable: "unknown", why };
}

/** A number for people to read. */
export function rounded(value: number): string {
  return value.toFixed(4).replace(/\.?0+$/, "");
}
