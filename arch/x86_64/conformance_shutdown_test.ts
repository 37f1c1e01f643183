/**
 * What happens on x86-64 when an event cannot be delivered: serial exceptions, double faults and
 * shutdown (SDM vol. 3, 6.15, interrupt 8), and stacks that cannot be pushed to.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { BareMachine, Registers } from "../testing/harness.ts";
import {
  absent,
  arrive,
  checkDelivery,
  comeBack,
  DATA,
  editGate,
  makeMachine,
  tables,
} from "./testing/conformance.ts";
import { hex } from "../physical_memory.ts";
import { Vector, vectorName } from "./exceptions.ts";

const IST1 = 1n << 32n;

/** Second exceptions while the first is delivered (SDM vol. 3, table 6-5). */
const PAIRS: readonly {
  first: string;
  label: string;
  gates: readonly number[];
  then: number;
  code?: number;
  registers?: Registers;
}[] = [
  { first: "#UD (benign)", label: "ud2", gates: [6], then: Vector.NP, code: 6 * 8 + 3 },
  { first: "#UD, then #NP", label: "ud2", gates: [6, 11], then: Vector.DF },
  { first: "#DE (contributory)", label: "divide", gates: [0], then: Vector.DF },
  { first: "#GP (contributory)", label: "gp_rdpmc", gates: [13], then: Vector.DF },
  {
    first: "#NP (contributory)",
    label: "int_overflow",
    gates: [4, 11],
    then: Vector.DF,
  },
  { first: "#PF", label: "load", gates: [14], then: Vector.DF, registers: { rdi: DATA } },
];

for (const { first, label, gates, then, code = 0, registers } of PAIRS) {
  Deno.test(`x86-64 contributory exception while delivering ${first}, ${vectorName(then)}`, () => {
    using machine = makeMachine();
    const before = arrive(machine, {
      mode: "user",
      label,
      ...(registers ? { registers } : {}),
    });
    for (const gate of gates) editGate(machine, gate, absent);
    const trap = machine.runToTrap();
    const pc = machine.userLabel(`${label}_at`);
    const stack = then === Vector.DF ? { stack: machine.emergencyStackTop } : {};
    checkDelivery(machine, { before, trap }, {
      vector: then,
      code,
      kind: "fault",
      pc,
      mode: "user",
      ...stack,
    });
    comeBack(machine, trap, { before, pc: machine.userLabel(`${label}_next`) });
  });
}

/** Sets RSP0 behind the back of the exit routine. */
function setRsp0(machine: BareMachine, value: bigint): void {
  machine.space.writeU64(tables(machine).tss + 4n, value);
}

/** Page faults while pushing: on the unmapped guard page of a stack. */
const STACK_FAULTS: readonly { first: string; label: string; then: number; code: number }[] = [
  { first: "#UD (benign)", label: "ud2", then: Vector.PF, code: 2 },
  { first: "#DE (contributory)", label: "divide", then: Vector.PF, code: 2 },
  { first: "#OF by int 4", label: "int_overflow", then: Vector.PF, code: 2 },
  { first: "#PF", label: "load", then: Vector.DF, code: 0 },
];

for (const { first, label, then, code } of STACK_FAULTS) {
  Deno.test(`x86-64 page fault while delivering ${first}, ${vectorName(then)}`, () => {
    using machine = makeMachine();
    const before = arrive(machine, { mode: "user", label, registers: { rdi: DATA } });
    const bad = machine.kernelPage(1);
    setRsp0(machine, bad);
    if (then === Vector.PF) editGate(machine, Vector.PF, (gate) => gate | IST1);
    const trap = machine.runToTrap();
    const pc = machine.userLabel(`${label}_at`);
    const stack = machine.emergencyStackTop;
    checkDelivery(machine, { before, trap }, {
      vector: then,
      code,
      kind: "fault",
      pc,
      mode: "user",
      stack,
    });
    assertEquals(hex(trap.entry?.registers.cr2 ?? 0n), hex(bad - 8n), "CR2");
    comeBack(machine, trap, { before, pc: machine.userLabel(`${label}_next`) });
  });
}

Deno.test("x86-64 delivery to a read-only stack, #PF of a present page", () => {
  using machine = makeMachine();
  const before = arrive(machine, { mode: "user", label: "ud2" });
  const page = machine.kernelPage(1);
  machine.mapKernel(page, { write: false, execute: false });
  setRsp0(machine, page + 0x800n);
  editGate(machine, Vector.PF, (gate) => gate | IST1);
  const trap = machine.runToTrap();
  checkDelivery(machine, { before, trap }, {
    vector: Vector.PF,
    code: 3,
    kind: "fault",
    pc: machine.userLabel("ud2_at"),
    mode: "user",
    stack: machine.emergencyStackTop,
  });
  assertEquals(trap.entry?.registers.cr2, page + 0x7f8n);
});

Deno.test("x86-64 delivery over the end of the stack, CR2 is the first word below it", () => {
  using machine = makeMachine();
  const before = arrive(machine, { mode: "user", label: "ud2" });
  const page = machine.kernelPage(1);
  machine.mapKernel(page, { write: true, execute: false });
  setRsp0(machine, page + 16n);
  editGate(machine, Vector.PF, (gate) => gate | IST1);
  const trap = machine.runToTrap();
  checkDelivery(machine, { before, trap }, {
    vector: Vector.PF,
    code: 2,
    kind: "fault",
    pc: machine.userLabel("ud2_at"),
    mode: "user",
    stack: machine.emergencyStackTop,
  });
  assertEquals(hex(trap.entry?.registers.cr2 ?? 0n), hex(page - 8n));
});

