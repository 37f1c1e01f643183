/**
 * What the x86-64 conformance tests share: machines with the test code, states worth testing, and
 * the checks that hold for every event that is delivered.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { image as code } from "../../../guest/images/conformance_x86_64.gen.ts";
import { hex } from "../../physical_memory.ts";
import { hasErrorCode, SYSCALL_VECTOR } from "../exceptions.ts";
import { x86_64 } from "../mod.ts";
import { BareMachine, type Mode, type Registers, type Trap } from "../../testing/harness.ts";
import { assertSameRegisters, type RoundTripResult } from "../../testing/round_trip.ts";

/** Both privileges. */
export const MODES: readonly Mode[] = ["user", "kernel"];

/** A user page of data; nothing is mapped there until a test does it. */
export const DATA = 0x70_0000n;

/** The lowest address that is not canonical. */
export const NON_CANONICAL = 0x8000_0000_0000n;

/** Bits of RFLAGS that tests use. */
export const Flag = {
  CF: 0x1n,
  ONE: 0x2n,
  TF: 0x100n,
  IF: 0x200n,
  DF: 0x400n,
  NT: 0x4000n,
  RF: 0x1_0000n,
} as const;

/** CF, PF, AF, ZF, SF, DF, OF, AC and ID. */
const ALL_FLAGS = 0x24_0cd5n;

/** RFLAGS to start with: as few bits as can be, and as many. */
export function flagSets(mode: Mode): readonly bigint[] {
  return mode === "user"
    ? [Flag.ONE | Flag.IF, Flag.ONE | Flag.IF | ALL_FLAGS]
    : [Flag.ONE, Flag.ONE | ALL_FLAGS];
}

/** The flags register, for round trips: RF comes back for one instruction. */
export const FLAGS = { name: "rflags", ignore: Flag.RF } as const;

const bytes = code.bytes();

/** A machine that has booted, with the test code. */
export function makeMachine(model?: string): BareMachine {
  return new BareMachine({
    arch: x86_64,
    code: bytes,
    ...(model === undefined ? {} : { model }),
    kernelState: { cs: 0x08n, ss: 0x10n, rflags: Flag.ONE },
    watch: ["cs", "ss", "gs_base", "cr2", "dr6"],
  });
}

/** An FXSAVE image with a different value in every register that can have one. */
export function fpPattern(): Uint8Array {
  const area = new Uint8Array(512);
  const view = new DataView(area.buffer);
  view.setUint16(0, 0x027f, true); // precision 53 bits
  view.setUint16(2, 0x3800, true); // top of stack: 7
  area[4] = 0xff; // every register in use
  view.setUint32(24, 0x9fc0, true); // flush to zero, denormals are zeros
  view.setUint32(28, 0xffff, true);
  for (let i = 0; i < 8; i++) {
    view.setBigUint64(32 + 16 * i, 0x8000_0000_0000_0001n + BigInt(i) * 0x0101_0101_0101n, true);
    view.setUint16(40 + 16 * i, 0x3fff + i, true);
  }
  for (let i = 0; i < 256; i++) area[160 + i] = (i * 37 + 11) & 0xff;
  return area;
}

/** Addresses of the descriptor tables, read from the CPU. */
export function tables(machine: BareMachine): { gdt: bigint; idt: bigint; tss: bigint } {
  const { cpu } = machine;
  return {
    gdt: cpu.register("gdtr_base"),
    idt: cpu.register("idtr_base"),
    tss: cpu.register("tr_base"),
  };
}

/** A gate's first word, and how a test changes it. */
export function editGate(
  machine: BareMachine,
  vector: number,
  edit: (low: bigint) => bigint,
): void {
  const address = tables(machine).idt + BigInt(16 * vector);
  machine.space.writeU64(address, edit(machine.space.readU64(address)));
}

/** Bits of the first word of a gate. */
export const GateBit = {
  PRESENT: 1n << 47n,
  TRAP: 1n << 40n,
  DPL: 3n << 45n,
  SELECTOR: 0xffffn << 16n,
} as const;

/** A gate that is not present. */
export function absent(gate: bigint): bigint {
  return gate & ~GateBit.PRESENT;
}

/** What should have been delivered. */
export interface Expected {
  readonly vector: number;
  readonly code?: number;
  /** `fault`: RIP is at the instruction and RF is pushed; `trap`: behind it, and RF is not. */
  readonly kind: "fault" | "trap";
  /** RIP that is saved. */
  readonly pc: bigint;
  /** Stack the frame is pushed on, if it is not the one the privilege says. */
  readonly stack?: bigint;
  readonly mode: Mode;
}

/**
 * Checks everything the SDM says of an event's delivery (vol. 3, 6.14), and the frame the vectors
 * saved of it.
 */
