/**
 * Runs the fuzzer of the unwinder: `fuzz_unwind.ts [--cases N] [--seed S]`. Prints what became of
 * the cases and the slowest of them; exits with 1 if one threw an error that is not the library's
 * own, or took over 50 ms even when it was run again.
 *
 * @module
 */
import { Fuzzer } from "../unwind/fuzz/fuzz.ts";
import { Progress } from "../util/progress.ts";
import { readTask } from "./task_numbers.ts";

/** Longest time a case may take, in milliseconds. */
const TIME_LIMIT = 50;

/** Cases per fuzzer: a finding is reproduced from its seed by running so many at most. */
const BATCH = 1000;

interface Totals {
  cases: number;
  slowest: number;
  slowestCase: string;
  outcomes: Map<string, number>;
}

/** Runs the cases of one seed; the text of a finding, or undefined. */
function runBatch(
  seed: number,
  cases: number,
  totals: Totals,
): string | undefined {
  const fuzzer = new Fuzzer(seed);
  for (let i = 0; i < cases; i++) {
    const before = performance.now();
    let outcome;
    try {
      outcome = fuzzer.run();
    } catch (error) {
      const text = error instanceof Error ? error.stack : String(error);
      return `Seed ${seed} case ${i}: ${text}`;
    }
    const time = performance.now() - before;
    totals.cases++;
    if (time > totals.slowest) {
      totals.slowest = time;
      totals.slowestCase = `seed ${seed} case ${i} (${outcome.target})`;
    }
    // The host may have been busy: only a case that is slow again and again is a finding.
    const isSlow = () => timeOf(seed, i) > TIME_LIMIT;
    if (time > TIME_LIMIT && isSlow() && isSlow() && isSlow()) {
      return `Seed ${seed} case ${i} takes ${time.toFixed(0)} ms`;
    }
    const key = `${outcome.target}: ${outcome.error ?? "sound"}`;
    totals.outcomes.set(key, (totals.outcomes.get(key) ?? 0) + 1);
  }
  return undefined;
}

function timeOf(seed: number, index: number): number {
  const fuzzer = new Fuzzer(seed);
  for (let i = 0; i < index; i++) fuzzer.run();
  const before = performance.now();
  fuzzer.run();
  return performance.now() - before;
}

/** Runs the command; the process's exit code. */
export function fuzzUnwind(args: readonly string[]): number {
  const request = readTask("fuzz", args, { cases: 200_000, seed: 1 });
  if ("status" in request) return request.status;
  const { cases, seed } = request.numbers;
  const totals: Totals = {
    cases: 0,
    slowest: 0,
    slowestCase: "",
    outcomes: new Map(),
  };
  using progress = new Progress();
  for (let batch = 0; totals.cases < cases; batch++) {
    progress.at("cases", totals.cases, cases);
    const size = Math.min(BATCH, cases - totals.cases);
    const finding = runBatch(seed + batch, size, totals);
    if (finding !== undefined) {
      progress.clear();
      console.log(finding);
      return 1;
    }
  }
  progress.clear();
  for (const [key, count] of [...totals.outcomes].sort()) {
    console.log(`${count} ${key}`);
  }
  console.log(
    `${totals.cases} cases, slowest ${totals.slowest.toFixed(1)} ms: ${totals.slowestCase}`,
  );
  return 0;
}

if (import.meta.main) Deno.exit(fuzzUnwind(Deno.args));
