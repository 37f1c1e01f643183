import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { X86Msr, X86Register, X86Vector } from "./x86_64/constants.ts";
import type { Engine } from "./engine.ts";
import { type Bench, openBench } from "./testing/bench.ts";
import { EngineUsageError } from "./errors.ts";
import type { Exit } from "./exit.ts";
import { X86SegmentIndex } from "./x86_64/state.ts";

const FLAT = { base: 0n, limit: 0xffff_ffff };
const KERNEL_CODE = { ...FLAT, selector: 0x08, flags: 0x00af9b00 };
const KERNEL_STACK = { ...FLAT, selector: 0, flags: 0x00cf9300 };
const USER_CODE = { ...FLAT, selector: 0x23, flags: 0x00affb00 };
const USER_DATA = { ...FLAT, selector: 0x1b, flags: 0x00cff300 };
const CODE = 0x1000;

/** Runs code from 0x1000. */
function run(bench: Bench, code: readonly number[], budget = 100): Exit {
  bench.ram.set(code, CODE);
  bench.engine.invalidateCode(BigInt(CODE), BigInt(code.length));
  bench.engine.x86.rip = BigInt(CODE);
  return bench.engine.run(budget);
}

/**
 * Maps 2 MiB at 0 for all, and 4 KiB pages at 0x400000 for the user: 0x400000 → 0x30000 and
 * 0x401000 → 0x30000.
 */
function enablePaging({ engine, memory }: Bench): void {
  const put = (at: number, value: bigint): void => memory.setBigUint64(at, value, true);
  put(0x20000, 0x21007n);
  put(0x21000, 0x22007n);
  put(0x22000, 0x87n);
  put(0x22010, 0x23007n);
  put(0x23000, 0x30007n);
  put(0x23008, 0x30007n);
  engine.writeRegister(X86Register.CR3, 0x20000n);
  engine.writeRegister(X86Register.CR4, 0x620n);
  engine.writeRegister(X86Register.CR0, 0x8001_0033n);
}

function enterUser(engine: Engine, rip: bigint): void {
  engine.x86.enterRing({ cpl: 3, cs: USER_CODE, ss: USER_DATA, rsp: 0xa000n, rip });
}

Deno.test("Engine.run x86_64, tells traps, calls and pauses apart and counts each", () => {
  using bench = openBench("x86_64");
  const { x86 } = bench.engine;
  // 90: nop; cd 80: int 0x80
  assertEquals(run(bench, [0x90, 0xcd, 0x80]), { kind: "trap", instructions: 2, vector: 0x80 });
  assertEquals(x86.rip, 0x1003n);
  assertStrictEquals(x86.softwareInterrupt, true);
  // 0f 0b: ud2
  assertEquals(run(bench, [0x0f, 0x0b]), { kind: "trap", instructions: 1, vector: 6 });
  assertEquals(x86.rip, 0x1000n);
  assertStrictEquals(x86.softwareInterrupt, false);
  // 0f 05: syscall
  x86.setGpr(1, 0x77n);
  assertEquals(run(bench, [0x0f, 0x05, 0xf4]), { kind: "syscall", instructions: 1 });
  assertEquals([x86.rip, x86.gpr(1)], [0x1002n, 0x77n]);
  // f4: hlt
  assertEquals(run(bench, [0xf4]), { kind: "halt", instructions: 1 });
  assertEquals(x86.rip, 0x1001n);
});

Deno.test("Engine.run x86_64, a second fault is not taken for a double fault", () => {
  using bench = openBench("x86_64");
  // 31 c9: xor ecx, ecx; f7 f1: div ecx
  for (let round = 0; round < 3; round++) {
    const exit = run(bench, [0x31, 0xc9, 0xf7, 0xf1]);
    assertEquals(exit, { kind: "trap", instructions: 2, vector: X86Vector.DIVIDE });
  }
});

