/**
 * What tables cost that were made to cost much: at most ten times the time of `readelf`, beyond the
 * start of the runtime, and 512 MiB.
 *
 * @module
 */
import { hostileTable } from "../../unwind/testing/hostile_tables.ts";
import { costOf } from "./cost.ts";
import { type CheckResult, outputOf } from "./tool.ts";

/** Bytes of each table. */
const SIZE = 1_500_000;

/** Most time, in times of `readelf`, and milliseconds that no clock of a busy host tells apart. */
const RATIO = 10;
const NOISE = 150;

/** Most memory, in KiB. */
const MEMORY = 512 * 1024;

/** Most runs of each, of which the fastest counts; no more than show that it is fast enough. */
const ROUNDS = 8;

/** Compares the cost of one table; undefined if `readelf` is not installed. */
export function checkHostile(name: string, directory: string): CheckResult | undefined {
  const path = `${directory}/hostile`;
  Deno.writeFileSync(path, hostileTable(name, SIZE));
  let readelf = Infinity;
  let ours = Infinity;
  let peakKib = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const before = performance.now();
    if (outputOf("readelf", ["--debug-dump=frames-interp", path]) === undefined) return undefined;
    readelf = Math.min(readelf, performance.now() - before);
    const cost = costOf("hostile_child.ts", [path]);
    ours = Math.min(ours, cost.ms);
    peakKib = Math.max(peakKib, cost.peakKib);
    if (ours <= RATIO * readelf + NOISE) break;
  }
  const differences: string[] = [];
  if (!(ours <= RATIO * readelf + NOISE)) {
    differences.push(`takes ${Math.round(ours)} ms, readelf ${Math.round(readelf)}`);
  }
  if (!(peakKib <= MEMORY)) differences.push(`needs ${Math.round(peakKib / 1024)} MiB`);
  const figures = `${Math.round(ours)} ms, readelf ${Math.round(readelf)} ms, ` +
    `${Math.round(peakKib / 1024)} MiB`;
  return { name, figures, differences };
}
