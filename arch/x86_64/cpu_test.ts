import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Cpu } from "../arch.ts";
import { ArchError } from "../errors.ts";
import { x86_64 } from "./mod.ts";
import { DATA, makeMachine } from "./testing/conformance.ts";

const { image } = x86_64;

Deno.test("X86Cpu, every register name reads back what was written", () => {
  using machine = makeMachine();
  const { cpu } = machine;
  const names = [...x86_64.registerNames, "fs_base", "gs_base", "kernel_gs_base", "cr2", "dr0"];
  for (const [i, name] of [...names, "dr1", "dr2", "dr3", "lstar", "star", "fmask"].entries()) {
    const value = name === "rflags" ? 0x246n : 0x1234_5678_0000n + BigInt(i);
    cpu.setRegister(name, value);
    assertEquals(cpu.register(name), value, name);
  }
  cpu.setRegister("mxcsr", 0x9fc0n);
  assertEquals(cpu.register("mxcsr"), 0x9fc0n);
  for (
    const name of ["cs", "ss", "ds", "es", "fs", "gs", "cr0", "cr3", "cr4", "dr6", "dr7", "efer"]
  ) {
    assertEquals(typeof cpu.register(name), "bigint", name);
  }
});

Deno.test("X86Cpu, unknown register names are refused", () => {
  using machine = makeMachine();
  const { cpu } = machine;
  for (const name of ["", "RAX", "x0", "cr1", "toString", "constructor", "xmm0"]) {
    const message = `Cannot access x86-64 register "${name}": unknown name`;
    assertThrows(() => cpu.register(name), ArchError, message);
    assertThrows(() => cpu.setRegister(name, 0n), ArchError, message);
  }
  for (const name of ["idtr_base", "gdtr_base", "tr_base"]) {
    assert(cpu.register(name) > 0n);
    assertThrows(() => cpu.setRegister(name, 0n), ArchError, "unknown name");
  }
});

Deno.test("X86Cpu.run, budgets that are no positive integers are refused", () => {
  using machine = makeMachine();
  for (const budget of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
    const error = assertThrows(() => machine.cpu.run(budget), ArchError);
    assertEquals(error.kind, "misuse");
    assertEquals(error.message, `Cannot run ${budget} instructions: not a positive integer`);
  }
});

Deno.test("X86Cpu.run, executes exactly the budget", () => {
  using machine = makeMachine();
  const { cpu } = machine;
  machine.start({ mode: "user", pc: machine.userLabel("loop") });
  machine.runTo(machine.userLabel("loop"));
  for (const budget of [1, 2, 5, 7, 11]) {
    const before = cpu.instructions;
    assertEquals(cpu.run(budget), { kind: "budget" });
    assertEquals(cpu.instructions - before, budget);
  }
});

Deno.test("X86Cpu.raiseInterrupt, lines that do not exist are refused", () => {
  using machine = makeMachine();
  for (const line of [-1, 32, 1.5, NaN]) {
    assertThrows(
      () => machine.cpu.raiseInterrupt(line),
      ArchError,
      `Cannot raise interrupt line ${line}: lines are 0 to 31`,
    );
  }
  assertEquals(machine.cpu.interruptPending, false);
  machine.cpu.raiseInterrupt(31);
  machine.cpu.raiseInterrupt(31);
  assertEquals(machine.cpu.interruptPending, true);
});

Deno.test("X86Cpu.raiseInterrupt, line 31 is vector 63, once however often it is raised", () => {
  using machine = makeMachine();
  machine.start({ mode: "user", pc: machine.userLabel("loop") });
  machine.runTo(machine.userLabel("loop"));
  machine.cpu.raiseInterrupt(31);
  machine.cpu.raiseInterrupt(31);
  const trap = machine.runToTrap();
  assertEquals(trap.frame.cause(), { kind: "interrupt", line: 31 });
  machine.answerExit(trap.frame);
  assertEquals(machine.runToTrap().entry?.vector, 3);
});

Deno.test("X86Cpu.answer, routine and words arrive; hypercall words go back", () => {
  using machine = makeMachine();
  const { cpu } = machine;
  cpu.answer(machine.routine("idle_again"), 1n, 2n, 3n, 4n, 5n, 6n);
  const names = ["rax", "rdi", "rsi", "rdx", "rcx", "r8", "r9"];
  const values = names.map((name) => cpu.register(name));
  assertEquals(values, [machine.routine("idle_again"), 1n, 2n, 3n, 4n, 5n, 6n]);
  assertEquals([0, 1, 2, 3].map((i) => cpu.hypercallWord(i)), [1n, 2n, 3n, 4n]);
});

Deno.test("X86Cpu.translate, user, kernel and missing addresses", () => {
  using machine = makeMachine();
  const { cpu } = machine;
  const physical = machine.mapUser(DATA, { write: true, execute: false });
  assertEquals(cpu.translate(DATA + 5n), physical + 5n);
  assertEquals(cpu.translate(DATA + 0x1000n), undefined);
  assertEquals(cpu.translate(x86_64.directMap + 0x1234n), 0x1234n);
});