Deno.test("Engine.run x86_64, reports absent memory with its physical address", () => {
  using bench = openBench("x86_64");
  // 48 8b 04 25 00 00 50 00: mov rax, [0x500000]; then the store of it
  const load = run(bench, [0x48, 0x8b, 0x04, 0x25, 0x00, 0x00, 0x50, 0x00]);
  const where = { address: 0x500000n, size: 8, instructions: 1 };
  assertEquals(load, { kind: "memory", access: "read", ...where });
  const store = run(bench, [0x48, 0x89, 0x04, 0x25, 0x00, 0x00, 0x50, 0x00]);
  assertEquals(store, { kind: "memory", access: "write", ...where });
  assertEquals(bench.engine.x86.rip, 0x1000n);
  bench.engine.x86.rip = 0x500000n;
  const fetch = bench.engine.run(10);
  assertEquals(fetch.kind === "memory" && [fetch.access, fetch.address], ["fetch", 0x500000n]);
});

Deno.test("Engine.run x86_64, counts each repetition of a string instruction", () => {
  // b9 00 03 00 00: mov ecx, 0x300; f3 aa: rep stosb; f4: hlt
  const code = [0xb9, 0x00, 0x03, 0x00, 0x00, 0xf3, 0xaa, 0xf4];
  using whole = openBench("x86_64");
  whole.engine.x86.setGpr(7, 0x8000n);
  const { kind, instructions } = run(whole, code, 10_000);
  assertEquals(kind, "halt");
  using parts = openBench("x86_64");
  parts.engine.x86.setGpr(7, 0x8000n);
  run(parts, code, 100);
  assertEquals(parts.engine.x86.rip, 0x1005n); // in the middle of the string
  let exit: Exit;
  do exit = parts.engine.run(100); while (exit.kind === "budget");
  assertStrictEquals(parts.engine.instructions, instructions);
  assertEquals(parts.engine.x86.gpr(7), whole.engine.x86.gpr(7));
});

Deno.test("Engine.run x86_64, sees what the guest writes to its own code", () => {
  using bench = openBench("x86_64");
  // c6 05 01 00 00 00 07: mov byte ptr [rip + 1], 7 (the immediate below); b0 00: mov al, 0; f4:
  // hlt
  assertEquals(run(bench, [0xc6, 0x05, 1, 0, 0, 0, 7, 0xb0, 0, 0xf4]).kind, "halt");
  assertEquals(bench.engine.x86.gpr(0) & 0xffn, 7n);
});

Deno.test("Engine.invalidateCode x86_64, drops every mapping's translation of a page", () => {
  using bench = openBench("x86_64");
  const { engine, ram } = bench;
  enablePaging(bench);
  for (const value of [1, 2, 3]) {
    ram.set([0xb8, value, 0, 0, 0, 0xcd, 0x80], 0x30000); // mov eax, value; int 0x80
    engine.invalidateCode(0x30000n, 7n);
    for (const address of [0x400000n, 0x401000n]) {
      engine.x86.rip = address;
      assertEquals(engine.run(10).kind, "trap");
      assertEquals(engine.x86.gpr(0), BigInt(value));
    }
  }
});

Deno.test("Engine.invalidateCode x86_64, leaves stale code where it is not called", () => {
  using bench = openBench("x86_64");
  const { engine, ram } = bench;
  run(bench, [0xb0, 1, 0xf4]); // mov al, 1; hlt
  ram[CODE + 1] = 2;
  engine.x86.rip = BigInt(CODE);
  engine.run(10);
  assertEquals(engine.x86.gpr(0) & 0xffn, 1n);
  assertThrows(() => engine.invalidateCode(0xfffffn, 2n), EngineUsageError);
  assertThrows(() => engine.invalidateCode(0n, 0n), EngineUsageError);
});

