/**
 * The IDT on x86-64: privilege of gates, gates that cannot be entered, interrupt stacks (SDM vol.
 * 3, 6.12 to 6.14).
 */
import { assertEquals } from "@std/assert";
import type { BareMachine, Mode } from "../testing/harness.ts";
import { roundTrip } from "../testing/round_trip.ts";
import {
  absent,
  arrive,
  checkDelivery,
  comeBack,
  editGate,
  FLAGS,
  flagSets,
  fpPattern,
  GateBit,
  makeMachine,
  MODES,
  tables,
} from "./testing/conformance.ts";
import { FIRST_INTERRUPT_VECTOR, Vector, vectorName } from "./exceptions.ts";

/** Takes `int n` there and back. */
function softwareInterrupt(
  options: {
    mode: Mode;
    label: string;
    vector: number;
    code?: number;
    kind: "fault" | "trap";
    emergency?: boolean;
    prepare?: (machine: BareMachine) => void;
  },
): void {
  const { mode, label, vector, code = 0, kind, emergency = false, prepare } = options;
  for (const rflags of flagSets(mode)) {
    roundTrip(makeMachine, {
      mode,
      label,
      flags: FLAGS,
      fp: fpPattern(),
      registers: { rflags },
      ...(prepare ? { prepare } : {}),
    }, (machine, result) => {
      const pc = machine.label(mode, `${label}_${kind === "fault" ? "at" : "next"}`);
      const stack = emergency ? { stack: machine.emergencyStackTop } : {};
      checkDelivery(machine, result, { vector, code, kind, pc, mode, ...stack });
    });
  }
}

const INTERRUPTS: readonly [string, number][] = [
  ["int_nmi", 2],
  ["int_32", 32],
  ["int_0x80", 128],
  ["int_255", 255],
];

for (const [label, vector] of [...INTERRUPTS, ["int_gp", 13] as const]) {
  Deno.test(`x86-64 int ${vector} from user mode, gate of ring 0 is #GP at the instruction`, () => {
    softwareInterrupt({
      mode: "user",
      label,
      vector: Vector.GP,
      code: vector * 8 + 2,
      kind: "fault",
    });
  });
}

for (const mode of MODES) {
  for (const [label, vector] of INTERRUPTS) {
    const gate = mode === "user" ? "gate of ring 3" : "gate of ring 0";
    Deno.test(`x86-64 int ${vector} from ${mode} mode, ${gate} is entered`, () => {
      softwareInterrupt({
        mode,
        label,
        vector,
        kind: "trap",
        emergency: vector === Vector.NMI,
        prepare: (machine) => {
          if (mode === "user") editGate(machine, vector, (gate) => gate | GateBit.DPL);
        },
      });
    });
  }

  Deno.test(`x86-64 int 4 from ${mode} mode, absent gate is #NP without EXT`, () => {
    softwareInterrupt({
      mode,
      label: "int_overflow",
      vector: Vector.NP,
      code: 4 * 8 + 2,
      kind: "fault",
      prepare: (machine) => editGate(machine, 4, absent),
    });
  });

  Deno.test(`x86-64 int3 from ${mode} mode, absent gate is #NP at its one byte`, () => {
    for (const label of ["breakpoint", "int_breakpoint"]) {
      using machine = makeMachine();
      const before = arrive(machine, { mode, label });
      editGate(machine, Vector.BP, absent);
      const trap = machine.runToTrap();
      const pc = machine.label(mode, `${label}_at`);
      checkDelivery(machine, { before, trap }, {
        vector: Vector.NP,
        code: 3 * 8 + 2,
        kind: "fault",
        pc,
        mode,
      });
    }
  });

  Deno.test(`x86-64 int 4 from ${mode} mode, a trap gate leaves IF set`, () => {
    using machine = makeMachine();
    editGate(machine, 4, (gate) => gate | GateBit.TRAP);
    const before = arrive(machine, { mode, label: "int_overflow", registers: { rflags: 0x202n } });
    const trap = machine.runToTrap();
    assertEquals(trap.entry?.vector, 4);
    assertEquals(trap.entry?.registers.rflags, 0x202n);
    assertEquals(trap.entry?.interruptsEnabled, true);
    comeBack(machine, trap, { before, pc: machine.label(mode, "int_overflow_next") });
  });
}

Deno.test("x86-64 int 13 from kernel mode, pushes no error code", () => {
  using machine = makeMachine();
  const before = arrive(machine, { mode: "kernel", label: "int_gp" });
  // The stub of vector 13 counts on an error code, as on hardware: look at the entry only.
  machine.run(1);
  const [entry] = machine.delivered;
  assertEquals(entry?.vector, Vector.GP);
  assertEquals(entry?.pc, machine.kernelLabel("int_gp_next"));
  const pushed = ((before.rsp ?? 0n) & ~0xfn) - (entry?.registers.rsp ?? 0n);
  assertEquals(pushed, 40n);
});

