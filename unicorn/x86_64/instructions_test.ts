import { assertEquals } from "@std/assert";
import { X86Msr, X86Register } from "./constants.ts";
import { type Bench, openBench } from "../testing/bench.ts";
import { X86TableIndex } from "./state.ts";

const RAX = 0;
const RDI = 7;
const CODE = 0x1000;
const DATA = 0x8000n;
const TF = 0x100n;

function place(bench: Bench, code: readonly number[], cpl = 3): void {
  const { x86 } = bench.engine;
  bench.ram.set(code, CODE);
  x86.rip = BigInt(CODE);
  x86.cpl = cpl;
  x86.setGpr(RAX, 0x1122_3344_5566_7788n);
  x86.setGpr(RDI, DATA);
}

/**
 * Machine code of port accesses; each is followed by `nop; hlt`, and each counts one instruction
 * before it.
 */
const ACCESSES: readonly [string, number[]][] = [
  ["in $0x60, %al", [0xe4, 0x60]],
  ["in $0x60, %eax", [0xe5, 0x60]],
  ["in %dx, %ax", [0x66, 0xed]],
  ["out %al, $0x60", [0xe6, 0x60]],
  ["out %eax, %dx", [0xef]],
  ["insb", [0x6c]],
  ["outsb", [0x6e]],
];

for (const [name, code] of ACCESSES) {
  Deno.test(`Engine, ${name} at CPL 3 is #GP(0) at it and changes no register`, () => {
    using bench = openBench("x86_64");
    const { engine } = bench;
    place(bench, [0x90, ...code, 0x90, 0xf4]);
    const before = Array.from({ length: 16 }, (_, i) => engine.x86.gpr(i));
    for (const budget of [100, 2]) {
      engine.x86.rip = BigInt(CODE);
      assertEquals(engine.run(budget), { kind: "trap", vector: 13, instructions: 2 });
      assertEquals(engine.x86.rip, BigInt(CODE + 1));
      assertEquals(engine.x86.errorCode, 0);
      assertEquals(engine.x86.softwareInterrupt, false);
      assertEquals(Array.from({ length: 16 }, (_, i) => engine.x86.gpr(i)), before);
    }
    assertEquals(engine.instructions, 4);
  });

  Deno.test(`Engine, ${name} at CPL 0 or with IOPL 3 goes on`, () => {
    for (const [cpl, rflags] of [[0, 0x2n], [3, 0x3002n]] as const) {
      using bench = openBench("x86_64");
      const { engine } = bench;
      place(bench, [...code, 0x90, 0x0f, 0x0b], cpl); // ud2 ends it at both levels
      engine.writeRegister(X86Register.RFLAGS, rflags);
      engine.x86.cpl = cpl;
      assertEquals(engine.run(100), { kind: "trap", vector: 6, instructions: 3 });
    }
  });
}

Deno.test("Engine, repeated insb at CPL 3 is #GP(0) at its first repetition", () => {
  using bench = openBench("x86_64");
  place(bench, [0xf3, 0x6c, 0xf4]); // rep insb
  bench.engine.x86.setGpr(1, 5n);
  assertEquals(bench.engine.run(100), { kind: "trap", vector: 13, instructions: 1 });
  assertEquals(bench.engine.x86.gpr(1), 5n);
  assertEquals(bench.engine.x86.gpr(RDI), DATA);
});

Deno.test("Engine, rdtscp also reads TSC_AUX", () => {
  using bench = openBench("x86_64");
  const { engine } = bench;
  place(bench, [0x0f, 0x01, 0xf9, 0xf4], 0); // rdtscp; hlt
  engine.x86.setGpr(1, 0xffff_ffff_ffff_ffffn);
  engine.writeMsr(X86Msr.TSC_AUX, 0x8765_4321n);
  engine.run(10);
  assertEquals(engine.x86.gpr(1), 0x8765_4321n);
  assertEquals(engine.x86.gpr(RAX), 1n);
});

Deno.test("Engine, a single step over syscall is the system call", () => {
  using bench = openBench("x86_64");
  const { engine } = bench;
  place(bench, [0x90, 0x0f, 0x05, 0x90]); // nop; syscall; nop
  engine.writeRegister(X86Register.RFLAGS, 2n | TF);
  assertEquals(engine.run(100), { kind: "trap", vector: 1, instructions: 1 });
  assertEquals(engine.run(100), { kind: "syscall", instructions: 1 });
  assertEquals(engine.x86.rip, BigInt(CODE + 3));
  assertEquals(engine.run(100), { kind: "trap", vector: 1, instructions: 1 });
});

Deno.test("X86State, table registers and model-specific registers are those of the interface", () => {
  using bench = openBench("x86_64");
  const { engine } = bench;
  const { x86 } = engine;
  for (const [index, name] of (["LDTR", "TR", "GDTR", "IDTR"] as const).entries()) {
    engine.writeDescriptorTable(name, {
      base: 0x1234_5678_9000n + BigInt(index),
      limit: 99 + index,
    });
    assertEquals(x86.tableBase(X86TableIndex[name]), 0x1234_5678_9000n + BigInt(index));
    assertEquals(x86.tableLimit(X86TableIndex[name]), 99 + index);
  }
  engine.writeMsr(X86Msr.STAR, 0x1b_0008_0000_0000n);
  engine.writeMsr(X86Msr.LSTAR, 0xffff_8000_1234_5678n);
  engine.writeMsr(X86Msr.FMASK, 0x4_4700n);
  assertEquals(x86.star, 0x1b_0008_0000_0000n);
  assertEquals(x86.lstar, 0xffff_8000_1234_5678n);
  assertEquals(x86.fmask, 0x4_4700n);
  const efer = engine.readMsr(X86Msr.EFER);
  assertEquals(x86.efer, efer);
  engine.writeMsr(X86Msr.EFER, efer ^ 1n);
  assertEquals(x86.efer, efer ^ 1n);
  for (let i = 0; i < 6; i++) assertEquals(x86.selector(i), x86.segment(i).selector);
});
