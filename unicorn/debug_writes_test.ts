import { assertEquals } from "@std/assert";
import { X86Register } from "./x86_64/constants.ts";
import { openBench, placeWords } from "./testing/bench.ts";

Deno.test("Engine.open x86_64 with debugWrites, runs end behind MOV to DR", () => {
  for (const debugWrites of [true, false]) {
    using bench = openBench("x86_64", { debugWrites });
    const { engine, ram } = bench;
    // nop; mov %rax, %dr0; mov %r9, %dr7; mov $0x230f0f23, %ecx; mov %dr7, %rbx; hlt
    const code = [0x90, 0x0f, 0x23, 0xc0, 0x41, 0x0f, 0x23, 0xf9, 0xb9, 0x23, 0x0f, 0x0f, 0x23];
    ram.set([...code, 0x0f, 0x21, 0xfb, 0xf4], 0x1000);
    for (let round = 0; round < 2; round++) {
      engine.x86.setGpr(0, 0x1234n);
      engine.x86.setGpr(9, 0x400n);
      engine.x86.rip = 0x1000n;
      if (debugWrites) {
        assertEquals(engine.run(100), { kind: "debug", instructions: 2 });
        assertEquals([engine.x86.rip, engine.readRegister(X86Register.DR0)], [0x1004n, 0x1234n]);
        assertEquals(engine.run(1), { kind: "debug", instructions: 1 });
        assertEquals(engine.x86.rip, 0x1008n);
      }
      assertEquals(engine.run(100), { kind: "halt", instructions: debugWrites ? 3 : 6 });
      assertEquals([engine.x86.gpr(3), engine.x86.gpr(1)], [0x400n, 0x230f0f23n]);
      assertEquals(engine.instructions, 6 * (round + 1));
    }
  }
});

Deno.test("Engine.open x86_64 with debugWrites, MOV to DR across pages, and budgets", () => {
  for (const split of [1, 2]) {
    using bench = openBench("x86_64", { debugWrites: true });
    const { engine, ram } = bench;
    ram.set([0x0f, 0x23, 0xc0, 0xf4], 0x2000 - split);
    engine.x86.rip = BigInt(0x2000 - split);
    assertEquals(engine.run(1), { kind: "debug", instructions: 1 });
    assertEquals(engine.run(1), { kind: "halt", instructions: 1 });
  }
});

Deno.test("Engine.open aarch64 with debugWrites, runs end behind MSR to debug registers", () => {
  // msr mdscr_el1, x0; msr dbgbvr1_el1, x1; msr dbgbcr1_el1, x1; msr dbgwvr3_el1, x1; dbgwcr3
  const msrs = [0xd5100240, 0xd5100181, 0xd51001a1, 0xd51003c1, 0xd51003e1];
  using bench = openBench("aarch64", { debugWrites: true });
  const { engine } = bench;
  // The registers read, a write of another register, and a pause.
  placeWords(bench, 0x1000, [...msrs, 0xd53003c2, 0xd518d081, 0xd503207f]);
  for (let round = 0; round < 2; round++) {
    engine.aarch64.setX(0, 0n);
    engine.aarch64.setX(1, 0x10n);
    engine.aarch64.pc = 0x1000n;
    for (let i = 1; i <= msrs.length; i++) {
      assertEquals(engine.run(100), { kind: "debug", instructions: 1 });
      assertEquals(engine.aarch64.pc, 0x1000n + 4n * BigInt(i));
    }
    assertEquals(engine.run(100), { kind: "halt", instructions: 3 });
    assertEquals(engine.aarch64.x(2), 0x10n);
  }
});
