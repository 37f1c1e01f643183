/**
 * Counts the test cases and steps of a JUnit report, as `deno test --junit-path` writes it:
 * `deno run -A tools/junit.ts REPORT` prints the passed and the failed ones, as two numbers.
 *
 * @module
 */

/** How many cases ended how. */
export interface Counts {
  /** Cases and steps that passed. */
  passed: number;
  /** Cases and steps that failed. */
  failed: number;
  /** Cases and steps that were not run. */
  skipped: number;
}

const CASE = /<testcase\b[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs;

/** Counts the `testcase` elements of a report by their outcome. */
export function countCases(report: string): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [, body = ""] of report.matchAll(CASE)) {
    if (/<(?:failure|error)\b/.test(body)) counts.failed++;
    else if (/<skipped\b/.test(body)) counts.skipped++;
    else counts.passed++;
  }
  return counts;
}

if (import.meta.main) {
  const [report] = Deno.args;
  if (report === undefined) throw new Error("Cannot count: no report was named");
  const { passed, failed } = countCases(Deno.readTextFileSync(report));
  console.log(`${passed} ${failed}`);
}
