import { assertEquals } from "@std/assert";
import { DwarfSections } from "../sections.ts";
import { exercise } from "../testing/exercise.ts";
import { HOSTILE_INFO, hostileInfo } from "../testing/hostile_info.ts";
import { DebugInfo } from "./debug_info.ts";

/** Bytes of each input; the oracle has fifty times as many. */
const SIZE = 30_000;

const WHAT = { addresses: [0x1000, 0x1010], offsets: [0x100, 0x1000], names: ["a", "b"], most: 10 };

Deno.test("DebugInfo, input made to be costly costs no more than its size", () => {
  const before = performance.now();
  const quiet: string[] = [];
  for (const name of HOSTILE_INFO) {
    const built = hostileInfo(name, SIZE);
    const errors = exercise(new DebugInfo(new DwarfSections((each) => built.get(each))), WHAT);
    if (errors.length === 0) quiet.push(name);
  }
  // These are well-formed and not too much; all others are told of.
  assertEquals(quiet, [
    "deep nesting",
    "closed and opened again",
    "entries without bytes for a thousand attributes",
  ]);
  const took = performance.now() - before;
  assertEquals(took < 10_000, true, `${took} ms`);
});
