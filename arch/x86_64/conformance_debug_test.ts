/**
 * Debug exceptions on x86-64: single step, INT1 and breakpoint registers (SDM vol. 3, 17.3.1), from
 * both privileges.
 */
import { assertEquals } from "@std/assert";
import type { BareMachine, Mode } from "../testing/harness.ts";
import { roundTrip } from "../testing/round_trip.ts";
import {
  checkDelivery,
  DATA,
  Flag,
  FLAGS,
  flagSets,
  fpPattern,
  makeMachine,
  MODES,
} from "./testing/conformance.ts";
import { Vector } from "./exceptions.ts";

const DR6_B0 = 0x1n;
const DR6_BS = 0x4000n;

/**
 * Follows a stepped program to its breakpoint; answers the offsets of the saved RIPs, and the
 * vectors.
 */
function follow(
  machine: BareMachine,
  options: { mode: Mode; label: string; registers: Record<string, bigint> },
): { offsets: number[]; vectors: number[] } {
  const { mode, label, registers } = options;
  const base = machine.label(mode, label);
  machine.start({ mode, pc: base, registers });
  const offsets: number[] = [];
  const vectors: number[] = [];
  for (;;) {
    const trap = machine.runToTrap();
    const { entry, frame } = trap;
    if (entry === undefined) throw new Error("The trap is no exception");
    assertEquals((entry.registers.rflags ?? 0n) & Flag.TF, 0n, "the handler is not stepped");
    assertEquals(frame.register("rflags") & Flag.TF, Flag.TF, "TF is in the frame");
    assertEquals(frame.register("rflags") & Flag.RF, 0n, "a trap pushes no RF");
    if (entry.vector === Vector.DB) {
      assertEquals((entry.registers.dr6 ?? 0n) & DR6_BS, DR6_BS, "DR6.BS");
    }
    if (entry.vector === Vector.BP) return { offsets, vectors };
    offsets.push(Number(frame.pc - base));
    vectors.push(entry.vector);
    machine.answerExit(frame);
  }
}

for (const mode of MODES) {
  Deno.test(`x86-64 single step from ${mode} mode, #DB behind the first instruction`, () => {
    for (const rflags of flagSets(mode)) {
      roundTrip(makeMachine, {
        mode,
        label: "step",
        at: "step",
        next: "step_next",
        flags: { name: "rflags", ignore: Flag.RF | Flag.TF },
        fp: fpPattern(),
        registers: { rflags: rflags | Flag.TF },
        handle: (_, trap) => {
          trap.frame.setRegister("rflags", trap.frame.register("rflags") & ~Flag.TF);
          return "skip";
        },
      }, (machine, result) => {
        const pc = machine.label(mode, "step_next");
        checkDelivery(machine, result, { vector: Vector.DB, kind: "trap", pc, mode });
        assertEquals((result.trap.entry?.registers.dr6 ?? 0n) & DR6_BS, DR6_BS, "DR6.BS");
      });
    }
  });

  Deno.test(`x86-64 single step from ${mode} mode, every instruction of a program`, () => {
    // nop; nop; add $1, %rax; movzbl %al, %ecx; jmp over 8 bytes
    using machine = makeMachine();
    const seen = follow(machine, { mode, label: "step", registers: { rflags: 0x102n } });
    assertEquals(seen, { offsets: [1, 2, 6, 9, 19], vectors: [1, 1, 1, 1, 1] });
  });

  Deno.test(`x86-64 TF set by POPF in ${mode} mode, the instruction after it is the first`, () => {
    using machine = makeMachine();
    const base = machine.label(mode, "step_popf");
    const after = Number(machine.label(mode, "step_popf_second") - base);
    const seen = follow(machine, { mode, label: "step_popf", registers: {} });
    assertEquals(seen, { offsets: [after], vectors: [1] });
  });

  Deno.test(`x86-64 single step over int 4 in ${mode} mode, no #DB in or behind it`, () => {
    // nop; int $4
    using machine = makeMachine();
    const seen = follow(machine, { mode, label: "step_interrupt", registers: { rflags: 0x102n } });
    assertEquals(seen, { offsets: [1, 3], vectors: [Vector.DB, Vector.OF] });
  });

  Deno.test(`x86-64 single step of a repeated store in ${mode} mode, each repetition`, () => {
    // cld; rep stosb
    using machine = makeMachine();
    machine.mapUser(DATA, { write: true, execute: false });
    const registers = { rflags: 0x102n, rdi: DATA, rcx: 3n };
    const { offsets } = follow(machine, { mode, label: "step_string", registers });
    assertEquals(offsets, [1, 1, 1, 3]);
  });

  Deno.test(`x86-64 single step over MOV SS in ${mode} mode, #DB behind the next instruction`, () => {
    // nop; mov %esi, %ss; nop
    using machine = makeMachine();
    const registers = { rflags: 0x102n, rsi: mode === "user" ? 0x23n : 0x10n };
    const { offsets } = follow(machine, { mode, label: "step_stack_load", registers });
    assertEquals(offsets, [1, 4]);
  });

  Deno.test(`x86-64 int1 from ${mode} mode, #DB behind it whatever the gate's privilege`, () => {
    for (const rflags of flagSets(mode)) {
      roundTrip(makeMachine, {
        mode,
        label: "icebp",
        flags: FLAGS,
        fp: fpPattern(),
        registers: { rflags },
      }, (machine, result) => {
        const pc = machine.label(mode, "icebp_next");
        checkDelivery(machine, result, { vector: Vector.DB, kind: "trap", pc, mode });
      });
    }
  });

  Deno.test(`x86-64 instruction breakpoint in ${mode} mode, #DB at it; RF lets it go on`, () => {
    roundTrip(makeMachine, {
      mode,
      label: "debug_execute",
      stop: "debug_execute_start",
      flags: FLAGS,
      fp: fpPattern(),
      prepare: (machine) => {
        machine.cpu.setRegister("dr0", machine.label(mode, "debug_execute_at"));
        const registers = { rax: 0x401n }; // L0, execute
        machine.start({ mode: "kernel", pc: machine.kernelLabel("gp_mov_to_dr7"), registers });
        assertEquals(machine.runToTrap().entry?.vector, Vector.BP);
      },
      handle: () => "retry",
    }, (machine, result) => {
      const pc = machine.label(mode, "debug_execute_at");
      checkDelivery(machine, result, { vector: Vector.DB, kind: "fault", pc, mode });
      assertEquals((result.trap.entry?.registers.dr6 ?? 0n) & 0xfn, DR6_B0, "DR6.B0");
    });
  });
}
