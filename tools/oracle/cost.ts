/**
 * What a process of its own costs.
 *
 * @module
 */
import { outputOf } from "./tool.ts";

/** Time and memory. */
export interface Cost {
  /** Milliseconds beyond the start of the runtime. */
  readonly ms: number;
  /** KiB that were resident at most, with the runtime. */
  readonly peakKib: number;
}

/** Tells the cost of what this process has done since `before`; Linux alone knows the memory. */
export function tellCost(before: number): void {
  const ms = performance.now() - before;
  const peak = /^VmHWM:\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
  console.log(JSON.stringify({ ms, peakKib: Number(peak) }));
}

/** The cost that a script of ours beside this file tells; infinite if it fails. */
export function costOf(script: string, args: readonly string[]): Cost {
  const child = new URL(script, import.meta.url).pathname;
  const text = outputOf(Deno.execPath(), ["run", "-A", "--no-config", "--quiet", child, ...args]);
  return text === undefined ? { ms: Infinity, peakKib: Infinity } : JSON.parse(text) as Cost;
}