export function checkDelivery(
  machine: BareMachine,
  { before, trap }: RoundTripResult,
  expected: Expected,
): void {
  const { vector, kind, pc, mode, code = 0 } = expected;
  const seen = trap.delivered.map((e) => `${e.vector}/${hex(e.code)} at ${hex(e.pc)}`);
  assertEquals(seen, [`${vector}/${hex(code)} at ${hex(pc)}`], "delivered");
  const { entry } = trap;
  assert(entry !== undefined);
  assertEquals(entry.fromUser, mode === "user");
  assertEquals(entry.userMode, false, "the handler runs at CPL 0");
  assertEquals(entry.interruptsEnabled, false, "the handler starts with interrupts masked");
  const { registers } = entry;
  const { image } = x86_64;
  const stub = image.symbol("vectors") + BigInt(vector) * image.symbol("VECTOR_STUB_SIZE");
  assertEquals(hex(registers.rip ?? 0n), hex(stub), "RIP is the gate's target");
  assertEquals(registers.cs, image.symbol("KERNEL_CS"));
  assertEquals(registers.ss, mode === "user" ? 0n : image.symbol("KERNEL_DS"), "SS in the handler");
  const flags = before.rflags ?? 0n;
  const cleared = Flag.TF | Flag.IF | Flag.NT | Flag.RF;
  assertEquals(hex(registers.rflags ?? 0n), hex(flags & ~cleared), "RFLAGS in the handler");

  const words = [
    ...(hasErrorCode(vector) && kind === "fault" ? [BigInt(code)] : []),
    pc,
    mode === "user" ? image.symbol("USER_CS") | 3n : image.symbol("KERNEL_CS"),
    kind === "fault" ? flags | Flag.RF : flags & ~Flag.RF,
    before.rsp ?? 0n,
    mode === "user" ? image.symbol("USER_DS") | 3n : image.symbol("KERNEL_DS"),
  ];
  const top = expected.stack ?? defaultStack(machine, { mode, before });
  const rsp = top - BigInt(8 * words.length);
  assertEquals(hex(registers.rsp ?? 0n), hex(rsp), "RSP in the handler");
  assertEquals(top % 16n, 0n, "the frame is aligned");
  const pushed = words.map((_, i) => machine.space.readU64(rsp + BigInt(8 * i)));
  assertEquals(pushed.map(hex), words.map(hex), "pushed frame");
  for (const name of x86_64.registerNames) {
    if (name === "rip" || name === "rsp" || name === "rflags") continue;
    assertEquals(hex(registers[name] ?? 0n), hex(before[name] ?? 0n), `${name} in the handler`);
  }
  checkSavedFrame(trap, { before, expected });
}

/**
 * Where the CPU pushes: RSP0, which is the end of the user frame in the thread object, or the
 * interrupted stack, aligned.
 */
function defaultStack(
  machine: BareMachine,
  { mode, before }: { mode: Mode; before: Registers },
): bigint {
  if (mode === "kernel") return (before.rsp ?? 0n) & ~0xfn;
  const { image } = x86_64;
  return machine.thread + image.symbol("TH_FRAME") + image.symbol("FRAME_SIZE");
}

function checkSavedFrame(
  trap: Trap,
  { before, expected }: { before: Registers; expected: Expected },
): void {
  const { frame } = trap;
  const { vector, code = 0, pc, kind, mode } = expected;
  for (const name of x86_64.registerNames) {
    if (name === "rip" || name === "rflags") continue;
    assertEquals(hex(frame.register(name)), hex(before[name] ?? 0n), `${name} in the frame`);
  }
  const flags = before.rflags ?? 0n;
  const saved = kind === "fault" && vector !== SYSCALL_VECTOR ? flags | Flag.RF : flags & ~Flag.RF;
  assertEquals(hex(frame.register("rflags")), hex(saved), "RFLAGS in the frame");
  assertEquals(hex(frame.pc), hex(pc), "RIP in the frame");
  assertEquals(frame.register("vector"), BigInt(vector), "vector in the frame");
  assertEquals(frame.register("error"), BigInt(code), "error code in the frame");
  assertEquals(frame.fromUser, mode === "user");
}

/** Runs test code up to an instruction and takes down the registers. */
export function arrive(
  machine: BareMachine,
  options: { mode: Mode; label: string; registers?: Registers; sp?: bigint },
): Registers {
  const { mode, label, registers, sp } = options;
  machine.start({
    mode,
    pc: machine.label(mode, label),
    ...(registers ? { registers } : {}),
    ...(sp === undefined ? {} : { sp }),
  });
  machine.runTo(machine.label(mode, `${label}_at`));
  return machine.registers();
}

/**
 * Goes back from a trap to where a case goes on, and checks that every register is as it was before
 * it.
 */
export function comeBack(
  machine: BareMachine,
  trap: Trap,
  options: { before: Registers; pc: bigint },
): void {
  machine.leave(trap, { pc: options.pc });
  assertSameRegisters(machine.registers(), { ...options, flags: FLAGS });
}
