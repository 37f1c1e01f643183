import { assert, assertLessOrEqual } from "@std/assert";
import { type Bench, openBench } from "./testing/bench.ts";
import type { EngineArch } from "./errors.ts";

/** Marsaglia's xorshift with 32 bits of state: the same numbers every time. */
function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>>= 0;
  };
}

/** Addresses of every kind: low, in the upper half, near the end, not canonical. */
function randomAddress(random: () => number): bigint {
  const low = BigInt(random());
  switch (random() % 5) {
    case 0:
      return low % 0x100000n;
    case 1:
      return low | 0xffff_8000_0000_0000n;
    case 2:
      return 0xffff_ffff_ffff_f000n + (low % 0x1000n);
    case 3:
      return (low << 32n) | BigInt(random());
    default:
      return low;
  }
}

/**
 * Few random words are A64 instructions: some are made system ones, loads and stores, additions or
 * branches.
 */
function randomA64(random: () => number): number {
  const groups = [0xd500_0000, 0xf940_0000, 0xf900_0000, 0x9100_0000, 0x8b00_0000, 0x1400_0000];
  const group = groups[random() % (groups.length + 1)];
  return group === undefined ? random() : (group | (random() & 0x3f_ffff)) >>> 0;
}

function setUp({ engine, memory }: Bench, base: number, random: () => number): void {
  for (let offset = 0; offset < 64; offset += 4) {
    memory.setUint32(base + offset, engine.arch === "aarch64" ? randomA64(random) : random(), true);
  }
  engine.invalidateCode(BigInt(base), 64n);
  const pc = random() % 10 === 0 ? randomAddress(random) : BigInt(base);
  if (engine.arch === "x86_64") {
    for (let index = 0; index < 16; index++) engine.x86.setGpr(index, randomAddress(random));
    engine.x86.cpl = random() % 3 === 0 ? 3 : 0;
    engine.x86.rip = pc;
  } else {
    for (let index = 0; index < 31; index++) engine.aarch64.setX(index, randomAddress(random));
    engine.aarch64.sp = randomAddress(random);
    engine.aarch64.pstate = [0x3c5, 0x3c4, 0x3c0, 0][random() % 4] ?? 0;
    engine.aarch64.pc = pc;
  }
}

for (const arch of ["x86_64", "aarch64"] as const satisfies readonly EngineArch[]) {
  Deno.test(`Engine.run ${arch}, ends in an exit within its budget whatever the guest executes`, () => {
    const random = makeRandom(0x7261_706c);
    const kinds = new Map<string, number>();
    for (let round = 0; round < 150; round++) {
      using bench = openBench(arch);
      for (let program = 0; program < 10; program++) {
        setUp(bench, 0x1000 + 4 * (random() % 64), random);
        for (let step = 0; step < 4; step++) {
          const budget = 1 + (random() % 40);
          const before = bench.engine.instructions;
          const exit = bench.engine.run(budget);
          assertLessOrEqual(exit.instructions, budget);
          assert(bench.engine.instructions === before + exit.instructions);
          kinds.set(exit.kind, (kinds.get(exit.kind) ?? 0) + 1);
        }
      }
    }
    // The programs do reach what they are to reach, and the engine itself never fails.
    assert(["trap", "memory", "budget"].every((kind) => (kinds.get(kind) ?? 0) > 10));
    assert(!kinds.has("fault"));
  });
}
