// Operands of random loads and stores against what the engine accesses.
import { assert, assertEquals } from "@std/assert";
import { Random } from "../util/random.ts";
import { type Bench, openBench } from "../unicorn/testing/bench.ts";
import { memoryOperand } from "./aarch64/operands.ts";
import { memoryOperands } from "./x86_64/operands.ts";

const CODE = 0x1000;
const WHOLE = [{ begin: 0, end: 4096, reads: true, writes: true }];

/** Physical addresses of the accesses of one instruction; `undefined` if it was not executed. */
function accesses({ engine }: Bench): { addresses: bigint[]; state: BigUint64Array } | undefined {
  const exit = engine.run(1);
  const { accessed } = engine;
  if (exit.kind !== "access" || accessed === undefined) return undefined;
  return { addresses: accessed.accesses.map(({ address }) => address), state: accessed.state };
}

function least(addresses: readonly bigint[]): bigint {
  return addresses.reduce((a, b) => a < b ? a : b);
}

Deno.test("memoryOperand AArch64, random loads and stores begin where it says", () => {
  const random = new Random(11);
  using bench = openBench("aarch64");
  bench.engine.watchMemory(WHOLE, "all");
  let checked = 0;
  const forms = new Set<number>();
  for (let i = 0; i < 6000; i++) {
    // Bit 27 set, bit 25 clear; both halves at random.
    const word = ((random.between(0, 0xffff) << 16 | random.between(0, 0xffff)) & ~(1 << 25) |
      1 << 27) >>> 0;
    bench.memory.setUint32(CODE, word, true);
    bench.engine.invalidateCode(BigInt(CODE), 4n);
    const { aarch64 } = bench.engine;
    for (let n = 0; n < 31; n++) {
      // Some are negative as words: extended in one way or the other they lead elsewhere.
      const low = BigInt(random.between(0x40000, 0x7ffff) & ~15);
      aarch64.setX(n, n % 4 === 3 ? BigInt(random.between(0, 0x100)) : low);
    }
    aarch64.sp = 0x60000n;
    aarch64.pc = BigInt(CODE);
    const made = accesses(bench);
    if (made === undefined) continue;
    const operand = memoryOperand(word, {
      pc: BigInt(CODE),
      register: (index) => made.state[8 + index] ?? 0n,
    });
    assertEquals(operand, least(made.addresses), `0x${word.toString(16)}`);
    forms.add(word >>> 24);
    checked++;
  }
  assert(checked > 1000 && forms.size > 40, `${checked} of ${forms.size} forms`);
});

Deno.test("memoryOperand AArch64, other instructions have none", () => {
  const options = { pc: 0n, register: () => 0x1000n };
  // nop; add x0, x0, #1; b .; dc cvau, x0; fmov d0, x0
  for (const word of [0xd503201f, 0x91000400, 0x14000000, 0xd50b7b20, 0x9e670000]) {
    assertEquals(memoryOperand(word, options), undefined);
  }
  assertEquals(
    memoryOperand(0xd50b7421, { pc: 0n, register: () => 0x1055n }),
    0x1040n,
    "dc zva, x1",
  );
});

Deno.test("memoryOperands x86-64, random operands are where it says", () => {
  const random = new Random(12);
  using bench = openBench("x86_64");
  bench.engine.watchMemory(WHOLE, "all");
  let checked = 0;
  for (let i = 0; i < 4000; i++) {
    const prefixes = random.between(0, 9) === 0 ? [0x67] : [];
    const rex = 0x48 | random.between(0, 7);
    const modrm = random.between(0, 0xbf);
    const displacement = (modrm >> 6) === 1
      ? [random.between(0, 255)]
      : [random.between(0, 255), random.between(0, 0x7f), 0, 0];
    const sib = (modrm & 7) === 4 ? [random.between(0, 255)] : [];
    const opcode = random.between(0, 1) === 0 ? 0x8b : 0x89; // mov
    const code = [...prefixes, rex, opcode, modrm, ...sib, ...displacement];
    bench.ram.fill(0x90, CODE, CODE + 32);
    bench.ram.set(code, CODE);
    bench.engine.invalidateCode(BigInt(CODE), 32n);
    const { x86 } = bench.engine;
    for (let n = 0; n < 16; n++) x86.setGpr(n, BigInt(random.between(0x8000, 0xffff)));
    x86.rip = BigInt(CODE);
    const made = accesses(bench);
    if (made === undefined) continue;
    const operands = memoryOperands(Uint8Array.from(code), {
      pc: BigInt(CODE),
      register: (index) => made.state[index] ?? 0n,
      segmentBase: () => 0n,
    });
    assertEquals(
      operands,
      [least(made.addresses)],
      code.map((byte) => byte.toString(16)).join(" "),
    );
    checked++;
  }
  assert(checked > 3000, String(checked));
});

Deno.test("memoryOperands x86-64, strings, stack and segments; nothing where it cannot tell", () => {
  const registers = Array.from({ length: 16 }, (_, index) => BigInt(0x1000 * (index + 1)));
  const of = (...code: number[]) =>
    memoryOperands(Uint8Array.from([...code, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90]), {
      pc: 0x400000n,
      register: (index) => registers[index] ?? 0n,
      segmentBase: (segment) => segment === "fs" ? 0x100_0000n : 0x200_0000n,
    });
  const [rsi, rdi, rsp, rax, rbp] = [0x7000n, 0x8000n, 0x5000n, 0x1000n, 0x6000n];
  assertEquals(of(0xf3, 0xa4), [rsi, rdi], "rep movsb");
  assertEquals(of(0x64, 0x48, 0xa5), [rsi + 0x100_0000n, rdi], "movsq %fs:(%rsi), (%rdi)");
  assertEquals(of(0x50), [rsp - 8n], "push %rax");
  assertEquals(of(0xff, 0x30), [rax, rsp - 8n], "push (%rax)");
  assertEquals(of(0xc3), [rsp], "ret");
  assertEquals(of(0xc9), [rbp], "leave");
  assertEquals(of(0x65, 0x48, 0x8b, 0x00), [rax + 0x200_0000n], "mov %gs:(%rax), %rax");
  assertEquals(of(0x48, 0x8b, 0x05, 0x10, 0, 0, 0), [0x400017n], "mov 0x10(%rip), %rax");
  assertEquals(of(0xf0, 0x48, 0x0f, 0xc7, 0x08), [rax], "lock cmpxchg16b (%rax)");
  assertEquals(of(0x0f, 0xae, 0x00), [rax], "fxsave (%rax)");
  for (
    const code of [
      [0x48, 0xcf], // iretq
      [0x8e, 0x10], // mov (%rax), %ss
      [0x48, 0x0f, 0xab, 0x08], // bts %rcx, (%rax)
      [0xc5, 0xf8, 0x10, 0x00], // vmovups (%rax), %xmm0
      [0x0f, 0xf7, 0xc1], // maskmovq
      [0xd7], // xlat
      [0x48, 0xff, 0xc0], // inc %rax
      [],
    ]
  ) assertEquals(of(...code), undefined, String(code));
});
