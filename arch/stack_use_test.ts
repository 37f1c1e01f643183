// What is said of random instructions against what the engine does when it executes them.
import { assert, assertEquals } from "@std/assert";
import { Random } from "../util/random.ts";
import { type Bench, openBench } from "../unicorn/testing/bench.ts";
import type { ArchName } from "./arch.ts";
import { ARCHES } from "./mod.ts";
import type { StackUse } from "./stack_use.ts";

const CODE = 0x8000;
const SP = 0x60000;
const WORD = 8;

/** Registers by name before an instruction, and what the stack pointer and PC are after it. */
interface Executed {
  readonly before: ReadonlyMap<string, number>;
  readonly sp: number;
  readonly pc: number;
}

/** Executes one instruction with random registers; `undefined` if it traps, or is no memory there. */
function execute(bench: Bench, code: readonly number[], random: Random): Executed | undefined {
  const { engine, ram } = bench;
  const before = new Map<string, number>();
  ram.fill(0, CODE, CODE + 32);
  ram.set(code, CODE);
  engine.invalidateCode(BigInt(CODE), 32n);
  const value = () => random.between(0x1000, 0x1fff) * 64;
  if (engine.arch === "x86_64") {
    const { calling } = ARCHES.x86_64;
    const names = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"];
    for (let n = 0; n < 16; n++) {
      const name = names[n] ?? `r${n}`;
      const content = name === calling.stackPointer ? SP : value();
      engine.x86.setGpr(n, BigInt(content));
      before.set(name, content);
    }
    engine.x86.rip = BigInt(CODE);
    if (engine.run(1).kind !== "budget") return undefined;
    return { before, sp: Number(engine.x86.gpr(4)), pc: Number(engine.x86.rip) };
  }
  for (let n = 0; n < 31; n++) {
    const content = value();
    engine.aarch64.setX(n, BigInt(content));
    before.set(`x${n}`, content);
  }
  engine.aarch64.sp = BigInt(SP);
  before.set("sp", SP);
  engine.aarch64.pc = BigInt(CODE);
  if (engine.run(1).kind !== "budget") return undefined;
  return { before, sp: Number(engine.aarch64.sp), pc: Number(engine.aarch64.pc) };
}

/** Words in RAM by which loads and returns are told apart. */
function fill(bench: Bench): void {
  for (let at = 0x10000; at < 0xf0000; at += WORD) bench.memory.setBigUint64(at, BigInt(at), true);
}

/** Holds what is said of an instruction against what it has done. */
function check(bench: Bench, use: StackUse, { before, sp, pc }: Executed): void {
  if (use.moves !== undefined) assertEquals(sp, SP + use.moves, "stack pointer");
  const { source } = use;
  assertEquals(use.moves === undefined, source !== undefined, "a value or a source");
  if (source?.kind === "register") {
    assertEquals(sp, (before.get(source.register) ?? 0) + source.offset, "from a register");
  }
  // XCHG has changed it.
  if (source?.kind === "memory" && use.stores === undefined) {
    const at = (before.get(source.base) ?? 0) + source.offset;
    assertEquals(sp, Number(bench.memory.getBigUint64(at, true)), "from memory");
  }
  if (use.flow === "next") assertEquals(pc, CODE + use.size, "the next instruction");
  if ((use.flow === "call" || use.flow === "jump") && use.target !== undefined) {
    assertEquals(pc, CODE + use.target, "target");
  }
}

/** Whether the copies it is said to make are there. */
function checkCopy({ engine }: Bench, use: StackUse): void {
  if (use.copy === undefined) return;
  const { register, offset } = use.copy;
  const names = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"];
  const content = engine.arch === "x86_64"
    ? engine.x86.gpr(names.includes(register) ? names.indexOf(register) : Number(register.slice(1)))
    : engine.aarch64.x(Number(register.slice(1)));
  assertEquals(Number(content), SP + offset, "copy");
}

/** A64 instructions that read or write the stack pointer, or lead elsewhere, with random fields. */
function aarch64Word(random: Random): number {
  const word = (random.between(0, 0xffff) << 16 | random.between(0, 0xffff)) >>> 0;
  const stack = random.between(0, 1) === 0 ? 31 << 5 : word & 0x3e0;
  const fields = (word & ~0x3e0) | stack;
  switch (random.between(0, 8)) {
    case 0: // ADD, SUB (immediate)
      return ((fields & 0x403f_ffff) | 0x9100_0000 | (random.between(0, 1) * 31)) >>> 0;
    case 1: // ADD, SUB (extended register)
      return ((fields & 0x401f_03ff) | 0x8b20_6000) >>> 0;
    case 2: // pairs
      return ((fields & 0xc1ff_ffff) | 0x2800_0000) >>> 0;
    case 3: // single registers, unscaled and with writeback
      return ((fields & 0xc4df_ffff) | 0x3800_0000) >>> 0;
    case 4: // single registers, scaled
      return ((fields & 0xc4ff_ffff) | 0x3900_0000) >>> 0;
    case 5: // B, BL
      return ((word & 0x8000_00ff) | 0x1400_0000) >>> 0;
    case 6: // BR, BLR, RET
      return (((word & 0x3e0) | 0xd61f_0000) + random.between(0, 2) * 0x20_0000) >>> 0;
    case 7: // conditional branches
      return ((word & 0x0000_0fef) | 0x5400_0000) >>> 0;
    default:
      return word;
  }
}

