/**
 * The truth of snapshots over a thousand random instants and more: see
 * `kernel/testing/truth_sweep.ts`.
 *
 *     deno task snapshots [--instants N] [--seed S]
 *
 * @module
 */
import { ARCHES } from "../arch/mod.ts";
import { sweep, type SweepReport } from "../kernel/testing/truth_sweep.ts";
import { Progress } from "../util/progress.ts";
import { readTask } from "./task_numbers.ts";

/** From this many instants on, machines must have been in the middle of everything they can be. */
const LARGE = 1000;

/** Everything they can be in the middle of. */
const MOMENTS = [
  "user",
  "kernel",
  "trap stub",
  "copy",
  "page-in",
  "unwinding",
  "idle",
  "floating point",
  "interrupt pending",
  "mutex waited for",
  "word waited for",
] as const;

async function main(args: string[]): Promise<number> {
  const request = readTask("snapshots", args, { instants: 1000, seed: 1 });
  if ("status" in request) return request.status;
  const { instants, seed } = request.numbers;
  let failed = 0;
  using progress = new Progress();
  for (const arch of Object.keys(ARCHES) as (keyof typeof ARCHES)[]) {
    const report: SweepReport = await sweep({
      arch,
      seed,
      instants,
      elsewhere: 10,
      onProgress: (done) => progress.at(`${arch}, instants`, done, instants),
    });
    progress.clear();
    const missing = MOMENTS.filter((moment) =>
      report.instants >= LARGE && !report.moments.has(moment)
    );
    for (const fault of report.faults) console.log(fault);
    if (missing.length > 0) console.log(`${arch}: never ${missing.join(", ")}`);
    console.log(
      `${arch}: ${report.instants} instants, ${report.elsewhere} of them in another process too: ` +
        `${report.faults.length} faults`,
    );
    failed += report.faults.length + missing.length;
  }
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
