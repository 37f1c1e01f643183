import { assertEquals } from "@std/assert";
import { AArch64SystemRegister } from "./aarch64/constants.ts";
import { X86Msr, X86Register } from "./x86_64/constants.ts";
import { type Bench, openBench, placeWords } from "./testing/bench.ts";
import type { EngineArch } from "./errors.ts";

const ARCHES: readonly EngineArch[] = ["x86_64", "aarch64"];
const MAIN = 0x1000;
/**
 * The page frame of a function, its address for execution and one for writing, which is not
 * executable.
 */
const FRAME = 0x30000;
const CODE = 0x400000n;
const ALIAS = 0x401000n;

/** Maps 2 MiB at 0, and the two pages, at the privilege the engine starts with. */
function enablePaging({ engine, memory }: Bench): void {
  const put = (at: number, value: bigint): void => memory.setBigUint64(at, value, true);
  if (engine.arch === "x86_64") {
    put(0x20000, 0x21003n);
    put(0x21000, 0x22003n);
    put(0x22000, 0x83n);
    put(0x22010, 0x23003n);
    put(0x23000, BigInt(FRAME) | 1n);
    put(0x23008, BigInt(FRAME) | 3n | (1n << 63n));
    engine.writeMsr(X86Msr.EFER, engine.readMsr(X86Msr.EFER) | 0x800n); // NXE
    engine.writeRegister(X86Register.CR3, 0x20000n);
    engine.writeRegister(X86Register.CR4, 0x620n);
    engine.writeRegister(X86Register.CR0, 0x8001_0033n);
    return;
  }
  put(0x20000, 0x21003n);
  put(0x21000, 0x22003n);
  put(0x22000, 0x701n);
  put(0x22010, 0x23003n);
  put(0x23000, BigInt(FRAME) | 0x783n); // read-only
  put(0x23008, BigInt(FRAME) | 0x703n | (1n << 53n)); // PXN
  engine.writeSystemRegister(AArch64SystemRegister.MAIR_EL1, 0xffn);
  engine.writeSystemRegister(AArch64SystemRegister.TCR_EL1, 0x5_8080_3510n | (16n << 16n));
  engine.writeSystemRegister(AArch64SystemRegister.TTBR0_EL1, 0x20000n);
  engine.writeSystemRegister(AArch64SystemRegister.SCTLR_EL1, 0x30d0_1805n);
}

/** Places a function that returns a number. */
function placeFunction(bench: Bench, value: number): void {
  // mov al, value; ret
  if (bench.engine.arch === "x86_64") bench.ram.set([0xb0, value, 0xc3], FRAME);
  else placeWords(bench, FRAME, [mov(value), 0xd65f03c0]); // mov w0, #value; ret
}

function mov(value: number): number {
  return 0x52800000 | (value << 5);
}

/**
 * A program that writes beside the function through the alias, so that its mapping has been written
 * to, calls the function, makes it return 7 through the alias, calls it, makes it return 9 and
 * calls it. The first two results are kept.
 */
