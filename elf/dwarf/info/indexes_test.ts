import { assertEquals } from "@std/assert";
import { Random } from "../../../util/random.ts";
import { RangeIndex } from "./range_index.ts";

Deno.test("RangeIndex.at, gives the range that begins last, of equal ones the preferred", () => {
  const random = new Random(7);
  for (let round = 0; round < 200; round++) {
    const ranges = Array.from({ length: random.below(12) }, () => {
      const begin = random.below(30) - 5;
      return { begin, end: begin + random.below(12) };
    });
    for (const preferred of ["first", "last"] as const) {
      const index = new RangeIndex(preferred);
      ranges.forEach(({ begin, end }, i) => index.add(begin, end, i));
      for (let address = -7; address < 40; address++) {
        let expected: number | undefined;
        ranges.forEach(({ begin, end }, i) => {
          if (address < begin || address >= end) return;
          const best = expected === undefined ? -Infinity : ranges[expected]!.begin;
          if (begin > best || (begin === best && preferred === "last")) expected = i;
        });
        assertEquals(index.at(address), expected, JSON.stringify({ ranges, address, preferred }));
      }
    }
  }
});
