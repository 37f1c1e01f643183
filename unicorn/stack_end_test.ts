import { assert, assertEquals, assertThrows } from "@std/assert";
import type { EngineArch } from "./errors.ts";
import { type Bench, openBench, placeWords } from "./testing/bench.ts";

/** Three `nop` and a jump to the first of them, at 0x1000. */
function place(bench: Bench): void {
  if (bench.engine.arch === "x86_64") bench.ram.set([0x90, 0x90, 0x90, 0xeb, 0xfb], 0x1000);
  else placeWords(bench, 0x1000, [0xd503201f, 0xd503201f, 0xd503201f, 0x17fffffd]);
}

function setPc({ engine }: Bench, pc: bigint): void {
  if (engine.arch === "x86_64") engine.x86.rip = pc;
  else engine.aarch64.pc = pc;
}

/** Calls something at each depth near the end of the stack, from the deepest on. */
function nearStackEnd(action: () => void): void {
  let left = 200;
  const descend = (): void => {
    try {
      descend();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (left > 0) action();
      left--;
      throw error;
    }
  };
  assertThrows(descend, RangeError);
}

for (const arch of ["x86_64", "aarch64"] as const satisfies readonly EngineArch[]) {
  Deno.test(`Engine.run ${arch}, near the end of the stack, leaves an engine that runs on`, () => {
    let [thrown, seen] = [0, 0];
    using bench = openBench(arch);
    const { engine } = bench;
    place(bench);
    using _hook = engine.addCodeHook(0x1000n, 0x1fffn, () => void seen++);
    nearStackEnd(() => {
      setPc(bench, 0x1000n);
      try {
        engine.run(20);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        thrown++;
      }
    });
    assert(thrown > 2, `${thrown} thrown`);
    // The clock has not lost what was executed, and callbacks are called again.
    const before = engine.instructions;
    seen = 0;
    setPc(bench, 0x1000n);
    assertEquals(engine.run(20), { kind: "budget", instructions: 20 });
    assertEquals([engine.instructions - before, seen], [20, 20]);
    engine[Symbol.dispose]();
    assertEquals(engine.disposed, true);
  });

  Deno.test(`Engine.run ${arch}, near the end of the stack, ends although nothing can stop it`, () => {
    using bench = openBench(arch);
    const { engine } = bench;
    place(bench);
    using _hook = engine.addCodeHook(0x1000n, 0x1000n, () => "stop");
    let failed = 0;
    nearStackEnd(() => {
      if (failed > 3) return;
      setPc(bench, 0x1000n);
      try {
        engine.run(Number.MAX_SAFE_INTEGER);
      } catch {
        failed++;
      }
    });
    assert(failed > 3);
    setPc(bench, 0x1000n);
    assertEquals(engine.run(Number.MAX_SAFE_INTEGER), { kind: "stop", instructions: 0 });
  });

  Deno.test(`Engine.run ${arch}, with hooks, gives a long budget in one exit`, () => {
    using bench = openBench(arch);
    const { engine } = bench;
    place(bench);
    setPc(bench, 0x1000n);
    let count = 0;
    using _hook = engine.addCodeHook(
      0x1000n,
      0x1000n,
      () => ++count === 6_001 ? "stop" : undefined,
    );
    assertEquals(engine.run(23_456), { kind: "budget", instructions: 23_456 });
    assertEquals(engine.run(23_456), { kind: "stop", instructions: 544 });
    assertEquals(engine.instructions, 24_000);
  });
}
