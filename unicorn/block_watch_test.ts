import { assertEquals, assertThrows } from "@std/assert";
import { type EngineArch, EngineUsageError } from "./errors.ts";
import { type Bench, openBench, placeWords } from "./testing/bench.ts";

const SP = 0x6000;
/** Blocks of the sample, from its entry: a call, what is called, what is behind the call. */
interface Sample {
  readonly blocks: readonly (readonly [pc: number, sp: number])[];
  /** Instructions up to the pause that ends it. */
  readonly count: number;
}

const SAMPLES: Readonly<Record<EngineArch, Sample>> = {
  x86_64: { blocks: [[0x1000, SP], [0x1010, SP - 16], [0x1007, SP - 8]], count: 7 },
  aarch64: { blocks: [[0x1000, SP], [0x1010, SP - 16], [0x1008, SP - 16]], count: 5 },
};

/** Places it: it pushes, calls a function that returns at once, goes back and pauses. */
function place(bench: Bench): void {
  if (bench.engine.arch === "x86_64") {
    // push %rax; nop; call 0x1010; pop %rax; nop; hlt
    bench.ram.set([0x50, 0x90, 0xe8, 0x09, 0x00, 0x00, 0x00, 0x58, 0x90, 0xf4], 0x1000);
    bench.ram[0x1010] = 0xc3; // ret
  } else {
    // str x0, [sp, #-16]!; bl 0x1010; nop; wfi; 0x1010: ret
    placeWords(bench, 0x1000, [0xf81f0fe0, 0x94000003, 0xd503201f, 0xd503207f, 0xd65f03c0]);
  }
  begin(bench);
}

function begin({ engine }: Bench): void {
  if (engine.arch === "x86_64") {
    engine.x86.rip = 0x1000n;
    engine.x86.setGpr(4, BigInt(SP));
  } else {
    engine.aarch64.pc = 0x1000n;
    engine.aarch64.sp = BigInt(SP);
  }
}

for (const arch of ["x86_64", "aarch64"] as const) {
  const { blocks, count } = SAMPLES[arch];

  Deno.test(`Engine.watchBlocks ${arch}, tells where each block begins, and the stack pointer`, () => {
    using bench = openBench(arch);
    place(bench);
    bench.engine.run(100); // translated before
    begin(bench);
    const seen: [number, number][] = [];
    const watch = bench.engine.watchBlocks(0n, 0xffffn, (pc, sp) => void seen.push([pc, sp]));
    assertEquals(bench.engine.run(100), { kind: "halt", instructions: count });
    assertEquals(seen, blocks.map((each) => [...each]));
    watch[Symbol.dispose]();
    watch[Symbol.dispose]();
    begin(bench);
    assertEquals(bench.engine.run(100), { kind: "halt", instructions: count });
    assertEquals(seen.length, blocks.length);
  });

  Deno.test(`Engine.watchBlocks ${arch}, only those of its range, with the clock before each`, () => {
    using bench = openBench(arch);
    place(bench);
    const seen: [number, number][] = [];
    using _watch = bench.engine.watchBlocks(0x1010n, 0x1010n, (pc) => {
      seen.push([pc, bench.engine.instructions]);
    });
    bench.engine.run(100);
    const before = arch === "x86_64" ? 3 : 2;
    assertEquals(seen, [[0x1010, before]]);
  });

  Deno.test(`Engine.watchBlocks ${arch}, a run that is cut goes on with a block of its own`, () => {
    using bench = openBench(arch);
    place(bench);
    const seen: number[] = [];
    using _watch = bench.engine.watchBlocks(0n, 0xffffn, (pc) => void seen.push(pc));
    bench.engine.run(1);
    assertEquals(bench.engine.run(100), { kind: "halt", instructions: count - 1 });
    assertEquals(seen, [0x1000, arch === "x86_64" ? 0x1001 : 0x1004, 0x1010, blocks[2]?.[0]]);
  });

  Deno.test(`Engine.watchBlocks ${arch}, what its watcher throws ends the run before the block`, () => {
    using bench = openBench(arch);
    place(bench);
    using _watch = bench.engine.watchBlocks(0x1010n, 0x1010n, () => {
      throw new RangeError("enough");
    });
    assertThrows(() => bench.engine.run(100), RangeError, "enough");
    const { engine } = bench;
    assertEquals(arch === "x86_64" ? engine.x86.rip : engine.aarch64.pc, 0x1010n);
    assertEquals(engine.instructions, arch === "x86_64" ? 3 : 2);
  });

  Deno.test(`Engine.watchBlocks ${arch}, refuses a second watcher, a range that is none and a running engine`, () => {
    using bench = openBench(arch);
    place(bench);
    const { engine } = bench;
    assertThrows(() => engine.watchBlocks(2n, 1n, () => {}), EngineUsageError, "below its begin");
    let refused: unknown;
    using watch = engine.watchBlocks(0n, 0xffffn, () => {
      try {
        watch[Symbol.dispose]();
      } catch (error) {
        refused = error;
      }
    });
    assertThrows(() => engine.watchBlocks(0n, 1n, () => {}), EngineUsageError, "already");
    engine.run(100);
    assertEquals(refused instanceof EngineUsageError && refused.kind, "running");
  });
}
