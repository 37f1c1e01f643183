import { assert, assertEquals } from "@std/assert";
import { Random } from "../../util/random.ts";
import { type Bench, openBench } from "../testing/bench.ts";
import { X86Register } from "./constants.ts";

/** Opens an engine with code at 0x1000, before it, and a stack below 0x9000. */
function place(code: readonly number[]): Bench {
  const bench = openBench("x86_64");
  bench.ram.set(code, 0x1000);
  bench.engine.x86.rip = 0x1000n;
  bench.engine.x86.rsp = 0x9000n;
  return bench;
}

// nop; mov byte [rip + 1], 0x90, which makes the int3 a nop; nop; int3; hlt
const SELF = [0x90, 0xc6, 0x05, 1, 0, 0, 0, 0x90, 0x90, 0xcc, 0xf4];

Deno.test("Engine.run x86-64, a store into the block it is in is made once and counted once", () => {
  using bench = place(SELF);
  assertEquals(bench.engine.run(100), { kind: "halt", instructions: 5 });
  using stepped = place(SELF);
  const { engine } = stepped;
  const seen: bigint[] = [];
  for (let i = 0; i < 4; i++) {
    assertEquals(engine.run(1), { kind: "budget", instructions: 1 });
    seen.push(engine.x86.rip);
  }
  assertEquals(seen, [0x1001n, 0x1008n, 0x1009n, 0x100an]);
  assertEquals([engine.run(1).kind, engine.instructions], ["halt", 5]);
});

Deno.test("Engine.run x86-64, a store into its own block is one to code hooks, and to watched memory", () => {
  using bench = place(SELF);
  const { engine } = bench;
  const seen: [bigint, number][] = [];
  {
    using _hook = engine.addCodeHook(0x1000n, 0x1fffn, (at) => {
      seen.push([at, engine.instructions]);
    });
    assertEquals(engine.run(100), { kind: "halt", instructions: 5 });
  }
  const addresses = [0x1000n, 0x1001n, 0x1008n, 0x1009n, 0x100an];
  assertEquals(seen, addresses.map((address, index) => [address, index]));
  bench.ram.set(SELF, 0x1000);
  engine.invalidateCode(0x1000n, 16n);
  engine.x86.rip = 0x1000n;
  const window = { begin: 9, end: 10, reads: false, writes: true };
  engine.watchMemory([window], "all");
  assertEquals(engine.run(100), { kind: "access", instructions: 2 });
  assertEquals([engine.x86.rip, engine.accessed?.accesses.length], [0x1008n, 1]);
});

Deno.test("Engine.run x86-64, the same store is told each time in a loop", () => {
  // mov ecx, 50; 1: mov [rip + 1], cl (the immediate below); mov al, 0; add ebx, eax; dec ecx;
  // jnz 1b; hlt
  const code = [0xb9, 50, 0, 0, 0, 0x88, 0x0d, 1, 0, 0, 0, 0xb0, 0, 0x01, 0xc3, 0xff, 0xc9, 0x75]
    .concat(0xf2, 0xf4);
  using bench = place(code);
  assertEquals(bench.engine.run(1_000), { kind: "halt", instructions: 1 + 50 * 5 + 1 });
  assertEquals(bench.engine.x86.gpr(3), BigInt(50 * 51 / 2));
});

/** A program that changes itself in random places, and always goes on. */
function randomProgram(random: Random): number[] {
  const size = 160;
  const code: number[] = [];
  while (code.length < size) {
    const at = code.length;
    // A byte of this program that is an operand, or a nop: behind `mov al, n` or the like.
    const target = random.below(size) - (at + 7);
    const distance = [0, 8, 16, 24].map((shift) => (target >> shift) & 0xff);
    switch (random.below(6)) {
      case 0:
        code.push(0xb0, random.below(256)); // mov al, n
        break;
      case 1:
        code.push(0x04, random.below(256)); // add al, n
        break;
      case 2:
        code.push(0x50, 0x5b); // push rax; pop rbx
        break;
      default:
        code.push(0xc6, 0x05, ...distance, random.pick([0x90, 0x91, 0x40, 0xf8])); // mov byte, n
    }
  }
  return [...code, 0xf4];
}

Deno.test("Engine.run x86-64, code that changes itself ends the same in one run and in steps", () => {
  const random = new Random(5);
  let halts = 0;
  for (let i = 0; i < 150; i++) {
    const code = randomProgram(random);
    const outcome = (budget: () => number): unknown[] => {
      using bench = place(code);
      const { engine, ram } = bench;
      let exit = engine.run(budget());
      while (exit.kind === "budget" && engine.instructions < 400) exit = engine.run(budget());
      if (exit.kind === "halt") halts++;
      const { kind } = exit;
      const end = kind === "budget"
        ? []
        : [engine.instructions, engine.x86.rip, ram.slice(0x1000, 0x1200)];
      return [kind, ...end, engine.readRegister(X86Register.RAX) & 0xffn];
    };
    const whole = outcome(() => 400);
    assertEquals(outcome(() => 1), whole, `program ${i}, in steps`);
    const pieces = new Random(i);
    assertEquals(outcome(() => 1 + pieces.below(9)), whole, `program ${i}, in pieces`);
  }
  assert(halts > 15, `${halts} have ended`);
});
