/**
 * What debug information costs that was made to cost much: at most two seconds and 512 MiB, with
 * the runtime.
 *
 * @module
 */
import { HOSTILE_INFO } from "../../../elf/dwarf/testing/hostile_info.ts";
import { costOf } from "../cost.ts";
import type { CheckResult } from "../tool.ts";
import type { NamedCheck } from "../walk_checks.ts";

/** Bytes of each input. */
const SIZE = 1_500_000;

/** Most time, in milliseconds, and most memory, in KiB. */
const TIME = 2000;
const MEMORY = 512 * 1024;

/** Most runs of each, of which the fastest counts: the host may be busy. */
const ROUNDS = 4;

/** One check of all inputs. */
export function hostileDebugChecks(): NamedCheck[] {
  return [{ kind: "hostile", name: "debug information", check }];
}

function check(): CheckResult {
  const differences: string[] = [];
  let slowest = 0;
  let largest = 0;
  for (const name of HOSTILE_INFO) {
    let fastest = Infinity;
    let peak = 0;
    for (let round = 0; round < ROUNDS && fastest > TIME; round++) {
      const { ms, peakKib } = costOf("debug/hostile_debug_child.ts", [name, String(SIZE)]);
      fastest = Math.min(fastest, ms);
      peak = Math.max(peak, peakKib);
    }
    if (fastest > TIME) differences.push(`${name} takes ${Math.round(fastest)} ms`);
    if (!(peak <= MEMORY)) differences.push(`${name} needs ${Math.round(peak / 1024)} MiB`);
    slowest = Math.max(slowest, fastest);
    largest = Math.max(largest, peak);
  }
  const figures = `${HOSTILE_INFO.length} inputs of ${SIZE} bytes, at most ` +
    `${Math.round(slowest)} ms and ${Math.round(largest / 1024)} MiB`;
  return { name: "debug information", figures, differences };
}