function placeMain(bench: Bench): void {
  const { engine } = bench;
  if (engine.arch === "x86_64") {
    bench.ram.set([
      ...[0xc6, 0x04, 0x25, 0x00, 0x18, 0x40, 0x00, 0x00], // movb $0, 0x401800
      ...[0xc6, 0x04, 0x25, 0x01, 0x18, 0x40, 0x00, 0x00], // movb $0, 0x401801
      ...[0xff, 0xd1], // call *%rcx
      ...[0x88, 0xc3], // mov %al, %bl
      ...[0xc6, 0x04, 0x25, 0x01, 0x10, 0x40, 0x00, 0x07], // movb $7, 0x401001
      ...[0xff, 0xd1], // call *%rcx
      ...[0x88, 0xc2], // mov %al, %dl
      ...[0xc6, 0x04, 0x25, 0x01, 0x10, 0x40, 0x00, 0x09], // movb $9, 0x401001
      ...[0xff, 0xd1], // call *%rcx
      0xf4, // hlt
    ], MAIN);
    engine.x86.rsp = 0x8000n;
    engine.x86.setGpr(1, CODE);
    engine.x86.setGpr(2, 0n);
    engine.x86.setGpr(3, 0n);
    engine.x86.rip = BigInt(MAIN);
    return;
  }
  placeWords(bench, MAIN, [
    0xb908003f, // str wzr, [x1, #0x800]
    0xb908043f, // str wzr, [x1, #0x804]
    0xd63f0040, // blr x2
    0x2a0003e5, // mov w5, w0
    0xb9000023, // str w3, [x1]
    0xd63f0040, // blr x2
    0x2a0003e6, // mov w6, w0
    0xb9000024, // str w4, [x1]
    0xd63f0040, // blr x2
    0xd503207f, // wfi
  ]);
  engine.aarch64.setX(1, ALIAS);
  engine.aarch64.setX(2, CODE);
  engine.aarch64.setX(3, BigInt(mov(7)));
  engine.aarch64.setX(4, BigInt(mov(9)));
  engine.aarch64.pc = BigInt(MAIN);
}

function results({ engine }: Bench): bigint[] {
  return engine.arch === "x86_64"
    ? [3, 2, 0].map((index) => engine.x86.gpr(index) & 0xffn)
    : [5, 6, 0].map((index) => engine.aarch64.x(index));
}

for (const arch of ARCHES) {
  Deno.test(`Engine.run ${arch}, sees every store to code through another mapping`, () => {
    for (const budget of [1, 2, 3, 1000]) {
      using bench = openBench(arch);
      const { engine } = bench;
      placeFunction(bench, 5);
      placeMain(bench);
      enablePaging(bench);
      while (engine.run(budget).kind === "budget");
      assertEquals(results(bench), [5n, 7n, 9n], `budget ${budget}`);
      const first = engine.instructions;
      placeMain(bench);
      assertEquals(engine.run(1000).kind, "halt");
      assertEquals(results(bench), [9n, 7n, 9n], "once more");
      assertEquals(engine.instructions, 2 * first, "no instruction is counted twice");
    }
  });

  Deno.test(`Engine.run ${arch}, sees stores to a page frame that is code again`, () => {
    using bench = openBench(arch);
    const { engine } = bench;
    enablePaging(bench);
    for (const value of [5, 6, 8]) {
      placeFunction(bench, value);
      engine.invalidateCode(BigInt(FRAME), 4096n);
      placeMain(bench);
      engine.run(1000);
      assertEquals(results(bench), [BigInt(value), 7n, 9n]);
    }
  });

  Deno.test(`Engine.run ${arch}, sees stores from its first instruction on`, () => {
    using bench = openBench(arch);
    const { engine } = bench;
    enablePaging(bench);
    placeFunction(bench, 5);
    if (arch === "x86_64") {
      // At the function's address: int3 ends the run before any block has come to its end.
      bench.ram.set([0xcc], FRAME);
      engine.x86.rip = CODE;
    } else {
      placeWords(bench, FRAME, [0xd4200000]); // brk #0
      engine.aarch64.pc = CODE;
    }
    assertEquals(engine.run(10).kind, "trap");
    placeMain(bench);
    // The function is written by the guest, through the alias.
    if (arch === "x86_64") {
      bench.ram.set([
        ...[0xc7, 0x04, 0x25, 0x00, 0x18, 0x40, 0x00, 0, 0, 0, 0], // movl $0, 0x401800
        ...[0xc7, 0x04, 0x25, 0x00, 0x10, 0x40, 0x00, 0xb0, 3, 0xc3, 0], // movl $0xc303b0, 0x401000
        ...[0xff, 0xd1, 0xf4], // call *%rcx; hlt
      ], MAIN);
    } else {
      // str wzr, [x1, #0x800]; str w3, [x1]; str w5, [x1, #4]; blr x2; wfi
      placeWords(bench, MAIN, [0xb908003f, 0xb9000023, 0xb9000425, 0xd63f0040, 0xd503207f]);
      engine.aarch64.setX(3, BigInt(mov(3)));
      engine.aarch64.setX(5, 0xd65f03c0n);
    }
    assertEquals(engine.run(1000).kind, "halt");
    assertEquals(results(bench)[2], 3n);
  });

  Deno.test(`Engine.invalidateCode ${arch}, drops many page frames and leaves the others`, () => {
    using bench = openBench(arch);
    const { engine } = bench;
    const call = (frame: number): bigint => {
      if (arch === "x86_64") {
        engine.x86.rsp = 0x8000n;
        bench.memory.setBigUint64(0x8000, 0x9000n, true);
        bench.ram[0x9000] = 0xf4; // hlt
        engine.x86.rip = BigInt(frame);
      } else {
        placeWords(bench, 0x9000, [0xd503207f]); // wfi
        engine.aarch64.setX(30, 0x9000n);
        engine.aarch64.pc = BigInt(frame);
      }
      assertEquals(engine.run(10).kind, "halt");
      return arch === "x86_64" ? engine.x86.gpr(0) & 0xffn : engine.aarch64.x(0);
    };
    const frames = Array.from({ length: 16 }, (_, index) => 0x40000 + index * 0x1000);
    const place = (frame: number, value: number): void => {
      if (arch === "x86_64") bench.ram.set([0xb0, value, 0xc3], frame);
      else placeWords(bench, frame, [mov(value), 0xd65f03c0]);
    };
    frames.forEach((frame, index) => place(frame, index));
    assertEquals(frames.map(call), frames.map((_, index) => BigInt(index)));
    frames.forEach((frame, index) => place(frame, 100 + index));
    engine.invalidateCode(0x42fffn, 2n);
    engine.invalidateCode(0x48000n, 0x5000n);
    const dropped = [2, 3, 8, 9, 10, 11, 12];
    assertEquals(
      frames.map(call),
      frames.map((_, index) => BigInt(dropped.includes(index) ? 100 + index : index)),
    );
    engine.invalidateCode(0n, 1n << 20n);
    assertEquals(frames.map(call), frames.map((_, index) => BigInt(100 + index)));
  });
}

