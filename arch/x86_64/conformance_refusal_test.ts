/** Instructions that the engine would execute and a processor refuses. */
import { assertEquals } from "@std/assert";
import type { Mode, Registers } from "../testing/harness.ts";
import { hex } from "../physical_memory.ts";
import { DATA, makeMachine, NON_CANONICAL } from "./testing/conformance.ts";
import { runCode, seen } from "./testing/run_code.ts";
import { Vector } from "./exceptions.ts";

interface Case {
  readonly name: string;
  readonly mode: Mode;
  readonly code: readonly number[];
  readonly registers?: Registers;
  /** `undefined` if it is executed. */
  readonly refused?: number;
}

const MOV_TO_CR0 = [0x0f, 0x22, 0xc0];
const MOV_TO_CR4 = [0x0f, 0x22, 0xe0];
const MOV_TO_CR8 = [0x44, 0x0f, 0x22, 0xc0];
const WRMSR = [0x0f, 0x30];
const RDMSR = [0x0f, 0x32];
const CR0 = 0x8001_0023n;
const CR4 = 0x10_0620n;

function wrmsr(name: string, number: bigint, value: bigint, refused?: number): Case {
  const registers = { rcx: number, rax: value & 0xffff_ffffn, rdx: value >> 32n };
  return { name: `wrmsr, ${name}`, mode: "kernel", code: WRMSR, registers, ...kept(refused) };
}

function kernel(name: string, code: readonly number[], rax: bigint, refused?: number): Case {
  return { name, mode: "kernel", code, registers: { rax }, ...kept(refused) };
}

function kept(refused: number | undefined): { refused?: number } {
  return refused === undefined ? {} : { refused };
}

const { GP, UD } = Vector;
const CASES: readonly Case[] = [
  kernel("CR0, its upper half", MOV_TO_CR0, CR0 | 1n << 32n, GP),
  kernel("CR0, PG without PE", MOV_TO_CR0, CR0 & ~1n, GP),
  kernel("CR0, NW without CD", MOV_TO_CR0, CR0 | 1n << 29n, GP),
  kernel("CR0, no paging in long mode", MOV_TO_CR0, CR0 & ~(1n << 31n), GP),
  kernel("CR0, as it is", MOV_TO_CR0, CR0),
  kernel("CR4, a reserved bit", MOV_TO_CR4, CR4 | 1n << 15n, GP),
  kernel("CR4, its upper half", MOV_TO_CR4, CR4 | 1n << 40n, GP),
  kernel("CR4, LA57", MOV_TO_CR4, CR4 | 1n << 12n, GP),
  kernel("CR4, no PAE in long mode", MOV_TO_CR4, CR4 & ~(1n << 5n), GP),
  kernel("CR4, as it is", MOV_TO_CR4, CR4),
  kernel("CR8, more than four bits", MOV_TO_CR8, 16n, GP),
  kernel("CR8, four bits", MOV_TO_CR8, 15n),
  kernel("DR6, its upper half", [0x0f, 0x23, 0xf0], 1n << 32n, GP),
  kernel("DR7, its upper half", [0x0f, 0x23, 0xf8], 1n << 63n, GP),
  kernel("DR7, nothing enabled", [0x0f, 0x23, 0xf8], 0x400n),
  kernel("ltr, null", [0x0f, 0x00, 0xd8], 3n, GP),
  kernel("mov to SS, null", [0x8e, 0xd0], 0n),
  wrmsr("EFER, a reserved bit", 0xc000_0080n, 0xd03n, GP),
  wrmsr("EFER, no long mode while paging", 0xc000_0080n, 0xc01n, GP),
  wrmsr("EFER, as it is", 0xc000_0080n, 0xd01n),
  wrmsr("LSTAR, not canonical", 0xc000_0082n, NON_CANONICAL, GP),
  wrmsr("FS base, not canonical", 0xc000_0100n, NON_CANONICAL, GP),
  wrmsr("GS base, not canonical", 0xc000_0101n, NON_CANONICAL, GP),
  wrmsr("KernelGSbase, canonical", 0xc000_0102n, 0xffff_8000_0000_1000n),
  wrmsr("PAT, a type that is none", 0x277n, 0x0007_0406_0007_0402n, GP),
  wrmsr("PAT, as it is after reset", 0x277n, 0x0007_0406_0007_0406n),
  wrmsr("a register that is not there", 0x1_2345n, 0n, GP),
  {
    name: "rdmsr, a register that is not there",
    mode: "kernel",
    code: RDMSR,
    registers: {
      rcx: 0x1_2345n,
    },
    refused: GP,
  },
  { name: "rdmsr, EFER", mode: "kernel", code: RDMSR, registers: { rcx: 0xc000_0080n } },
  ...(["user", "kernel"] as const).flatMap((mode): Case[] => [
    { name: "lock nop", mode, code: [0xf0, 0x90], refused: UD },
    { name: "lock mov %eax, (%rdi)", mode, code: [0xf0, 0x89, 0x07], refused: UD },
    { name: "lock add %ecx, %eax", mode, code: [0xf0, 0x01, 0xc8], refused: UD },
    { name: "lock with two more prefixes", mode, code: [0x66, 0xf0, 0x3e, 0x90], refused: UD },
    { name: "lock add %eax, (%rdi)", mode, code: [0xf0, 0x01, 0x07] },
    { name: "lock cmpxchg16b (%rdi)", mode, code: [0xf0, 0x48, 0x0f, 0xc7, 0x0f] },
    { name: "C6 /7", mode, code: [0xc6, 0xf8, 0x00], refused: UD },
    { name: "C7 /1", mode, code: [0xc7, 0xc8, 0, 0, 0, 0], refused: UD },
    { name: "movb $0, (%rdi)", mode, code: [0xc6, 0x07, 0x00] },
  ]),
  { name: "insb", mode: "user", code: [0x6c], refused: GP },
  { name: "rep outsl", mode: "user", code: [0xf3, 0x6f], refused: GP },
];

