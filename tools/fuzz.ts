/**
 * Runs the fuzzers of everything that reads damaged bytes: `fuzz.ts [--cases N] [--seed S]`. Prints
 * what became of the cases and the slowest of them; exits with 1 if one threw an error that is not
 * the library's own, or took longer than it may even when it was run again.
 *
 * @module
 */
import type { FuzzOutcome } from "../bytes/testing/fuzz_outcome.ts";
import { CoreFuzzer } from "../debug/fuzz/core_fuzzer.ts";
import { DebugFuzzer } from "../debug/fuzz/debug_fuzzer.ts";
import { NameFuzzer } from "../debug/fuzz/name_fuzzer.ts";
import { ValueFuzzer } from "../debug/fuzz/value_fuzzer.ts";
import { ProtocolFuzzer } from "../gdb/fuzz/protocol_fuzzer.ts";
import { RemoteFuzzer } from "../gdb/fuzz/remote_fuzzer.ts";
import { ServerFuzzer } from "../gdb/fuzz/server_fuzzer.ts";
import { Fuzzer } from "../unwind/fuzz/fuzz.ts";
import { Progress } from "../util/progress.ts";
import { readTask } from "./task_numbers.ts";

/** Longest time a case may take, in milliseconds, where nothing else is said. */
const TIME_LIMIT = 50;

/** Cases per fuzzer: a finding is reproduced from its seed by running so many at most. */
const BATCH = 1000;

/** What runs cases that depend on its seed alone. */
interface AnyFuzzer extends Partial<Disposable> {
  /** Runs one; throws what is a finding. */
  run(): FuzzOutcome | Promise<FuzzOutcome>;
}

/** Fuzzers, each with its part of the cases. */
interface Suite {
  readonly name: string;
  readonly cases: number;
  /** Longest time a case may take, in milliseconds; default 50. */
  readonly limit?: number;
  make(seed: number): AnyFuzzer;
}

const SUITES: readonly Suite[] = [
  { name: "unwind", cases: 200_000, make: (seed) => new Fuzzer(seed) },
  { name: "debug information", cases: 200_000, make: (seed) => new DebugFuzzer(seed) },
  { name: "cores", cases: 50_000, make: (seed) => new CoreFuzzer(seed) },
  // Some names are read and printed up to the limits.
  { name: "names", cases: 100_000, limit: 1000, make: (seed) => new NameFuzzer(seed) },
  // A value that says that it is large is looked through up to its limits.
  { name: "variables", cases: 10_000, limit: 500, make: (seed) => new ValueFuzzer(seed) },
  { name: "gdb packets", cases: 50_000, make: (seed) => new ProtocolFuzzer(seed) },
  { name: "stubs", cases: 2000, make: (seed) => new RemoteFuzzer(seed) },
  // A machine runs, for some milliseconds a turn, and backward as long as it takes to look.
  { name: "gdb", cases: 20_000, limit: 2000, make: (seed) => new ServerFuzzer(seed) },
];

const ALL_CASES = SUITES.reduce((sum, { cases }) => sum + cases, 0);

interface Totals {
  cases: number;
  slowest: number;
  slowestCase: string;
  outcomes: Map<string, number>;
}

/** Runs the cases of one seed; the text of a finding, or undefined. */
async function runBatch(
  { name, make, limit = TIME_LIMIT }: Suite,
  { seed, cases, totals }: {
    readonly seed: number;
    readonly cases: number;
    readonly totals: Totals;
  },
): Promise<string | undefined> {
  const fuzzer = make(seed);
  using _fuzzer = disposable(fuzzer);
  for (let i = 0; i < cases; i++) {
    const before = performance.now();
    let outcome;
    try {
      outcome = await fuzzer.run();
    } catch (error) {
      const text = error instanceof Error ? error.stack : String(error);
      return `${name}, seed ${seed} case ${i}: ${text}`;
    }
    const time = performance.now() - before;
    totals.cases++;
    if (time > totals.slowest) {
      totals.slowest = time;
      totals.slowestCase = `${name}, seed ${seed} case ${i} (${outcome.target})`;
    }
    // The host may have been busy: only a case that is slow again and again is a finding.
    const isSlow = async () => await timeOf(make(seed), i) > limit;
    if (time > limit && await isSlow() && await isSlow() && await isSlow()) {
      return `${name}, seed ${seed} case ${i} takes ${time.toFixed(0)} ms`;
    }
    const key = `${outcome.target}: ${outcome.error ?? "sound"}`;
    totals.outcomes.set(key, (totals.outcomes.get(key) ?? 0) + 1);
  }
  return undefined;
}

function disposable(fuzzer: AnyFuzzer): Disposable {
  return { [Symbol.dispose]: () => fuzzer[Symbol.dispose]?.() };
}

async function timeOf(fuzzer: AnyFuzzer, index: number): Promise<number> {
  using _fuzzer = disposable(fuzzer);
  for (let i = 0; i < index; i++) await fuzzer.run();
  const before = performance.now();
  await fuzzer.run();
  return performance.now() - before;
}

/** Runs the command; the process's exit code. */
export async function fuzz(args: readonly string[]): Promise<number> {
  const request = readTask("fuzz", args, { cases: ALL_CASES, seed: 1 });
  if ("status" in request) return request.status;
  const { cases, seed } = request.numbers;
  const totals: Totals = {
    cases: 0,
    slowest: 0,
    slowestCase: "",
    outcomes: new Map(),
  };
  using progress = new Progress();
  let share = 0;
  for (const suite of SUITES) {
    share += suite.cases;
    const end = Math.round(cases * share / ALL_CASES);
    for (let batch = 0; totals.cases < end; batch++) {
      progress.at("cases", totals.cases, cases);
      const size = Math.min(BATCH, end - totals.cases);
      const finding = await runBatch(suite, { seed: seed + batch, cases: size, totals });
      if (finding === undefined) continue;
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

if (import.meta.main) Deno.exit(await fuzz(Deno.args));
