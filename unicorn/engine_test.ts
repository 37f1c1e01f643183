import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { X86Register } from "./x86_64/constants.ts";
import { Engine } from "./engine.ts";
import { openBench, placeWords } from "./testing/bench.ts";
import { type EngineArch, EngineUsageError, type EngineUsageKind } from "./errors.ts";
import type { ModelName } from "./models.ts";

const ARCHES: readonly EngineArch[] = ["x86_64", "aarch64"];

/** Two instructions that loop for ever, at 0x1000. */
function placeLoop(bench: ReturnType<typeof openBench>): void {
  if (bench.engine.arch === "x86_64") {
    bench.ram.set([0x90, 0xeb, 0xfd], 0x1000); // 1: nop; jmp 1b
    bench.engine.x86.rip = 0x1000n;
  } else {
    placeWords(bench, 0x1000, [0xd503201f, 0x17ffffff]); // 1: nop; b 1b
    bench.engine.aarch64.pc = 0x1000n;
  }
}

function assertMisuse(kind: EngineUsageKind, misuse: () => unknown): void {
  assertEquals(assertThrows(misuse, EngineUsageError).kind, kind);
}

for (const arch of ARCHES) {
  Deno.test(`Engine.run ${arch}, spends a budget exactly and goes on where it stopped`, () => {
    using once = openBench(arch);
    using parts = openBench(arch);
    placeLoop(once);
    placeLoop(parts);
    assertEquals(once.engine.run(2001), { kind: "budget", instructions: 2001 });
    for (const budget of [1, 1000, 7, 993]) {
      assertEquals(parts.engine.run(budget), { kind: "budget", instructions: budget });
    }
    assertStrictEquals(parts.engine.instructions, 2001);
    const pc = ({ engine }: typeof once) => arch === "x86_64" ? engine.x86.rip : engine.aarch64.pc;
    assertEquals(pc(once), arch === "x86_64" ? 0x1001n : 0x1004n);
    assertEquals(pc(parts), pc(once));
  });

  Deno.test(`Engine.run ${arch}, refuses every budget that is no positive integer`, () => {
    for (const budget of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
      // Each on a fresh engine, as the first budget is a case of its own.
      using bench = openBench(arch);
      placeLoop(bench);
      assertMisuse("budget", () => bench.engine.run(budget));
      assertStrictEquals(bench.engine.instructions, 0);
    }
  });

  Deno.test(`Engine.run ${arch}, executes address 0 like any other`, () => {
    using bench = openBench(arch);
    if (arch === "x86_64") bench.ram.set([0x90, 0x90, 0xf4]); // nop; nop; hlt
    else placeWords(bench, 0, [0xd503201f, 0xd503201f, 0xd503207f]); // nop; nop; wfi
    assertEquals(bench.engine.run(10), { kind: "halt", instructions: 3 });
  });

  Deno.test(`Engine.mapRam ${arch}, refuses what is unaligned, overlapping or unfit`, () => {
    using bench = openBench(arch);
    const { engine } = bench;
    const page = new Uint8Array(4096);
    assertMisuse("mapping", () => engine.mapRam(0x200001n, page));
    assertMisuse("mapping", () => engine.mapRam(0xff000n, new Uint8Array(8192)));
    assertMisuse("mapping", () => engine.mapRam(0x200000n, new Uint8Array(0)));
    assertMisuse("mapping", () => engine.mapRam(0x200000n, new Uint8Array(5000)));
    assertMisuse("mapping", () => engine.mapRam(-4096n, page));
    assertMisuse("mapping", () => engine.mapRam(1n << 40n, page));
    const resizable = new ArrayBuffer(4096, { maxByteLength: 8192 });
    assertMisuse("memory", () => engine.mapRam(0x200000n, new Uint8Array(resizable)));
    const odd = new Uint8Array(new ArrayBuffer(8192), 8, 4096);
    assertMisuse("memory", () => engine.mapRam(0x200000n, odd));
    assertMisuse("memory", () => engine.mapRam(0x200000n, null as unknown as Uint8Array));
    engine.mapRam(0x200000n, page); // none of the refused ones has left a trace
  });

  Deno.test(`Engine.unmapRam ${arch}, takes whole mappings only and leaves nothing behind`, () => {
    using bench = openBench(arch);
    const { engine } = bench;
    placeLoop(bench);
    engine.run(10);
    assertMisuse("mapping", () => engine.unmapRam(0n, 4096n));
    assertMisuse("mapping", () => engine.unmapRam(0x400000n, 4096n));
    engine.unmapRam(0n, 1n << 20n);
    const exit = engine.run(10);
    assertEquals(exit.kind === "memory" && exit.access, "fetch");
    assertStrictEquals(exit.instructions, 0);
    engine.mapRam(0n, bench.ram);
    assertEquals(engine.run(10).kind, "budget");
  });

  Deno.test(`Engine.run ${arch}, refuses to go on when mapped memory was detached`, () => {
    using bench = openBench(arch);
    placeLoop(bench);
    const page = new Uint8Array(4096);
    bench.engine.mapRam(0x200000n, page);
    page.buffer.transfer();
    assertMisuse("memory", () => bench.engine.run(1));
    bench.engine.unmapRam(0x200000n, 4096n);
    assertEquals(bench.engine.run(1).kind, "budget");
  });

  Deno.test(`Engine ${arch}, refuses all use after dispose, and disposes twice`, () => {
    const bench = openBench(arch);
    const { engine } = bench;
    const hook = engine.addCodeHook(0n, 1n);
    const batch = engine.registerBatch([]);
    engine[Symbol.dispose]();
    engine[Symbol.dispose]();
    hook[Symbol.dispose]();
    assertStrictEquals(engine.disposed, true);
    const uses: (() => unknown)[] = [
      () => engine.run(1),
      () => engine.mapRam(0x200000n, new Uint8Array(4096)),
      () => engine.unmapRam(0n, 1n << 20n),
      () => engine.invalidateCode(0n, 1n),
      () => engine.flushTlb(),
      () => engine.flushCode(),
      () => engine.addCodeHook(0n, 0n),
      () => batch.read(),
      () => batch.write(),
      () => arch === "x86_64" ? engine.x86.rip : engine.aarch64.pc,
      () => arch === "x86_64" ? engine.x86.cpl = 3 : engine.aarch64.pstate = 0,
      () => engine.readRegister(arch === "x86_64" ? X86Register.RAX : 199),
    ];
    for (const use of uses) assertMisuse("disposed", use);
  });

  Deno.test(`Engine ${arch}, refuses the other architecture's members`, () => {
    using bench = openBench(arch);
    const { engine } = bench;
    if (arch === "x86_64") {
      assertMisuse("arch", () => engine.aarch64);
      assertMisuse("arch", () => engine.systemRegister({ op0: 3, op1: 0, crn: 4, crm: 0, op2: 1 }));
    } else {
      assertMisuse("arch", () => engine.x86);
      assertMisuse("arch", () => engine.readMsr(0xc0000080));
      assertMisuse("arch", () => engine.readX87(0));
      assertMisuse("arch", () => engine.readDescriptorTable("GDTR"));
    }
  });
}

