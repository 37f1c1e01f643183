/**
 * The cases of the AArch64 conformance table and how one is checked: the delivery of an exception
 * is all of Arm ARM D1.3 that can be seen from outside, in each of the three ways code can run
 * here.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { image as code } from "../../../guest/images/conformance_aarch64.gen.ts";
import { BareMachine, type Mode, type Registers, type Trap } from "../../testing/harness.ts";
import { roundTrip, type RoundTripCase } from "../../testing/round_trip.ts";
import { aarch64 } from "../mod.ts";
import { AArch64TrapFrame } from "../trap_frame.ts";
import { everySecond } from "../../../util/testing/sweep.ts";

/** How code runs that is interrupted: its exception level, and which stack pointer it uses. */
export interface Origin {
  /** As the manual names it: `EL0`, `EL1t` (SP_EL0), `EL1h` (SP_EL1). */
  readonly name: "EL0" | "EL1t" | "EL1h";
  /** Exception level. */
  readonly mode: Mode;
  /** PSTATE, with some flags set and, at EL1, not every exception masked. */
  readonly pstate: bigint;
  /** First of its four slots in the vector table. */
  readonly slot: number;
}

const NZCV = 0xf000_0000n;
/** PSTATE at every vector, but for the condition flags: EL1h, DAIF set. */
const AT_VECTOR = 0x3c5n;

export const EL0: Origin = { name: "EL0", mode: "user", pstate: 0xa000_0000n, slot: 8 };
export const EL1T: Origin = { name: "EL1t", mode: "kernel", pstate: 0x6000_0244n, slot: 0 };
export const EL1H: Origin = { name: "EL1h", mode: "kernel", pstate: 0x9000_0105n, slot: 4 };
/** All of them. */
export const ORIGINS: readonly Origin[] = [EL0, EL1T, EL1H];
/** Those of the kernel. */
export const KERNEL: readonly Origin[] = [EL1T, EL1H];

/** System registers that are looked at before the first instruction of a vector. */
const WATCHED = ["elr_el1", "spsr_el1", "esr_el1", "far_el1", "sp_el0"] as const;
/** FAR_EL1 before each case, to see whether it is left alone. */
const OLD_FAR = 0xfeed_face_cafe_f00dn;

/** Makes a machine with the conformance code. */
export function makeMachine(model?: string): BareMachine {
  return new BareMachine({
    arch: aarch64,
    code: code.bytes(),
    ...(model === undefined ? {} : { model }),
    kernelState: { pstate: EL1H.pstate },
    watch: WATCHED,
  });
}

/** A case of the table: what one instruction raises, and where. */
export interface Case {
  /** Name of the test, after the origin. */
  readonly name: string;
  /** Label of the test code. */
  readonly label: string;
  /** How it may run; by default in all ways. */
  readonly origins?: readonly Origin[];
  /** The whole syndrome. */
  readonly esr: number | ((origin: Origin) => number);
  /** What ELR_EL1 says: the instruction (the default), the one after it, or an address. */
  readonly elr?: "at" | "next" | bigint | ((origin: Origin) => bigint);
  /** FAR_EL1; by default it is left alone. */
  readonly far?: bigint | ((origin: Origin) => bigint);
  /** Registers to start with. */
  readonly registers?: (machine: BareMachine, origin: Origin) => Registers;
  /** Called before the code starts. */
  readonly prepare?: (machine: BareMachine, origin: Origin) => void;
  /** Called in the trap; see {@linkcode RoundTripCase.handle}. */
  readonly handle?: (machine: BareMachine, trap: Trap) => "retry" | "skip";
  /** Whether EL0 may use floating point; by default both settings are tried. */
  readonly userFp?: boolean;
}

/** Syndrome with the exception class of an origin: the lower one for EL0, the next for EL1. */
export function fromEither(lowerClass: number, iss: number): (origin: Origin) => number {
  return (origin) => syndrome(lowerClass + (origin.mode === "user" ? 0 : 1), iss);
}

