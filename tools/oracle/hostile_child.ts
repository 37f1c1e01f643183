/**
 * Dumps the unwind tables of a file to nowhere, as `trapline frames` does, and prints what that
 * cost.
 *
 * @module
 */
import { frameChunks } from "../../unwind/dump/mod.ts";
import { tellCost } from "./cost.ts";

const [path = ""] = Deno.args;
const before = performance.now();
const nowhere = Deno.openSync("/dev/null", { write: true });
for (const chunk of frameChunks(Deno.readFileSync(path), path, { onDamage: () => {} })) {
  nowhere.writeSync(chunk);
}
tellCost(before);