Deno.test("Engine.open, refuses unknown architectures and models", () => {
  assertMisuse("arch", () => Engine.open("mips" as EngineArch));
  assertMisuse("arch", () => Engine.open("aarch64", { model: "z80" as ModelName }));
});

Deno.test("Engine, several of both architectures share one RAM in turn", () => {
  const ram = new Uint8Array(1 << 16);
  using first = Engine.open("x86_64");
  using second = Engine.open("x86_64");
  using third = Engine.open("aarch64");
  for (const engine of [first, second, third]) engine.mapRam(0n, ram);
  // 48 ff 04 25 00 80 00 00: inc qword ptr [0x8000]; f4: hlt
  ram.set([0x48, 0xff, 0x04, 0x25, 0x00, 0x80, 0x00, 0x00, 0xf4], 0x1000);
  const memory = new DataView(ram.buffer);
  // ldr x1, [x0]; add x1, x1, #1; str x1, [x0]; wfi
  [0xf9400001, 0x91000421, 0xf9000001, 0xd503207f].forEach((word, index) =>
    memory.setUint32(0x2000 + 4 * index, word, true)
  );
  for (let round = 0; round < 20; round++) {
    for (const engine of [first, third, second]) {
      if (engine.arch === "x86_64") engine.x86.rip = 0x1000n;
      else {
        engine.aarch64.pc = 0x2000n;
        engine.aarch64.setX(0, 0x8000n);
      }
      assertEquals(engine.run(10).kind, "halt");
    }
  }
  assertEquals(memory.getBigUint64(0x8000, true), 60n);
});

Deno.test("Engine, one that is never disposed does no harm when it is collected", () => {
  for (let count = 0; count < 20; count++) {
    const { engine } = openBench("x86_64");
    assertStrictEquals(engine.disposed, false);
  }
  // Pressure on the collector while their RAM is unreachable.
  for (let count = 0; count < 200; count++) new Uint8Array(1 << 20).fill(count);
  using bench = openBench("x86_64");
  bench.ram[0] = 0xf4; // hlt
  assertEquals(bench.engine.run(1).kind, "halt");
});