/** Syndrome of a class and its specific part, IL set. */
export function syndrome(ec: number, iss: number): number {
  return ((ec << 26) | (1 << 25) | iss) >>> 0;
}

/**
 * Registers q0 to q31 with a distinct value each, FPCR and FPSR with every bit that this CPU keeps.
 */
export function distinctFp(size: number): Uint8Array {
  const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 167 + (i >> 8) * 29 + 13) & 0xff);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(512, 0x07c0_0000n, true); // FPCR: AHP, DN, FZ, RMode
  view.setBigUint64(520, 0x0800_009fn, true); // FPSR: QC and the cumulative exceptions
  return bytes;
}

/** Registers each test of a case as a test of its own, one for each origin. */
export function testCases(cases: readonly Case[]): void {
  for (const entry of cases) {
    for (const origin of entry.origins ?? ORIGINS) {
      Deno.test(`AArch64 exception from ${origin.name}, ${entry.name}`, () => {
        // The quick sweep has one setting of the floating-point unit for each case.
        const both = everySecond([false, true], entry.name.length);
        const settings = entry.userFp === undefined ? both : [entry.userFp];
        for (const userFp of origin.mode === "user" ? settings : [false]) {
          checkCase(entry, origin, { userFp });
        }
      });
    }
  }
}

/** A machine that nothing runs on, to ask where things are: every machine of a file is alike. */
let template: BareMachine | undefined;

/** Takes a case there and back from an origin. */
export function checkCase(entry: Case, origin: Origin, options: { userFp: boolean }): void {
  template ??= makeMachine();
  const { label } = entry;
  const { elr = "at" } = entry;
  const expected: Expected = {
    vector: origin.slot,
    elr: typeof elr === "string" ? template.label(origin.mode, `${label}_${elr}`) : of(elr, origin),
    esr: BigInt(of(entry.esr, origin)),
    far: of(entry.far, origin) ?? OLD_FAR,
  };
  const registers = { pstate: origin.pstate, ...entry.registers?.(template, origin) };
  const trip: RoundTripCase = {
    ...startOf(template, origin),
    label,
    registers,
    flags: { name: "pstate", ignore: 0n },
    fp: distinctFp(template.fpSize),
    prepare: (machine) => {
      machine.cpu.userFp = options.userFp;
      machine.cpu.setRegister("far_el1", OLD_FAR);
      entry.prepare?.(machine, origin);
    },
    ...(entry.handle ? { handle: entry.handle } : {}),
  };
  roundTrip(makeMachine, trip, (machine, { before, trap }) => {
    checkDelivery(machine, { origin, before, trap, expected });
  });
}

/** What a case says for an origin. */
function of<T extends number | bigint | undefined>(
  value: T | ((origin: Origin) => T),
  origin: Origin,
): T {
  return typeof value === "function" ? value(origin) : value;
}

/**
 * Mode and, for EL1t, two different stacks: SP_EL0 below, SP_EL1 above the frame it starts from.
 */
export function startOf(
  machine: BareMachine,
  origin: Origin,
): { mode: Mode; sp?: bigint; frame?: bigint } {
  if (origin !== EL1T) return { mode: origin.mode };
  return {
    mode: origin.mode,
    sp: machine.stackTop - 0x1840n,
    frame: el1tStack(machine) - FRAME_SIZE,
  };
}

const FRAME_SIZE = BigInt(aarch64.image.constant("FRAME_SIZE"));

/** SP_EL1 of code that {@linkcode startOf} starts at EL1t. */
function el1tStack(machine: BareMachine): bigint {
  return machine.stackTop - 0x400n;
}

/** What an exception is to have done. */
export interface Expected {
  /** Slot in the vector table. */
  readonly vector: number;
  /** ELR_EL1. */
  readonly elr: bigint;
  /** ESR_EL1, or `undefined` if it is not to be looked at: for interrupts. */
  readonly esr?: bigint;
  /** FAR_EL1. */
  readonly far: bigint;
}

/**
 * Checks everything an exception entry does, before the vector's first instruction and in the frame
 * the vectors then save.
 */