Deno.test("x86-64 delivery over two pages of a stack, both are written", () => {
  using machine = makeMachine();
  const before = arrive(machine, { mode: "user", label: "ud2" });
  const page = machine.kernelPage(1);
  machine.mapKernel(page - 0x1000n, { write: true, execute: false });
  machine.mapKernel(page, { write: true, execute: false });
  setRsp0(machine, page + 16n);
  const trap = machine.runToTrap();
  const pc = machine.userLabel("ud2_at");
  const stack = page + 16n;
  checkDelivery(machine, { before, trap }, {
    vector: Vector.UD,
    kind: "fault",
    pc,
    mode: "user",
    stack,
  });
  comeBack(machine, trap, { before, pc: machine.userLabel("ud2_next") });
});

Deno.test("x86-64 delivery to a non-canonical stack, #SS with EXT for exceptions only", () => {
  for (const [label, code] of [["ud2", 1], ["int_overflow", 0]] as const) {
    using machine = makeMachine();
    const before = arrive(machine, { mode: "user", label });
    setRsp0(machine, 0x8000_0000_0010n);
    editGate(machine, Vector.SS, (gate) => gate | IST1);
    const trap = machine.runToTrap();
    checkDelivery(machine, { before, trap }, {
      vector: Vector.SS,
      code,
      kind: "fault",
      pc: machine.userLabel(`${label}_at`),
      mode: "user",
      stack: machine.emergencyStackTop,
    });
  }
});

Deno.test("x86-64 kernel stack overflow, real double fault on the interrupt stack", () => {
  using machine = makeMachine();
  const bad = machine.stackTop - 0x4000n - 0x7f4n; // in the guard page, not aligned
  const before = arrive(machine, { mode: "kernel", label: "push_word", registers: { rdi: bad } });
  const trap = machine.runToTrap();
  const { emergencyStackTop: stack } = machine;
  const pc = machine.kernelLabel("push_word_at");
  checkDelivery(machine, { before, trap }, {
    vector: Vector.DF,
    kind: "fault",
    pc,
    mode: "kernel",
    stack,
  });
  // The push faulted at RSP − 8; delivering that fault did so at the aligned stack pointer.
  assertEquals(hex(trap.entry?.registers.cr2 ?? 0n), hex((bad & ~0xfn) - 8n), "CR2");
  const sp = machine.stackTop - 0x1000n;
  trap.frame.sp = sp;
  comeBack(machine, trap, {
    before: { ...before, rsp: sp },
    pc: machine.kernelLabel("push_word_next"),
  });
});

Deno.test("x86-64 non-canonical kernel stack, #SS cannot be delivered: double fault", () => {
  for (const label of ["push_word", "pop_word", "call_word"]) {
    using machine = makeMachine();
    const registers = { rdi: 0x8000_0000_1000n };
    const before = arrive(machine, { mode: "kernel", label, registers });
    const trap = machine.runToTrap();
    checkDelivery(machine, { before, trap }, {
      vector: Vector.DF,
      kind: "fault",
      pc: machine.kernelLabel(`${label}_at`),
      mode: "kernel",
      stack: machine.emergencyStackTop,
    });
  }
});

Deno.test("x86-64 double fault that cannot be delivered, shutdown", () => {
  const breaks: readonly [string, (machine: BareMachine) => void, RegExp][] = [
    [
      "no interrupt stack",
      (machine) => machine.space.writeU64(tables(machine).tss + 36n, machine.kernelPage(2)),
      /page fault: write, page not present/,
    ],
    ["absent gate", (machine) => editGate(machine, Vector.DF, absent), /segment not present/],
    ["wrong gate", (machine) => editGate(machine, Vector.DF, () => 0n), /general protection/],
  ];
  for (const [why, damage, reason] of breaks) {
    using machine = makeMachine();
    const before = arrive(machine, { mode: "user", label: "divide" });
    editGate(machine, Vector.DE, absent);
    damage(machine);
    const exit = machine.run();
    assert(exit.kind === "shutdown", `${why}: ${exit.kind}`);
    assertStringIncludes(exit.reason, "Triple fault");
    assert(reason.test(exit.reason), exit.reason);
    assertEquals(machine.delivered, [], "nothing was entered");
    assertEquals(machine.registers(), before, "nothing has changed");
  }
});

Deno.test("x86-64 IDT that is not mapped, shutdown", () => {
  using machine = makeMachine();
  const pseudo = machine.kernelPage(0);
  machine.mapKernel(pseudo, { write: true, execute: false });
  const idt = machine.kernelPage(5);
  machine.space.writeU64(pseudo, 0xfffn | ((idt << 16n) & ((1n << 64n) - 1n)));
  machine.space.writeU64(pseudo + 8n, idt >> 48n);
  arrive(machine, { mode: "kernel", label: "gp_lidt", registers: { rdi: pseudo } });
  const exit = machine.run();
  assertEquals(exit.kind, "shutdown");
  assertEquals(machine.cpu.register("cr2"), idt + 16n * BigInt(Vector.PF));
});
