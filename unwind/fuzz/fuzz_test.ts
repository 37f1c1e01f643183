import { assertEquals } from "@std/assert";
import { frameLines, lsdaLines } from "../dump/mod.ts";
import { FrameTable } from "../cfi/mod.ts";
import { FUZZ_TARGETS, Fuzzer } from "./fuzz.ts";
import { DwarfSections, LineTable } from "../../elf/dwarf/mod.ts";
import { Corpus } from "./corpus.ts";
import { Lsda } from "../exception/mod.ts";

Deno.test("Corpus, is sound before it is damaged", () => {
  const corpus = new Corpus();
  for (const bytes of corpus.ehFrames) {
    const table = new FrameTable({
      kind: "eh_frame",
      bytes,
      address: 0x10000n,
    });
    const fdes = [...table.fdes()];
    const rows = fdes.flatMap((fde) => [...table.rows(fde)]);
    assertEquals(rows.length > fdes.length, true);
  }
  for (const bytes of corpus.lsdas) {
    const place = { address: 0x20000, functionStart: 0x1000 };
    const lsda = new Lsda({ bytes, address: 0x20000 }, place);
    const actions = [...lsda.callSites()].flatMap((
      site,
    ) => [...lsda.actions(site)]);
    assertEquals(actions.length > 0, true);
  }
  for (const bytes of corpus.elves) {
    assertEquals([...frameLines(bytes, "corpus")].length, 5);
    assertEquals([...lsdaLines(bytes, "corpus")].length, 1);
  }
  const lines = new LineTable(new DwarfSections((name) => corpus.debug.get(name)));
  const paths = [0x1020n, 0x1030n, 0x1040n, 0x1050n].map((address) => lines.at(address)?.path);
  assertEquals(paths, ["/src/a.c", "/src/a.c", "/src/a.c", "/usr/include/b.h"]);
  assertEquals(lines.problems, []);
});

Deno.test("Fuzzer, finds nothing in a few thousand cases", () => {
  const fuzzer = new Fuzzer(2024);
  const targets = new Set<string>();
  const errors = new Set<string>();
  for (let i = 0; i < 3000; i++) {
    const { target, error } = fuzzer.run();
    targets.add(target);
    if (error !== undefined) errors.add(error);
  }
  assertEquals(targets.size, FUZZ_TARGETS.length);
  // If damage hardly ever made an error, the fuzzer would not reach anything.
  assertEquals(errors.size > 25, true, `${errors.size}`);
});

Deno.test("Fuzzer, repeats itself", () => {
  const run = (seed: number) => {
    const fuzzer = new Fuzzer(seed);
    return Array.from({ length: 50 }, () => fuzzer.run());
  };
  assertEquals(run(7), run(7));
});
