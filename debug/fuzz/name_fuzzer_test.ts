import { assertEquals } from "@std/assert";
import { NameFuzzer } from "./name_fuzzer.ts";

Deno.test("NameFuzzer, damaged names are told or not, and some of each", () => {
  const fuzzer = new NameFuzzer(1);
  const outcomes = new Map<string, number>();
  for (let i = 0; i < 3000; i++) {
    const { target, error } = fuzzer.run();
    const key = `${target} ${error ?? "readable"}`;
    outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
  }
  const kinds = ["C++", "Rust", "older Rust"].flatMap((
    name,
  ) => [`${name} mangled`, `${name} readable`]);
  assertEquals([...outcomes.keys()].sort(), kinds.sort());
  assertEquals(Math.min(...outcomes.values()) > 20, true);
});
