import { assertEquals } from "@std/assert";
import { DebugInfo, DwarfSections } from "../../elf/dwarf/mod.ts";
import { exercise } from "../../elf/dwarf/testing/exercise.ts";
import { DEBUG_CORPUS } from "./debug_corpus.ts";
import { DebugFuzzer } from "./debug_fuzzer.ts";

Deno.test("DEBUG_CORPUS, is sound before it is damaged", () => {
  for (const { name, main, split, shared } of DEBUG_CORPUS) {
    const open = (file: typeof main, isSplit = false): DebugInfo =>
      new DebugInfo(new DwarfSections((section) => file.get(section)), {
        isSplit,
        split: () => split && open(split, true),
        supplementary: () => shared && open(shared),
      });
    const info = open(main);
    const errors = exercise(info, { addresses: [], names: ["f", "global"], most: 100 });
    if (name.startsWith("version") || name === "64 bits") assertEquals(info.units.length, 2);
    assertEquals(errors.map((each) => `${name}: ${each.message}`), []);
    if (shared !== undefined) continue;
    const scopes = (at: number) => info.scopesAt(at).map((scope) => scope.name);
    if (name !== "names") {
      assertEquals([name, scopes(0x1011), scopes(0x1030)], [name, ["f", undefined, "inline"], []]);
    }
    const found = ["f", "global"].map((each) => [...info.named(each)].length);
    assertEquals([name, found], [name, [1, 1]]);
    assertEquals(info.problems, []);
  }
});

Deno.test("DebugFuzzer, finds nothing in some cases, reaches many errors, and repeats itself", () => {
  const run = (seed: number, count: number) => {
    const fuzzer = new DebugFuzzer(seed);
    return Array.from({ length: count }, () => fuzzer.run());
  };
  const outcomes = run(2024, 800);
  const errors = new Set(outcomes.map(({ error }) => error));
  // If damage hardly ever made an error, the fuzzer would not reach anything.
  assertEquals(errors.size > 12, true, [...errors].join());
  assertEquals(new Set(outcomes.map(({ target }) => target)).size > 60, true);
  assertEquals(run(7, 30), run(7, 30));
});
