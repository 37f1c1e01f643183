/**
 * Goes on from snapshot files that another process has written, and prints what each has led to.
 *
 *     deno run -A truth_child.ts FOLDER
 *
 * The folder has `N.snapshot` and `N.instant`, in instructions executed, for N from 0.
 *
 * @module
 */
import { decodeSnapshot } from "../snapshot/mod.ts";
import { hashPiece, Recording } from "./truth.ts";

const [folder = "."] = Deno.args;
const hashes: string[] = [];
for (let i = 0;; i++) {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(`${folder}/${i}.snapshot`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) break;
    throw error;
  }
  using recording = new Recording(decodeSnapshot(bytes));
  const events = recording.runTo(Number(Deno.readTextFileSync(`${folder}/${i}.instant`)));
  hashes.push(hashPiece(events, recording.machine.snapshot()));
}
console.log(JSON.stringify(hashes));