Deno.test("Engine.flushTlb x86_64, makes changed page tables count", () => {
  using bench = openBench("x86_64");
  const { engine, memory, ram } = bench;
  enablePaging(bench);
  ram[0x31000] = 9;
  // 8a 04 25 00 10 40 00: mov al, [0x401000]; f4: hlt
  const load = [0x8a, 0x04, 0x25, 0x00, 0x10, 0x40, 0x00, 0xf4];
  run(bench, load);
  memory.setBigUint64(0x23008, 0x31007n, true);
  engine.flushTlb();
  run(bench, load);
  assertEquals(engine.x86.gpr(0) & 0xffn, 9n);
});

Deno.test("X86State.enterRing, iretq goes back to the user natively", () => {
  using bench = openBench("x86_64");
  const { engine, memory, ram } = bench;
  enablePaging(bench);
  const gdt = [
    0n,
    0x00af9b000000ffffn,
    0x00cf93000000ffffn,
    0x00cff3000000ffffn,
    0x00affb000000ffffn,
  ];
  gdt.forEach((descriptor, index) => memory.setBigUint64(0x4000 + 8 * index, descriptor, true));
  engine.writeDescriptorTable("GDTR", { base: 0x4000n, limit: 39 });
  ram.set([0xcd, 0x80, 0xeb, 0xfc], 0x1000); // 1: int 0x80; jmp 1b
  ram.set([0x48, 0xcf], 0x2000); // iretq
  enterUser(engine, 0x1000n);
  for (let round = 0; round < 1000; round++) {
    assertEquals(engine.run(100).kind, "trap");
    assertEquals([engine.x86.cpl, engine.x86.rsp], [3, 0xa000n]);
    const frame = [engine.x86.rip, 0x23n, 0x202n, engine.x86.rsp, 0x1bn];
    frame.forEach((word, index) => memory.setBigUint64(0x7000 + 8 * index, word, true));
    engine.x86.enterRing({ cpl: 0, cs: KERNEL_CODE, ss: KERNEL_STACK, rsp: 0x7000n, rip: 0x2000n });
    assertStrictEquals(engine.x86.cpl, 0);
  }
});

Deno.test("X86State.enterRing, privilege is real and 32-bit code refused", () => {
  using bench = openBench("x86_64");
  const { engine, ram } = bench;
  enablePaging(bench);
  ram.set([0xf4], 0x1000); // hlt
  enterUser(engine, 0x1000n);
  assertEquals(engine.run(1), { kind: "trap", instructions: 1, vector: 13 });
  const cs = { ...USER_CODE, flags: 0x00cffb00 };
  assertThrows(
    () => engine.x86.enterRing({ cpl: 3, cs, ss: USER_DATA, rsp: 0n, rip: 0n }),
    EngineUsageError,
  );
});

Deno.test("X86State, page faults carry address and error code, wild addresses are traps", () => {
  using bench = openBench("x86_64");
  const { engine } = bench;
  enablePaging(bench);
  enterUser(engine, 0x900000n);
  assertEquals(engine.run(1), { kind: "trap", instructions: 0, vector: 14 });
  assertEquals([engine.x86.cr2, engine.x86.errorCode], [0x900000n, 4]);
  engine.x86.rip = 0x8000_0000_0000n; // not canonical
  assertEquals(engine.run(1), { kind: "trap", instructions: 0, vector: 13 });
});

Deno.test("X86State.interruptShadow, covers one instruction after sti", () => {
  using bench = openBench("x86_64");
  const { engine } = bench;
  run(bench, [0xfb, 0x90, 0x90, 0xf4], 1); // sti; nop; nop; hlt
  assertStrictEquals(engine.x86.interruptShadow, true);
  engine.run(1);
  assertStrictEquals(engine.x86.interruptShadow, false);
  assertEquals(engine.readRegister(X86Register.RFLAGS) & 0x200n, 0x200n);
});

