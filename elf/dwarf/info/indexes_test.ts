import { assertEquals } from "@std/assert";
import { Random } from "../../../util/random.ts";
import { DW_AT } from "../attributes.ts";
import { DW_FORM } from "../constants.ts";
import { DW_TAG } from "../tags.ts";
import { type AttributeInit, die, InfoImage } from "../testing/info_image.ts";
import { RangeIndex } from "./range_index.ts";

Deno.test("RangeIndex.at, gives the last range, or the first of those that begin last", () => {
  const random = new Random(7);
  for (let round = 0; round < 200; round++) {
    const isApart = round % 4 === 0;
    let reach = -5;
    // Few are looked through, and of more it matters whether any are in one another.
    const ranges = Array.from({ length: random.below(round % 2 === 0 ? 30 : 12) }, () => {
      const begin = isApart ? reach + random.below(3) : random.below(30) - 5;
      reach = begin + random.below(isApart ? 3 : 12);
      return { begin, end: reach };
    });
    if (isApart && round % 8 === 0) ranges.reverse();
    for (const preferred of ["first", "last"] as const) {
      const index = new RangeIndex(preferred);
      ranges.forEach(({ begin, end }, i) => index.add(begin, end, i));
      // After so many look-ups many ranges are put in order.
      for (let i = 0; round % 3 === 0 && i < 64; i++) index.at(0);
      for (let address = -7; address < 40; address++) {
        let expected: number | undefined;
        ranges.forEach(({ begin, end }, i) => {
          if (address < begin || address >= end) return;
          const best = expected === undefined ? -Infinity : ranges[expected]!.begin;
          if (begin > best || preferred === "last") expected = i;
        });
        assertEquals(index.at(address), expected, JSON.stringify({ ranges, address, preferred }));
      }
    }
  }
});

Deno.test("DebugInfo.scopesAt, a block in one piece is inside of one in two", () => {
  const image = new InfoImage();
  const lists = image.section(".debug_ranges").append(new Array(16).fill(0));
  for (const [begin, end] of [[10, 20], [20, 30], [0, 0]]) {
    lists.u64(BigInt(begin!)).u64(BigInt(end!));
  }
  const code = (begin: number, size: number): readonly AttributeInit[] => [
    [DW_AT.lowPc, DW_FORM.addr, begin],
    [DW_AT.highPc, DW_FORM.data4, size],
  ];
  image.unit(
    die(DW_TAG.compileUnit, code(0, 40), [
      die(DW_TAG.subprogram, code(0, 40), [
        die(DW_TAG.lexicalBlock, [[DW_AT.ranges, DW_FORM.secOffset, 16]], [
          die(DW_TAG.inlinedSubroutine, code(12, 16)),
        ]),
      ]),
    ]),
    { version: 4 },
  );
  const tags = (address: number) => image.info().scopesAt(address).map(({ tag }) => tag);
  assertEquals(tags(11), [DW_TAG.subprogram, DW_TAG.lexicalBlock]);
  for (const address of [12, 25]) {
    assertEquals(tags(address), [
      DW_TAG.subprogram,
      DW_TAG.lexicalBlock,
      DW_TAG.inlinedSubroutine,
    ]);
  }
});
