/** Which of several exceptions an instruction raises, and at which instruction. */
import { assertEquals } from "@std/assert";
import type { BareMachine, Registers, Trap } from "../testing/harness.ts";
import { hex } from "../physical_memory.ts";
import { DATA, Flag, makeMachine } from "./testing/conformance.ts";
import { Vector } from "./exceptions.ts";

const CODE = 0x60_0000n;
const PAGE = 0x1000n;

/** Puts code at an address of user mode whose page is mapped, and runs it to its first trap. */
function run(
  machine: BareMachine,
  code: readonly number[],
  { at = CODE, registers = {} }: { at?: bigint; registers?: Registers } = {},
): Trap {
  const page = machine.mapUser(at & ~(PAGE - 1n), { write: false, execute: true });
  machine.memory.slice(page, Number(PAGE)).set(code, Number(at % PAGE));
  machine.start({ mode: "user", pc: at, registers });
  return machine.runToTrap();
}

function seen(trap: Trap): (number | string)[][] {
  return trap.delivered.map(({ vector, code, pc }) => [vector, hex(code), hex(pc)]);
}

Deno.test("x86-64 int 8 in user mode, is refused like any other and no double fault", () => {
  using machine = makeMachine();
  const trap = run(machine, [0xcd, 0x08]);
  assertEquals(seen(trap), [[Vector.GP, "0x42", hex(CODE)]]);
});

Deno.test("x86-64 moves of control and debug registers that do not exist, are #UD in user mode", () => {
  for (
    const code of [
      [0x0f, 0x20, 0xc8], // mov %cr1, %rax
      [0x0f, 0x22, 0xe8], // mov %rax, %cr5
      [0x44, 0x0f, 0x20, 0xc8], // mov %cr9, %rax
      [0x44, 0x0f, 0x21, 0xc0], // mov %db8, %rax
    ]
  ) {
    using machine = makeMachine();
    assertEquals(seen(run(machine, code)), [[Vector.UD, "0x0", hex(CODE)]], `${code}`);
  }
  for (const code of [[0x0f, 0x20, 0xc0], [0x44, 0x0f, 0x22, 0xc0], [0x0f, 0x23, 0xf8]]) {
    using machine = makeMachine();
    assertEquals(seen(run(machine, code)), [[Vector.GP, "0x0", hex(CODE)]], `${code}`);
  }
});

/** inc %rcx; mov %rcx, (%rdi); inc %rcx */
const BEFORE_END = [0x48, 0xff, 0xc1, 0x48, 0x89, 0x0f, 0x48, 0xff, 0xc1];

for (const [name, executable] of [["absent", undefined], ["not executable", false]] as const) {
  Deno.test(`x86-64 code that runs into a page that is ${name}, faults there and not before`, () => {
    for (const budget of [1, 2, 1000]) {
      for (const split of [0, 2]) {
        using machine = makeMachine();
        const data = machine.mapUser(DATA, { write: true, execute: false });
        const end = CODE + PAGE;
        if (executable !== undefined) machine.mapUser(end, { write: true, execute: executable });
        // With `split`, two bytes of an instruction are in the page, and the others behind it.
        const code = [...BEFORE_END, ...[0x48, 0xc7].slice(0, split)];
        const registers = { rcx: 5n, rdi: DATA, rflags: Flag.ONE | Flag.IF };
        const at = end - BigInt(code.length);
        const page = machine.mapUser(CODE, { write: false, execute: true });
        machine.memory.slice(page, Number(PAGE)).set(code, Number(at % PAGE));
        machine.start({ mode: "user", pc: at, registers });
        machine.runTo(at);
        const begin = machine.cpu.instructions;
        while (machine.delivered.length === 0) machine.run(budget);
        const [entry] = machine.delivered;
        const error = executable === undefined ? "0x14" : "0x15";
        const pc = end - BigInt(split);
        assertEquals([entry!.vector, hex(entry!.code), hex(entry!.pc)], [14, error, hex(pc)]);
        assertEquals(hex(entry!.registers["cr2"]!), hex(end));
        assertEquals(entry!.registers["rcx"], 7n);
        assertEquals(machine.memory.readU64(data), 6n);
        // Three of the code, none for the fault. With `split` the run has not ended before it, and
        // goes on to the first of the handler.
        if (budget === 1) assertEquals(machine.cpu.instructions - begin, split === 0 ? 3 : 4);
      }
    }
  });
}

Deno.test("x86-64 code that runs into an absent page, is interrupted at each instruction", () => {
  for (let at = 0; at < 3; at++) {
    using machine = makeMachine();
    machine.mapUser(DATA, { write: true, execute: false });
    const begin = CODE + PAGE - BigInt(BEFORE_END.length);
    const page = machine.mapUser(CODE, { write: false, execute: true });
    machine.memory.slice(page, Number(PAGE)).set(BEFORE_END, Number(begin % PAGE));
    const registers = { rdi: DATA, rflags: Flag.ONE | Flag.IF };
    machine.start({ mode: "user", pc: begin, registers });
    machine.runTo(begin);
    if (at > 0) machine.run(at);
    machine.cpu.raiseInterrupt(3);
    machine.run(1);
    const entered = machine.delivered.map(({ vector, pc }) => [vector, hex(pc)]);
    assertEquals(entered, [[35, hex(begin + 3n * BigInt(at))]]);
  }
});

Deno.test("x86-64 int 6, restarts at it where it is refused, and is behind it in the kernel", () => {
  using machine = makeMachine();
  assertEquals(seen(run(machine, [0xcd, 0x06])), [[Vector.GP, "0x32", hex(CODE)]]);
  const page = machine.kernelPage(0);
  const frame = machine.mapKernel(page, { write: false, execute: true });
  machine.memory.slice(frame, 3).set([0xcd, 0x06, 0xcc]);
  machine.start({ mode: "kernel", pc: page });
  assertEquals(seen(machine.runToTrap()), [[Vector.UD, "0x0", hex(page + 2n)]]);
});