Deno.test("X86State, agrees with the library's registers one by one", () => {
  using bench = openBench("x86_64");
  const { engine } = bench;
  const names = ["RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI", "R8", "R9", "R10", "R11"];
  [...names, "R12", "R13", "R14", "R15"].forEach((name, index) => {
    const value = 0x1234_0000_0000n + BigInt(index);
    engine.x86.setGpr(index, value);
    const id = X86Register[name as keyof typeof X86Register];
    assertEquals(engine.readRegister(id), value, name);
    engine.writeRegister(id, value + 1n);
    assertEquals(engine.x86.gpr(index), value + 1n, name);
  });
  for (const name of ["ES", "CS", "SS", "DS", "FS", "GS"] as const) {
    const segment = { selector: 0x30, base: 0n, limit: 0xfffff, flags: 0x00cf9300 };
    engine.x86.setSegment(X86SegmentIndex[name], segment);
    assertEquals(engine.x86.segment(X86SegmentIndex[name]), segment);
    assertEquals(engine.readRegister(X86Register[name]), 0x30n, name);
  }
  for (const index of [-1, 16, 1.5, NaN]) {
    assertThrows(() => engine.x86.gpr(index), EngineUsageError);
  }
});

Deno.test("Engine x86_64, registers of every width read back, others are refused", () => {
  using bench = openBench("x86_64");
  const { engine } = bench;
  const bytes = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
  engine.writeVector(X86Register.XMM0 + 5, bytes);
  assertEquals(engine.readVector(X86Register.XMM0 + 5), bytes);
  engine.writeMsr(X86Msr.LSTAR, 0xffff_8000_0000_1234n);
  assertEquals(engine.readMsr(X86Msr.LSTAR), 0xffff_8000_0000_1234n);
  const table = { selector: 0x28, base: 0xffff_8000_0000_0000n, limit: 0x67, flags: 0x8b00 };
  engine.writeDescriptorTable("TR", table);
  assertEquals(engine.readDescriptorTable("TR"), table);
  const batch = engine.registerBatch([X86Register.RAX, X86Register.CR2]);
  batch.values.set([5n, 0xffff_ffff_0000_0006n]);
  batch.write();
  batch.values.fill(0n);
  batch.read();
  assertEquals([...batch.words], [5, 0, 6, 0xffff_ffff]);
  const misuses: (() => unknown)[] = [
    () => engine.readRegister(9999),
    () => engine.readRegister(X86Register.XMM0),
    () => engine.writeRegister(X86Register.RAX, -1n),
    () => engine.writeRegister(X86Register.RAX, 1n << 64n),
    () => engine.readVector(X86Register.XMM0 + 16),
    () => engine.writeVector(X86Register.XMM0, new Uint8Array(8)),
    () => engine.readMsr(0x10),
    () => engine.writeDescriptorTable("GDTR", { base: 0n, limit: -1 }),
  ];
  for (const misuse of misuses) assertThrows(misuse, EngineUsageError);
});

Deno.test("Engine x86_64, nothing a guest can read comes from the host", () => {
  using bench = openBench("x86_64");
  const { engine } = bench;
  // 0f 31: rdtsc; f4: hlt. The clock is that of instructions, this one included.
  assertEquals(run(bench, [0x90, 0x90, 0x0f, 0x31, 0xf4]).kind, "halt");
  assertEquals([engine.x86.gpr(0), engine.x86.gpr(2)], [3n, 0n]);
  // 0f c7 f0: rdrand eax; 0f c7 f8: rdseed eax; 0f 34: sysenter
  for (const code of [[0x0f, 0xc7, 0xf0], [0x0f, 0xc7, 0xf8], [0x0f, 0x34]]) {
    assertEquals(run(bench, code), { kind: "trap", instructions: 1, vector: 6 });
  }
  enablePaging(bench);
  engine.writeRegister(X86Register.CR4, 0x624n); // TSD: the user may not read the clock
  bench.ram.set([0x0f, 0x31], 0x1000);
  engine.invalidateCode(0x1000n, 2n);
  enterUser(engine, 0x1000n);
  assertEquals(engine.run(1), { kind: "trap", instructions: 1, vector: 13 });
});
