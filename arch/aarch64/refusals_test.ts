import { assertEquals } from "@std/assert";
import { afterIllegalReturn, doubtful, followsLoad, isIllegalReturn } from "./refusals.ts";

const LDXR_X5_X1 = 0xc85f7c25;
const LDXR_W5_X1 = 0x885f7c25;
const LDXR_X5_X2 = 0xc85f7c45;
const STXR_W7_X6_X1 = 0xc8077c26;
const NOP = 0xd503201f;

Deno.test("doubtful, every kind and its operands", () => {
  const cases = [
    { word: 0xd69f03e0, expected: { kind: "exception-return" } },
    { word: 0xd5181047, expected: { kind: "set-cpacr", source: 7 } },
    { word: 0xd5301383, expected: { kind: "get-osdlr", target: 3 } },
    { word: STXR_W7_X6_X1, expected: { kind: "store-exclusive", base: 1, size: 8 } },
    { word: 0x88077c26, expected: { kind: "store-exclusive", base: 1, size: 4 } }, // w6
    { word: 0x4807fc26, expected: { kind: "store-exclusive", base: 1, size: 2 } }, // stlxrh
    { word: 0xc82720c5, expected: { kind: "store-exclusive", base: 6, size: 16 } }, // stxp x5, x8
    { word: 0x8827a7e8, expected: { kind: "store-exclusive", base: 31, size: 8 } }, // stlxp of w
  ] as const;
  for (const { word, expected } of cases) assertEquals(doubtful(word), expected);
});

Deno.test("doubtful, nothing else", () => {
  const words = [
    NOP,
    LDXR_X5_X1,
    0x08077c26, // stxrb
    0xc89ffc25, // stlr
    0xc8dffc25, // ldar
    0xf9000025, // str
    0xd65f03c0, // ret
    0xd5381047, // mrs x7, cpacr_el1
    0xc8a57c26, // cas
    0x08227c26, // casp
    0x48227c26,
  ];
  for (const word of words) assertEquals(doubtful(word), undefined, word.toString(16));
});

Deno.test("followsLoad, only of the same base and as many bytes", () => {
  const of = (...words: (number | undefined)[]) =>
    followsLoad(STXR_W7_X6_X1, (distance) => words[distance - 1]);
  assertEquals(of(LDXR_X5_X1), true);
  assertEquals(of(NOP, NOP, LDXR_X5_X1), true);
  assertEquals(of(LDXR_W5_X1), false);
  assertEquals(of(LDXR_X5_X2, LDXR_X5_X1), false);
  assertEquals(of(NOP, undefined, LDXR_X5_X1), false);
  assertEquals(of(STXR_W7_X6_X1, LDXR_X5_X1), false);
  assertEquals(of(...Array.from({ length: 16 }, () => NOP), LDXR_X5_X1), false);
});

Deno.test("followsLoad, across conditional branches only", () => {
  const across = (word: number) =>
    followsLoad(STXR_W7_X6_X1, (distance) => distance === 1 ? word : LDXR_X5_X1);
  const conditional = [0x54000041, 0xb4000041, 0x36000041]; // b.ne, cbz, tbz
  for (const word of conditional) assertEquals(across(word), true, word.toString(16));
  // b, bl, br, blr, ret, eret, svc, brk
  const others = [0x14000002, 0x94000002, 0xd61f0020, 0xd63f0020, 0xd65f03c0, 0xd69f03e0];
  for (const word of [...others, 0xd4000001, 0xd4200000]) {
    assertEquals(across(word), false, word.toString(16));
  }
});

Deno.test("isIllegalReturn, all modes", () => {
  const legal = Array.from({ length: 32 }, (_, mode) => mode)
    .filter((mode) => !isIllegalReturn(0x9000_03c0 | mode));
  assertEquals(legal, [0, 4, 5]);
});

Deno.test("afterIllegalReturn, level of before, flags and masks of SPSR_EL1", () => {
  assertEquals(afterIllegalReturn(0x6000_03c5, 0x9020_0049), 0x9010_0045);
});