const X86_OPCODES: readonly (readonly number[])[] = [
  ...[...Array(16).keys()].flatMap((n) => [[0x50 + n], [0x70 + n], [0x0f, 0x80 + n]]),
  ...[0x01, 0x03, 0x09, 0x0b, 0x21, 0x23, 0x29, 0x2b, 0x31, 0x33, 0x39, 0x3b].map((n) => [n]),
  ...[0x63, 0x68, 0x6a, 0x81, 0x83, 0x85, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8d, 0x8f].map((n) => [n]),
  ...[0x81, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8d, 0xff, 0xff, 0xe8, 0xe8].map((n) => [n]),
  ...[0xb8, 0xc2, 0xc3, 0xc7, 0xc9, 0xe3, 0xe8, 0xe9, 0xeb, 0x90].map((n) => [n]),
  ...[0x1f, 0x44, 0xaf, 0xb6].map((n) => [0x0f, n]),
];

/** x86-64 instructions of the kinds above, whose operands lead to nearby memory. */
function x86Code(random: Random): number[] {
  const opcode = X86_OPCODES[random.between(0, X86_OPCODES.length - 1)] ?? [];
  const rex = random.between(0, 3) === 0 ? [] : [random.between(0x48, 0x4f)];
  let modrm = random.between(0, 0xff);
  // The stack pointer often, and far calls and jumps never.
  if (random.between(0, 2) === 0) modrm = (modrm & 0xc7) | 0x20;
  if (random.between(0, 2) === 0) modrm = (modrm & 0xf8) | 4;
  if (opcode[0] === 0xff && [3, 5, 7].includes((modrm >> 3) & 7)) modrm &= 0xc7;
  // The engine takes what RET pops for a signed number.
  const rest = [random.between(0, 0x7f), random.between(0, 0x7f), 0, 0, 0, random.between(0, 0x7f)];
  return [...rex, ...opcode, modrm, ...rest, 0, 0, 0, 0];
}

const CASES: Readonly<Record<ArchName, { readonly least: number; readonly tries: number }>> = {
  x86_64: { least: 1000, tries: 2000 },
  aarch64: { least: 1000, tries: 4000 },
};

for (const [name, { least, tries }] of Object.entries(CASES)) {
  const arch = ARCHES[name as ArchName];
  Deno.test(`Arch.stackUse ${name}, random instructions do what it says`, () => {
    const random = new Random(23);
    using bench = openBench(arch.name);
    const seen = new Map<string, number>();
    let checked = 0;
    for (let i = 0; i < tries; i++) {
      fillSometimes(bench, i);
      const word = aarch64Word(random);
      const code = arch.calling.pushed > 0
        ? x86Code(random)
        : [word, word >>> 8, word >>> 16, word >>> 24].map((byte) => byte & 0xff);
      const use = arch.stackUse(new Uint8Array(code));
      if (use === undefined || use.flow === "trap") continue;
      const executed = execute(bench, code, random);
      if (executed === undefined) continue;
      const text = code.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
      try {
        check(bench, use, executed);
        checkCopy(bench, use);
      } catch (error) {
        throw new Error(`${text}: ${JSON.stringify(use)}`, { cause: error });
      }
      checked++;
      const kind = use.source?.kind ?? use.flow;
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }
    assert(checked >= least, `${checked} of ${tries}`);
    for (const kind of ["next", "call", "return", "jump", "branch", "register", "relative"]) {
      assert((seen.get(kind) ?? 0) > 5, `${kind}: ${[...seen].join("; ")}`);
    }
  });
}

/** Stores may have changed what the words are told apart by. */
function fillSometimes(bench: Bench, i: number): void {
  if (i % 500 === 0) fill(bench);
}

Deno.test("Arch.stackUse, bytes that end too early are none", () => {
  for (const arch of Object.values(ARCHES)) {
    assertEquals(arch.stackUse(new Uint8Array(0)), undefined);
    assertEquals(arch.stackUse(new Uint8Array([0xe8])), undefined);
  }
});
