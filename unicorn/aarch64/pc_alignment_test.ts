import { assertEquals } from "@std/assert";
import { AArch64Vector } from "./constants.ts";
import { openBench, placeWords } from "../testing/bench.ts";

const CODE = 0x1000;
const TARGET = 0x2000;
const ADD = 0x91000442; // add x2, x2, #1
const BR = 0xd61f0020; // br x1
const WFI = 0xd503207f;

const misaligned = (instructions: number) => ({
  kind: "trap" as const,
  instructions,
  vector: AArch64Vector.PC_ALIGNMENT,
});

Deno.test("Engine.run aarch64, stops before the first instruction at a misaligned address", () => {
  for (const off of [1, 2, 3]) {
    using bench = openBench("aarch64");
    const { engine } = bench;
    const { aarch64 } = engine;
    placeWords(bench, CODE, [ADD, BR]);
    placeWords(bench, TARGET + off, [ADD, ADD, WFI]);
    aarch64.setX(1, BigInt(TARGET + off));
    for (let round = 1; round <= 4; round++) {
      aarch64.pc = BigInt(CODE);
      assertEquals(engine.run(100), misaligned(2), `round ${round}`);
      assertEquals(aarch64.pc, BigInt(TARGET + off));
      assertEquals(aarch64.x(2), BigInt(round), "nothing at the target has run");
      assertEquals(engine.run(100), misaligned(0), "nor does it in the next run");
    }
    assertEquals(engine.instructions, 8);
    placeWords(bench, TARGET, [ADD, WFI]);
    engine.invalidateCode(BigInt(TARGET), 8n);
    aarch64.pc = BigInt(TARGET);
    assertEquals(engine.run(100), { kind: "halt", instructions: 2 });
  }
});

Deno.test("Engine.run aarch64, a misaligned target at the end of a budget", () => {
  for (const budget of [1, 2, 3]) {
    using bench = openBench("aarch64");
    const { engine } = bench;
    placeWords(bench, CODE, [ADD, BR]);
    placeWords(bench, TARGET + 2, [ADD, WFI]);
    engine.aarch64.setX(1, BigInt(TARGET + 2));
    engine.aarch64.pc = BigInt(CODE);
    let instructions = 0;
    let exit = engine.run(budget);
    for (; exit.kind === "budget"; exit = engine.run(budget)) instructions += exit.instructions;
    assertEquals(exit.kind === "trap" && exit.vector, AArch64Vector.PC_ALIGNMENT);
    assertEquals(instructions + exit.instructions, 2);
    assertEquals(engine.aarch64.x(2), 1n);
  }
});