export function checkDelivery(
  machine: BareMachine,
  options: { origin: Origin; before: Registers; trap: Trap; expected: Expected },
): void {
  const { origin, before, trap, expected } = options;
  const { entry, frame, delivered } = trap;
  assertEquals(delivered.length, 1, "exceptions on the way");
  assert(entry);
  const vectors = aarch64.image.symbol("vectors");
  const user = origin.mode === "user";
  const stack = user
    ? machine.thread + aarch64.image.symbol("TH_FRAME")
    : origin === EL1T
    ? el1tStack(machine)
    : before.sp;
  const { elr, far, esr = entry.registers.esr_el1 } = expected;
  assertEquals(show(entry.registers), {
    ...show(before),
    sp: hex(stack),
    pc: hex(vectors + 0x80n * BigInt(expected.vector)),
    pstate: hex(((before.pstate ?? 0n) & NZCV) | AT_VECTOR),
    elr_el1: hex(elr),
    spsr_el1: hex(before.pstate),
    esr_el1: hex(esr),
    far_el1: hex(far),
    sp_el0: hex(origin === EL1H ? entry.registers.sp_el0 : before.sp),
  }, "registers at the vector");
  assertEquals(entry.vector, expected.vector, "slot");
  assertEquals(entry.fromUser, user, "origin");
  assertEquals(entry.pc, elr, "return address");
  assertEquals([entry.userMode, entry.interruptsEnabled], [false, false], "mode at the vector");
  if (expected.esr !== undefined) assertEquals(hex(entry.code), hex(esr), "reported syndrome");
  assert(frame instanceof AArch64TrapFrame);
  assertEquals(hex(frame.address), hex(user ? stack : (stack ?? 0n) - FRAME_SIZE), "frame");
  assertEquals(
    hex(trap.sp),
    hex(user ? machine.stackTop : frame.address),
    "stack pointer of the trap stub",
  );
  checkFrame(trap, before, elr);
  assertEquals(
    [frame.vector, hex(frame.esr), hex(frame.far), frame.fromUser],
    [expected.vector, hex(esr), hex(far), user],
    "exception registers in the frame",
  );
}

/** Checks that a frame holds the registers of the interrupted code, and where that is to go on. */
export function checkFrame({ frame }: Trap, before: Registers, pc: bigint): void {
  const saved = Object.fromEntries(Object.keys(before).map((name) => [name, frame.register(name)]));
  assertEquals(show(saved), { ...show(before), pc: hex(pc) }, "registers in the frame");
}

function hex(value: bigint | undefined): string {
  return value === undefined ? "nothing" : `0x${value.toString(16)}`;
}

function show(registers: Registers): Record<string, string> {
  return Object.fromEntries(Object.entries(registers).map(([name, value]) => [name, hex(value)]));
}

/**
 * Runs instructions given as words, and then `brk #0`, in a page of their own: at EL0, USER_CODE,
 * or at EL1, the first kernel page. Returns the trap.
 */
export function runWords(words: readonly number[], options: {
  origin?: Origin;
  registers?: Registers;
  sp?: bigint;
  prepare?: (machine: BareMachine) => void;
  model?: string;
} = {}): { machine: BareMachine; trap: Trap; code: bigint } {
  const { origin = EL1H, sp } = options;
  const machine = makeMachine(options.model);
  const user = origin.mode === "user";
  const page = user ? USER_CODE : machine.kernelPage(0);
  const protection = { write: false, execute: true };
  const physical = user ? machine.mapUser(page, protection) : machine.mapKernel(page, protection);
  const bytes = machine.memory.slice(physical, 4096);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  [...words, 0xd4200000].forEach((word, i) => view.setUint32(4 * i, word, true));
  machine.cpu.userFp = true;
  options.prepare?.(machine);
  machine.start({
    ...startOf(machine, origin),
    ...(sp === undefined ? {} : { sp }),
    pc: page,
    registers: { pstate: origin.pstate, ...options.registers },
  });
  return { machine, trap: machine.runToTrap(), code: page };
}

const USER_CODE = 0x60_0000n;