Deno.test("X86Cpu.addBreakpoint, stops before the instruction each time, and not after disposal", () => {
  using machine = makeMachine();
  const { cpu } = machine;
  const pc = machine.userLabel("loop");
  machine.start({ mode: "user", pc, registers: {} });
  const breakpoint = cpu.addBreakpoint(pc + 7n); // the loop's first instruction: three rounds
  for (let round = 3n; round > 0n; round--) {
    assertEquals(cpu.run(10_000), { kind: "stop" });
    assertEquals(cpu.pc, pc + 7n);
    assertEquals(cpu.register("rcx"), round);
  }
  assertEquals(machine.runToTrap().entry?.vector, 3);
  breakpoint[Symbol.dispose]();
  machine.start({ mode: "user", pc });
  assertEquals(machine.runToTrap().entry?.vector, 3);
});

Deno.test("X86Cpu, userMode, pc and sp follow the guest", () => {
  using machine = makeMachine();
  const { cpu } = machine;
  assertEquals(cpu.userMode, false);
  machine.start({ mode: "user", pc: machine.userLabel("loop"), sp: machine.userStackTop - 32n });
  machine.runTo(machine.userLabel("loop"));
  assertEquals([cpu.userMode, cpu.sp], [true, machine.userStackTop - 32n]);
});

Deno.test("X86Cpu.userFp, is CR0.TS and nothing else", () => {
  using machine = makeMachine();
  const { cpu } = machine;
  const before = cpu.register("cr0");
  cpu.userFp = false;
  assertEquals(cpu.register("cr0"), before | 8n);
  cpu.userFp = true;
  assertEquals(cpu.register("cr0"), before);
});

Deno.test("X86Cpu, memory that is not there ends the run with its address", () => {
  using machine = makeMachine();
  machine.mapKernel(DATA, { write: true, execute: false }, 0x4000_0000n);
  machine.start({ mode: "kernel", pc: machine.kernelLabel("load"), registers: { rdi: DATA + 8n } });
  assertEquals(machine.run(), { kind: "memory", address: 0x4000_0008n, access: "read" });
});

Deno.test("X86Cpu, a handler that cannot be fetched ends the run", () => {
  using machine = makeMachine();
  const { space, cpu } = machine;
  const idt = cpu.register("idtr_base");
  const target = machine.kernelPage(7); // not mapped
  for (const vector of [6n, 14n]) {
    const low = space.readU64(idt + 16n * vector) & 0x0000_ffff_ffff_0000n;
    space.writeU64(
      idt + 16n * vector,
      low | (target & 0xffffn) | ((target >> 16n & 0xffffn) << 48n),
    );
    space.writeU64(idt + 16n * vector + 8n, target >> 32n);
  }
  machine.start({ mode: "user", pc: machine.userLabel("ud2") });
  const exit = machine.run(1_000_000);
  assert(exit.kind === "shutdown");
  assert(exit.reason.startsWith("Exceptions without end: the handler at 0x"), exit.reason);
});

Deno.test("X86Cpu, code the host has written is executed after flushCode", () => {
  using machine = makeMachine();
  const { cpu, memory } = machine;
  const physical = machine.mapUser(DATA, { write: false, execute: true });
  const run = (): bigint => {
    machine.start({ mode: "user", pc: DATA });
    return machine.runToTrap().entry?.registers.rax ?? 0n;
  };
  memory.bytes.set([0xb8, 1, 0, 0, 0, 0xcc], memory.offset(physical)); // mov $1, %eax; int3
  assertEquals(run(), 1n);
  memory.bytes[memory.offset(physical) + 1] = 2;
  cpu.flushCode(physical, 6);
  assertEquals(run(), 2n);
});

Deno.test("X86Cpu, after disposal every use is refused", () => {
  const machine = makeMachine();
  machine[Symbol.dispose]();
  machine[Symbol.dispose]();
  const uses: ((cpu: Cpu) => unknown)[] = [
    (cpu) => cpu.run(1),
    (cpu) => cpu.pc,
    (cpu) => cpu.register("rax"),
    (cpu) => cpu.register("cr3"),
    (cpu) => cpu.flushTranslations(),
    (cpu) => cpu.addBreakpoint(0n),
  ];
  for (const use of uses) assertThrows(() => use(machine.cpu), Error, "disposed");
});

Deno.test("x86_64, its constants agree with the image", () => {
  assertEquals(image.begin >= x86_64.directMap, true);
  assertEquals(x86_64.switchFrameSize, image.constant("SWITCH_SIZE"));
  assertEquals(x86_64.userEnd % 4096n, 0n);
  assertEquals(x86_64.stackRegion >> 39n, x86_64.directMap >> 39n, "one slot of the root");
});
