import { assertEquals } from "@std/assert";
import type { FuzzOutcome } from "../../bytes/testing/fuzz_outcome.ts";
import { ValueFuzzer } from "./value_fuzzer.ts";

function outcomes(seed: number, cases: number): FuzzOutcome[] {
  const fuzzer = new ValueFuzzer(seed);
  return Array.from({ length: cases }, () => fuzzer.run());
}

Deno.test("ValueFuzzer, finds nothing in a hundred cases, and reads values in most", () => {
  const all = outcomes(3, 100);
  assertEquals(all, outcomes(3, 100));
  const sound = all.filter(({ error }) => error === undefined || error.startsWith("a value"));
  assertEquals(sound.length > 50, true, `${sound.length}`);
});
