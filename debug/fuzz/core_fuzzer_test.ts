import { assert, assertEquals } from "@std/assert";
import { CoreFuzzer } from "./core_fuzzer.ts";

Deno.test("CoreFuzzer, finds nothing in a thousand cases, which reach what reads cores", () => {
  const fuzzer = new CoreFuzzer(2026);
  const errors = new Set<string>();
  const sound = new Set<string>();
  for (let i = 0; i < 1000; i++) {
    const { target, error } = fuzzer.run();
    if (error === undefined) sound.add(target);
    else errors.add(error);
  }
  assertEquals(sound.size, 4);
  for (const kind of ["truncated", "note", "registers", "mismatch"]) {
    assert(errors.has(`CoreError ${kind}`), `${kind}: ${[...errors]}`);
  }
});

Deno.test("CoreFuzzer, repeats itself", () => {
  const run = () => {
    const fuzzer = new CoreFuzzer(7);
    return Array.from({ length: 50 }, () => fuzzer.run());
  };
  assertEquals(run(), run());
});