Deno.test("Engine.run x86_64, sees stores to both pages of a block that crosses them", () => {
  using bench = openBench("x86_64");
  const { engine, memory } = bench;
  enablePaging(bench);
  const second = 0x40000;
  // 0x402000 and 0x403000 are code, 0x404000 is an alias of the second
  memory.setBigUint64(0x23010, BigInt(FRAME) | 1n, true);
  memory.setBigUint64(0x23018, BigInt(second) | 1n, true);
  memory.setBigUint64(0x23020, BigInt(second) | 3n | (1n << 63n), true);
  // The instruction's immediate is in the second page.
  bench.ram.set([0xb8], FRAME + 0xfff); // mov $5, %eax
  bench.ram.set([5, 0, 0, 0, 0xc3], second); // ret
  bench.ram.set([
    ...[0xc6, 0x04, 0x25, 0x00, 0x48, 0x40, 0x00, 0x00], // movb $0, 0x404800
    ...[0xff, 0xd1, 0x88, 0xc3], // call *%rcx; mov %al, %bl
    ...[0xc6, 0x04, 0x25, 0x00, 0x40, 0x40, 0x00, 0x07], // movb $7, 0x404000
    ...[0xff, 0xd1, 0xf4], // call *%rcx; hlt
  ], MAIN);
  engine.x86.rsp = 0x8000n;
  engine.x86.setGpr(1, 0x402fffn);
  engine.x86.rip = BigInt(MAIN);
  assertEquals(engine.run(100).kind, "halt");
  assertEquals([engine.x86.gpr(3) & 0xffn, engine.x86.gpr(0)], [5n, 7n]);
});
