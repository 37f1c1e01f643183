/**
 * Dumps the unwind tables of a file to nowhere, as `trapline frames` does, and prints what that
 * cost beyond the start of the runtime: `{"ms": …, "peakKib": …}`.
 *
 * @module
 */
import { frameChunks } from "../../unwind/dump/mod.ts";

const [path = ""] = Deno.args;
const before = performance.now();
const nowhere = Deno.openSync("/dev/null", { write: true });
for (const chunk of frameChunks(Deno.readFileSync(path), path, { onDamage: () => {} })) {
  nowhere.writeSync(chunk);
}
const ms = performance.now() - before;
// The most that was resident at a time; Linux alone tells.
const peak = /^VmHWM:\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
console.log(JSON.stringify({ ms, peakKib: Number(peak) }));