Deno.test("x86-64 int 0x80 from kernel mode, beyond the IDT's limit is #GP", () => {
  using machine = makeMachine();
  const { idt } = tables(machine);
  const pseudo = machine.kernelPage(0);
  machine.mapKernel(pseudo, { write: true, execute: false });
  const limit = 0x80 * 16 + 14; // one byte short
  machine.space.writeU64(pseudo, BigInt(limit) | ((idt << 16n) & ((1n << 64n) - 1n)));
  machine.space.writeU64(pseudo + 8n, idt >> 48n);
  arrive(machine, { mode: "kernel", label: "gp_lidt", registers: { rdi: pseudo } });
  assertEquals(machine.runToTrap().entry?.vector, Vector.BP);
  const before = arrive(machine, { mode: "kernel", label: "int_0x80" });
  const trap = machine.runToTrap();
  const pc = machine.kernelLabel("int_0x80_at");
  checkDelivery(machine, { before, trap }, {
    vector: Vector.GP,
    code: 0x80 * 8 + 2,
    kind: "fault",
    pc,
    mode: "kernel",
  });
});

/** What is wrong with the gate of #UD, and what follows from user and from kernel mode. */
const BAD_GATES: readonly {
  why: string;
  edit: (gate: bigint) => bigint;
  vector: number;
  code: number;
  modes?: readonly Mode[];
  prepare?: (machine: BareMachine) => void;
}[] = [
  { why: "is not present", edit: absent, vector: Vector.NP, code: 6 * 8 + 3 },
  {
    why: "is a call gate",
    edit: (gate) => (gate & ~(0x1fn << 40n)) | (0x0cn << 40n),
    vector: Vector.GP,
    code: 6 * 8 + 3,
  },
  { why: "has a null selector", edit: withSelector(0), vector: Vector.GP, code: 1 },
  {
    why: "has a selector beyond the GDT",
    edit: withSelector(0x1230),
    vector: Vector.GP,
    code: 0x1231,
  },
  { why: "has a selector of the LDT", edit: withSelector(0x0c), vector: Vector.GP, code: 0x0d },
  { why: "leads to a data segment", edit: withSelector(0x10), vector: Vector.GP, code: 0x11 },
  {
    why: "leads to an outer ring",
    edit: withSelector(0x28),
    vector: Vector.GP,
    code: 0x29,
    modes: ["kernel"],
  },
  {
    why: "leads to a 32-bit segment",
    edit: withSelector(0x18),
    vector: Vector.GP,
    code: 0x19,
    prepare: (machine) => writeUnusedDescriptor(machine, 0x00cf_9b00_0000_ffffn),
  },
  {
    why: "leads to an absent segment",
    edit: withSelector(0x18),
    vector: Vector.NP,
    code: 0x19,
    prepare: (machine) => writeUnusedDescriptor(machine, 0x00af_1b00_0000_ffffn),
  },
];

function withSelector(selector: number): (gate: bigint) => bigint {
  return (gate) => (gate & ~GateBit.SELECTOR) | (BigInt(selector) << 16n);
}

function writeUnusedDescriptor(machine: BareMachine, descriptor: bigint): void {
  machine.space.writeU64(tables(machine).gdt + 0x18n, descriptor);
}

for (const { why, edit, vector, code, modes = MODES, prepare } of BAD_GATES) {
  for (const mode of modes) {
    const what = `${vectorName(vector)}(0x${code.toString(16)})`;
    Deno.test(`x86-64 gate of #UD ${why}, ${what} from ${mode} mode`, () => {
      roundTrip(makeMachine, {
        mode,
        label: "ud2",
        flags: FLAGS,
        prepare: (machine) => {
          prepare?.(machine);
          editGate(machine, Vector.UD, edit);
        },
      }, (machine, result) => {
        const pc = machine.label(mode, "ud2_at");
        checkDelivery(machine, result, { vector, code, kind: "fault", pc, mode });
      });
    });
  }
}

Deno.test("x86-64 gate of #UD has a non-canonical target, #GP with EXT only", () => {
  using machine = makeMachine();
  const before = arrive(machine, { mode: "user", label: "ud2" });
  const { idt } = tables(machine);
  machine.space.writeU64(idt + 16n * 6n + 8n, 0x8000n);
  const trap = machine.runToTrap();
  const pc = machine.userLabel("ud2_at");
  const { GP: vector } = Vector;
  checkDelivery(machine, { before, trap }, { vector, code: 1, kind: "fault", pc, mode: "user" });
});

Deno.test("x86-64 interrupt with an absent gate, #NP with EXT at the interrupted instruction", () => {
  for (const mode of MODES) {
    using machine = makeMachine();
    const before = arrive(machine, { mode, label: "divide", registers: { rflags: 0x202n } });
    editGate(machine, FIRST_INTERRUPT_VECTOR, absent);
    machine.cpu.raiseInterrupt(0);
    const trap = machine.runToTrap();
    const pc = machine.label(mode, "divide_at");
    const code = FIRST_INTERRUPT_VECTOR * 8 + 3;
    checkDelivery(machine, { before, trap }, { vector: Vector.NP, code, kind: "fault", pc, mode });
  }
});

Deno.test("x86-64 pushed frame, aligned to 16 bytes whatever RSP was", () => {
  for (let shift = 0n; shift < 16n; shift++) {
    using machine = makeMachine();
    const sp = machine.stackTop - 0x2000n + shift;
    const before = arrive(machine, { mode: "kernel", label: "divide", sp });
    assertEquals(before.rsp, sp);
    const trap = machine.runToTrap();
    const pc = machine.kernelLabel("divide_at");
    const { DE: vector } = Vector;
    checkDelivery(machine, { before, trap }, { vector, kind: "fault", pc, mode: "kernel" });
    comeBack(machine, trap, { before, pc: machine.kernelLabel("divide_next") });
  }
});
