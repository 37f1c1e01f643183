import { assertEquals } from "@std/assert";
import { Random } from "../../util/random.ts";
import { X86Register } from "./constants.ts";
import { openBench } from "../testing/bench.ts";

const RAX = 0;
const CODE = 0x1000;
/**
 * CF, PF, AF, ZF, SF, TF, IF, DF, OF, IOPL, NT, AC, VIF, VIP and ID; not TF, which would step, nor
 * RF and VM.
 */
const SETTABLE = 0x3c_7ed5 & ~0x100;

Deno.test("X86State.rflags, is what the library says and what code sees, whoever wrote it last", () => {
  using bench = openBench("x86_64");
  const { engine, ram } = bench;
  const { x86 } = engine;
  const random = new Random(7);
  // Alone, and after instructions that leave flags uncomputed: add eax, ecx; sub eax, ecx; std;
  // cld.
  const makers = [[], [0x01, 0xc8], [0x29, 0xc8], [0xfd], [0xfc]];
  x86.rsp = 0x8000n;
  for (let round = 0; round < 500; round++) {
    const value = (random.next() & SETTABLE) | 2;
    if (random.chance(0.3)) engine.writeRegister(X86Register.RFLAGS, BigInt(value));
    // Sometimes only what needs no help of the library.
    else x86.rflags = random.chance(0.5) ? value : (value & ~0xcd5) | (x86.rflags & 0xcd5);
    const before = x86.rflags;
    assertEquals(
      engine.readRegister(X86Register.RFLAGS),
      BigInt(before),
      `round ${round}, written`,
    );
    x86.setGpr(RAX, BigInt(random.next()));
    const maker = random.pick(makers);
    engine.invalidateCode(BigInt(CODE), 16n);
    ram.set([...maker, 0x9c, 0x58, 0xf4], CODE); // pushfq; pop rax; hlt
    x86.rip = BigInt(CODE);
    engine.run(10);
    assertEquals(x86.gpr(RAX), BigInt(x86.rflags), `round ${round}, pushed`);
    assertEquals(
      engine.readRegister(X86Register.RFLAGS),
      BigInt(x86.rflags),
      `round ${round}, read`,
    );
    if (maker.length === 0) assertEquals(x86.rflags, before, `round ${round}, kept`);
  }
});

Deno.test("X86State.gprNumber and setGprU32, are the register as a number", () => {
  using bench = openBench("x86_64");
  const { x86 } = bench.engine;
  for (const value of [0n, 0xffff_ffffn, 0x1f_ffff_ffff_ffffn, 0xffff_ffff_ffff_ffffn]) {
    x86.setGpr(RAX, value);
    assertEquals(x86.gprNumber(RAX), Number(value));
  }
  x86.setGprU32(RAX, 0x8000_0001);
  assertEquals(x86.gpr(RAX), 0x8000_0001n);
});
