import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { X86Register } from "./x86_64/constants.ts";
import { type Bench, openBench, placeWords } from "./testing/bench.ts";
import { type EngineArch, EngineUsageError } from "./errors.ts";

/** Three `nop` and a pause at 0x1000; returns the address of each. */
function place(bench: Bench): bigint[] {
  if (bench.engine.arch === "x86_64") {
    bench.ram.set([0x90, 0x90, 0x90, 0xf4], 0x1000); // nop; nop; nop; hlt
    return [0x1000n, 0x1001n, 0x1002n, 0x1003n];
  }
  const nop = 0xd503201f;
  placeWords(bench, 0x1000, [nop, nop, nop, 0xd503207f]); // nop; nop; nop; wfi
  return [0x1000n, 0x1004n, 0x1008n, 0x100cn];
}

function setPc({ engine }: Bench, pc: bigint): void {
  if (engine.arch === "x86_64") engine.x86.rip = pc;
  else engine.aarch64.pc = pc;
}

function pcOf({ engine }: Bench): bigint {
  return engine.arch === "x86_64" ? engine.x86.rip : engine.aarch64.pc;
}

for (const arch of ["x86_64", "aarch64"] as const satisfies readonly EngineArch[]) {
  Deno.test(`Engine.addCodeHook ${arch}, sees each instruction and the clock before it`, () => {
    using bench = openBench(arch);
    const addresses = place(bench);
    const seen: [bigint, number][] = [];
    using _hook = bench.engine.addCodeHook(0x1000n, 0x1fffn, (address) => {
      seen.push([address, bench.engine.instructions]);
    });
    setPc(bench, 0x1000n);
    assertEquals(bench.engine.run(10), { kind: "halt", instructions: 4 });
    assertEquals(seen, addresses.map((address, index) => [address, index]));
  });

  Deno.test(`Engine.addCodeHook ${arch}, stops before the instruction, with and without callback`, () => {
    for (const callback of [undefined, () => "stop" as const]) {
      using bench = openBench(arch);
      const [, , third = 0n] = place(bench);
      setPc(bench, 0x1000n);
      bench.engine.run(10); // translated before there was a hook
      setPc(bench, 0x1000n);
      const hook = bench.engine.addCodeHook(third, third, callback);
      assertEquals(bench.engine.run(10), { kind: "stop", instructions: 2 });
      assertEquals(pcOf(bench), third);
      hook[Symbol.dispose]();
      hook[Symbol.dispose]();
      assertEquals(bench.engine.run(10), { kind: "halt", instructions: 2 });
      assertStrictEquals(bench.engine.instructions, 8);
    }
  });

  Deno.test(`Engine.addCodeHook ${arch}, a budget that ends at a hook is a budget`, () => {
    using bench = openBench(arch);
    const [, , third = 0n] = place(bench);
    using _hook = bench.engine.addCodeHook(third, third);
    setPc(bench, 0x1000n);
    assertEquals(bench.engine.run(2), { kind: "budget", instructions: 2 });
    assertEquals(bench.engine.run(2), { kind: "stop", instructions: 0 });
  });

  Deno.test(`Engine.addCodeHook ${arch}, what a callback throws comes out of run`, () => {
    using bench = openBench(arch);
    const [, second = 0n] = place(bench);
    const failure = new Error("from the callback");
    {
      using _hook = bench.engine.addCodeHook(second, second, () => {
        throw failure;
      });
      setPc(bench, 0x1000n);
      assertStrictEquals(assertThrows(() => bench.engine.run(10)), failure);
      assertEquals([pcOf(bench), bench.engine.instructions], [second, 1]);
    }
    assertEquals(bench.engine.run(10), { kind: "halt", instructions: 3 });
  });

  Deno.test(`Engine.addCodeHook ${arch}, callbacks cannot run, map or dispose`, () => {
    using bench = openBench(arch);
    const [, second = 0n] = place(bench);
    const { engine } = bench;
    const misuses: (() => unknown)[] = [
      () => engine.run(1),
      () => engine.mapRam(0x200000n, new Uint8Array(4096)),
      () => engine.unmapRam(0n, 1n << 20n),
      () => engine.flushCode(),
      () => engine.invalidateCode(0n, 1n),
      () => engine.addCodeHook(0n, 0n),
      () => engine[Symbol.dispose](),
    ];
    for (const misuse of misuses) {
      using _hook = engine.addCodeHook(second, second, () => void misuse());
      setPc(bench, 0x1000n);
      assertEquals(assertThrows(() => engine.run(10), EngineUsageError).kind, "running");
    }
    setPc(bench, 0x1000n);
    assertEquals(engine.run(10).kind, "halt");
  });
}

Deno.test("Engine.addCodeHook, a callback may run another engine and write registers", () => {
  using outer = openBench("x86_64");
  using inner = openBench("aarch64");
  place(outer);
  place(inner);
  using _hook = outer.engine.addCodeHook(0x1001n, 0x1001n, () => {
    setPc(inner, 0x1000n);
    assertEquals(inner.engine.run(10).kind, "halt");
    outer.engine.writeRegister(X86Register.RAX, 77n);
  });
  setPc(outer, 0x1000n);
  assertEquals(outer.engine.run(10), { kind: "halt", instructions: 4 });
  assertEquals(outer.engine.x86.gpr(0), 77n);
  assertStrictEquals(inner.engine.instructions, 4);
});

Deno.test("Engine.addCodeHook, refuses an empty or negative range", () => {
  using bench = openBench("x86_64");
  assertThrows(() => bench.engine.addCodeHook(5n, 4n), EngineUsageError);
  assertThrows(() => bench.engine.addCodeHook(-1n, 4n), EngineUsageError);
});
