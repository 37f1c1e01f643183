import { assertEquals } from "@std/assert";
import { openBench, placeWords } from "../testing/bench.ts";

const MAIN = 0x1000;
const CODE = 0x5000;
const mov = (value: number): number => 0x52800000 | (value << 5); // mov w0, #value
const RET = 0xd65f03c0;
const NOP = 0xd503201f;

const INVALIDATIONS = [
  { name: "ic ivau", word: 0xd50b7522, drops: true }, // of x2
  { name: "ic iallu", word: 0xd508751f, drops: true },
  { name: "ic ialluis", word: 0xd508711f, drops: true },
  { name: "nop", word: NOP, drops: false },
  { name: "dc cvau", word: 0xd50b7b22, drops: false }, // of x2
];

for (const { name, word, drops } of INVALIDATIONS) {
  Deno.test(`Engine.run aarch64, ${name} ${drops ? "drops" : "keeps"} translations`, () => {
    using bench = openBench("aarch64");
    const { engine } = bench;
    placeWords(bench, CODE, [mov(1), RET]);
    // nop; ic ivau, x2; dsb ish; isb; blr x2; wfi
    placeWords(bench, MAIN, [NOP, word, 0xd5033b9f, 0xd5033fdf, 0xd63f0040, 0xd503207f]);
    engine.aarch64.setX(2, BigInt(CODE));
    for (const value of [1, 2, 3]) {
      placeWords(bench, CODE, [mov(value), RET]); // which the engine is not told of
      engine.aarch64.pc = BigInt(MAIN);
      assertEquals(engine.run(100), { kind: "halt", instructions: 8 });
      assertEquals(engine.aarch64.x(0), BigInt(drops ? value : 1));
    }
  });
}

Deno.test("Engine.run aarch64, ic ivau of an address without memory does nothing", () => {
  using bench = openBench("aarch64");
  placeWords(bench, MAIN, [0xd50b7522, 0xd503207f]); // ic ivau, x2; wfi
  bench.engine.aarch64.setX(2, 0x5000_0000n);
  bench.engine.aarch64.pc = BigInt(MAIN);
  assertEquals(bench.engine.run(10), { kind: "halt", instructions: 2 });
});

Deno.test("Engine.run aarch64, ic drops the block it is in", () => {
  using bench = openBench("aarch64");
  const { engine } = bench;
  for (const value of [1, 2, 3]) {
    // ic iallu; mov w0, #value; wfi: the second time the old block drops itself
    placeWords(bench, MAIN, [0xd508751f, mov(value), 0xd503207f]);
    for (let round = 0; round < 2; round++) {
      engine.aarch64.pc = BigInt(MAIN);
      assertEquals(engine.run(10), { kind: "halt", instructions: 3 });
    }
    assertEquals(engine.aarch64.x(0), BigInt(value));
  }
});