for (const { name, mode, code, registers = {}, refused } of CASES) {
  const what = refused === undefined ? "is executed" : `is refused by exception ${refused}`;
  Deno.test(`x86-64 in ${mode} mode, ${name}: ${what}`, () => {
    for (const budget of [1, 10_000]) {
      using machine = makeMachine();
      const word = 0x1122_3344_5566_7788n;
      const data = machine.mapUser(DATA, { write: true, execute: false });
      machine.memory.writeU64(data, word);
      const all = { rdi: DATA, rsi: DATA, ...registers };
      const trap = runCode(machine, { mode, code, registers: all, budget });
      const expected = refused === undefined ? [Vector.BP, 0, code.length + 1] : [refused, 0, 0];
      assertEquals(seen(machine, mode, trap), [expected]);
      if (refused === undefined) continue;
      assertEquals(hex(machine.memory.readU64(data)), hex(word));
      for (const [register, value] of Object.entries(all)) {
        assertEquals(hex(trap.frame.register(register)), hex(value), register);
      }
    }
  });
}

Deno.test("x86-64 ins and outs without the privilege, are #GP before their operand's page fault", () => {
  for (const code of [[0x6c], [0x6e], [0xf3, 0x6d], [0x66, 0x6f]]) {
    using machine = makeMachine();
    const registers = { rdi: DATA, rsi: DATA };
    const trap = runCode(machine, { mode: "user", code, registers });
    assertEquals(seen(machine, "user", trap), [[Vector.GP, 0, 0]]);
  }
});

for (const mode of ["user", "kernel"] as const) {
  Deno.test(`x86-64 in ${mode} mode, a rotation through carry that faults keeps its flags`, () => {
    // rclb (%rdi); rclq $5, (%rdi); rcrl %cl, (%rdi)
    for (const code of [[0xd0, 0x17], [0x48, 0xc1, 0x17, 0x05], [0xd3, 0x1f]]) {
      for (const flags of [0n, 0x8d5n]) {
        using machine = makeMachine();
        const data = machine.mapUser(DATA, { write: false, execute: false });
        machine.memory.writeU64(data, 0xf0f0_0f0f_8181_7e7en);
        const rflags = 2n | flags;
        const registers = { rdi: DATA, rcx: 3n, rflags };
        const trap = runCode(machine, { mode, code, registers });
        assertEquals(seen(machine, mode, trap), [[Vector.PF, mode === "user" ? 7 : 3, 0]]);
        assertEquals(hex(trap.frame.register("rflags") & ~0x1_0000n), hex(rflags));
      }
    }
  });
}

Deno.test("x86-64 copy-on-write below a rotation through carry, gives what it gives without", () => {
  const results = [true, false].map((write) => {
    using machine = makeMachine();
    const word = 0x8000_0000_0000_0001n;
    let data = machine.mapUser(DATA, { write, execute: false });
    machine.memory.writeU64(data, word);
    const code = [0x48, 0xd1, 0x17]; // rclq (%rdi)
    let trap = runCode(machine, { mode: "user", code, registers: { rdi: DATA, rflags: 0x202n } });
    if (!write) {
      assertEquals(trap.entry?.vector, Vector.PF);
      data = machine.mapUser(DATA, { write: true, execute: false });
      machine.memory.writeU64(data, word);
      machine.cpu.flushTranslations();
      machine.leave(trap);
      trap = machine.runToTrap();
    }
    return [machine.memory.readU64(data), trap.frame.register("rflags") & 0x8d5n];
  });
  assertEquals(results[0], results[1]);
  assertEquals(results[0], [2n, 0x801n]);
});

Deno.test("x86-64 DR7.GD, makes a move of a debug register #DB and is off in the handler", () => {
  for (const access of [[0x0f, 0x21, 0xc0], [0x0f, 0x23, 0xc8]]) { // from DR0, to DR1
    using machine = makeMachine();
    const move = [0x0f, 0x23, 0xf8]; // mov %rax, %db7
    const trap = runCode(machine, {
      mode: "kernel",
      code: [...move, ...access],
      registers: { rax: 0x2400n },
    });
    assertEquals(seen(machine, "kernel", trap), [[Vector.DB, 0, move.length]]);
    assertEquals(hex(trap.entry!.registers["dr6"]! & 0xf00fn), "0x2000");
    assertEquals(hex(machine.cpu.register("dr7")), "0x400");
  }
});

Deno.test("x86-64 DR7.GD, is off in the handler of a step as well", () => {
  using machine = makeMachine();
  const trap = runCode(machine, {
    mode: "kernel",
    code: [0x0f, 0x23, 0xf8, 0x90], // mov %rax, %db7; nop
    registers: { rax: 0x2400n, rflags: 0x102n },
  });
  assertEquals(seen(machine, "kernel", trap), [[Vector.DB, 0, 3]]);
  assertEquals(hex(machine.cpu.register("dr7")), "0x400");
});
