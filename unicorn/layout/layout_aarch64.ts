/**
 * The private CPU structure of AArch64, field by field.
 *
 * @module
 */
import * as uc from "../constants.ts";
import {
  AArch64Register,
  AArch64SystemRegister,
  SCR_EL3,
  SCR_EL3_RW_NS,
  type SystemRegisterEncoding,
} from "../aarch64/constants.ts";
import { CODE, type CommonLayout, findCommonLayout, locateCpu, Specimen } from "./layout.ts";
import { CalibrationError, OffsetSearch } from "./offset_search.ts";
import { encodingNumber, SystemRegister } from "../aarch64/system_register.ts";
import type { UnicornSymbols } from "../symbols.ts";

/** Offsets in bytes into the CPU's state. */
export interface AArch64Layout extends CommonLayout {
  /** X0 (u64); X1 … X30 and the stack pointer in use follow. */
  x0: number;
  /** PC (u64). */
  pc: number;
  /** Syndrome of the last exception (u32). */
  syndrome: number;
  /** Virtual address of the last abort (u64). */
  faultAddress: number;
  /** Exception level the last exception is taken to (u32). */
  targetEl: number;
  /**
   * The mode that translated code depends on, which the engine derives from the other state (u32).
   */
  mode: number;
  /** PSTATE without condition flags, interrupt masks and BTYPE (u32). */
  pstate: number;
  /** Where the other parts of PSTATE are. */
  flags: PstateLayout;
  /** SCTLR_EL1 (u64), whose lowest bit switches address translation on. */
  sctlr: number;
  /** System registers that are plain storage (u64), by {@linkcode encodingNumber}. */
  system: ReadonlyMap<number, number>;
}

/** The parts of PSTATE that the engine keeps apart (u32 each). */
export interface PstateLayout {
  /** N is its highest bit. */
  negative: number;
  /** Z is set when it is 0. */
  zero: number;
  /** C is its lowest bit. */
  carry: number;
  /** V is its highest bit. */
  overflow: number;
  /** D, A, I and F, in their places. */
  masks: number;
  /** BTYPE. */
  branchType: number;
}

/** Registers whose value nothing in the engine is derived from: they may be patched in place. */
const PLAIN_REGISTERS: readonly SystemRegisterEncoding[] = [
  AArch64SystemRegister.SPSR_EL1,
  AArch64SystemRegister.ELR_EL1,
  AArch64SystemRegister.SP_EL0,
  AArch64SystemRegister.SP_EL1,
  AArch64SystemRegister.ESR_EL1,
  AArch64SystemRegister.FAR_EL1,
  AArch64SystemRegister.VBAR_EL1,
  AArch64SystemRegister.TPIDR_EL0,
  AArch64SystemRegister.TPIDRRO_EL0,
  AArch64SystemRegister.TPIDR_EL1,
];

/** Offset of a plain system register. @throws {CalibrationError} When it is not one. */
export function systemOffset(layout: AArch64Layout, encoding: SystemRegisterEncoding): number {
  const offset = layout.system.get(encodingNumber(encoding));
  if (offset === undefined) {
    throw new CalibrationError("Cannot patch this system register in place");
  }
  return offset;
}

/** The little-endian bytes of A64 instructions. */
function words(...instructions: number[]): number[] {
  return instructions.flatMap((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff));
}

const NOP = 0xd503201f;
const svc = (number: number) => 0xd4000001 | (number << 5);
const brk = (number: number) => 0xd4200000 | (number << 5);
const LDXR_X1_X0 = 0xc85f7c01;
const FADD_D0_D0_D1 = 0x1e612800;

/**
 * Finds the layout and checks it.
 *
 * @throws {CalibrationError} When the library is not as expected.
 */
export function findAArch64Layout(symbols: UnicornSymbols): AArch64Layout {
  using specimen = new Specimen(symbols, "aarch64");
  const common = findCommonLayout(specimen, {
    traps: [
      { code: words(svc(0)), number: 2 },
      { code: words(brk(0)), number: 7 },
    ],
    pause: words(NOP, NOP, 0xd503207f), // nop; nop; wfi
    jump: words(0x14000001, 0xd503207f), // b 1f; 1: wfi
    loop: words(NOP, 0x17ffffff), // 1: nop; b 1b
  });
  const { native } = specimen;
  const view = new DataView(locateCpu(native, common).state);
  const x0 = new OffsetSearch(view, { name: "X0", width: 8 });
  const syndrome = new OffsetSearch(view, { name: "the syndrome", width: 4 });
  const fault = new OffsetSearch(view, { name: "the fault address", width: 8 });
  for (const number of [0x1234, 0x4321]) {
    specimen.run(words(svc(number)));
    syndrome.keep(0x56000000n | BigInt(number));
  }
  for (const address of [0x5a5an + 0x2001n, 0x3c3dn]) {
    native.writeRegister(AArch64Register.X0, address);
    x0.keep(address);
    specimen.run(words(LDXR_X1_X0)); // an exclusive load must be aligned
    // or it would be a second place that holds the address
    native.writeRegister(AArch64Register.X0, 0n);
    x0.keep(0n);
    fault.keep(address);
  }
  const pc = new OffsetSearch(view, { name: "PC", width: 8 });
  for (const at of [CODE, CODE + 0x458n]) {
    specimen.run(words(svc(0x77)), { at });
    pc.keep(at + 4n);
  }
  const layout = {
    ...common,
    x0: x0.only(),
    pc: pc.only(),
    syndrome: syndrome.only(),
    faultAddress: fault.only(),
    targetEl: syndrome.only() + 16,
    ...findPstate(specimen, view),
    mode: findMode(specimen, view),
    sctlr: findSystemRegister(specimen, view, AArch64SystemRegister.SCTLR_EL1),
    system: new Map(
      PLAIN_REGISTERS.map((
        encoding,
      ) => [encodingNumber(encoding), findSystemRegister(specimen, view, encoding)]),
    ),
  };
  checkAArch64Layout(specimen, layout);
  return layout;
}

/** Bit 22 of the mode: floating-point instructions are taken to EL1 as exceptions. */
export const MODE_FP_TRAP = 1 << 22;
/** Bit 30 of the mode: software step is active. */
export const MODE_STEP = 1 << 30;
/**
 * Bits 31, 25 and 20 of the mode: AArch64, the translation regime of EL1 rather than EL0, debug
 * exceptions go to EL1.
 */
const MODE_AARCH64 = 0x80100000;
const MODE_EL1 = 0x02000000;

/** Locates the engine's mode, by what changes with the exception level. */
function findMode({ native }: Specimen, view: DataView): number {
  const scr = new SystemRegister(native, SCR_EL3);
  const at = (pstate: bigint): Uint32Array => {
    native.writeRegister(AArch64Register.PSTATE, pstate);
    scr.write(SCR_EL3_RW_NS); // now the mode follows
    return new Uint32Array(view.buffer.slice(0, view.byteLength & ~3));
  };
  const [el0, el1] = [at(0x3c0n), at(0x3c5n)];
  const mask = (MODE_AARCH64 | MODE_EL1) >>> 0;
  const offsets = [...el0.keys()].filter((index) =>
    ((el0[index] ?? 0) & mask) >>> 0 === MODE_AARCH64 &&
    ((el1[index] ?? 0) & mask) >>> 0 === mask
  );
  const [found, ...others] = offsets;
  if (found === undefined || others.length > 0) {
    throw new CalibrationError(`Cannot locate the mode: ${offsets.length} words instead of one`);
  }
  return found * 4;
}

/** Locates the parts of PSTATE; it has its old value afterwards. */
function findPstate(
  { native }: Specimen,
  view: DataView,
): Pick<AArch64Layout, "pstate" | "flags"> {
  const search = (name: string): OffsetSearch => new OffsetSearch(view, { name, width: 4 });
  const [mode, negative, zero, carry, overflow, masks, branchType] = [
    search("PSTATE"),
    search("the N flag"),
    search("the Z flag"),
    search("the C flag"),
    search("the V flag"),
    search("the interrupt masks"),
    search("BTYPE"),
  ];
  const before = native.readRegister(AArch64Register.PSTATE);
  const values = [0xf000_0fc5n, 0x9000_0bc4n, 0x6000_0405n, 0x5000_02c4n, 0xa000_0845n, 0n];
  for (const value of [...values, before]) {
    native.writeRegister(AArch64Register.PSTATE, value);
    mode!.keep(value & 0xffn & ~0xc0n);
    negative!.keep(value);
    zero!.keep(~value & 0x4000_0000n);
    carry!.keep((value >> 29n) & 1n);
    overflow!.keep((value << 3n) & 0x8000_0000n);
    masks!.keep(value & 0x3c0n);
    branchType!.keep((value >> 10n) & 3n);
  }
  return {
    pstate: mode!.only(),
    flags: {
      negative: negative!.only(),
      zero: zero!.only(),
      carry: carry!.only(),
      overflow: overflow!.only(),
      masks: masks!.only(),
      branchType: branchType!.only(),
    },
  };
}

/** Locates a system register; it has its old value afterwards. */
function findSystemRegister(
  specimen: Specimen,
  view: DataView,
  encoding: SystemRegisterEncoding,
): number {
  const register = new SystemRegister(specimen.native, encoding);
  const name = `system register 0x${encodingNumber(encoding).toString(16)}`;
  const search = new OffsetSearch(view, { name, width: 8 });
  const before = register.read();
  for (const value of [0x5a5a_4320n, 0x1b1b_8760n, before]) {
    register.write(value);
    search.keep(value);
  }
  return search.only();
}

function checkAArch64Layout(specimen: Specimen, layout: AArch64Layout): void {
  const view = new DataView(locateCpu(specimen.native, layout).state);
  const expect = (what: string, actual: number, expected: number): void => {
    if (actual !== expected) {
      throw new CalibrationError(`Self-test "${what}" gave ${actual} instead of ${expected}`);
    }
  };
  expect("svc", specimen.run(words(svc(0x42))), uc.UC_ERR_EXCEPTION);
  expect("syndrome of svc", view.getUint32(layout.syndrome, true), 0x56000042);
  const setMode = (bit: number): void =>
    view.setUint32(layout.mode, view.getUint32(layout.mode, true) | bit, true);
  const clearMode = (bit: number): void =>
    view.setUint32(layout.mode, view.getUint32(layout.mode, true) & ~bit, true);
  setMode(MODE_FP_TRAP);
  specimen.run(words(NOP, FADD_D0_D0_D1));
  expect("PC of a trapped fadd", Number(view.getBigUint64(layout.pc, true)), Number(CODE) + 4);
  expect("class of a trapped fadd", view.getUint32(layout.syndrome, true) >>> 26, 0x07);
  clearMode(MODE_FP_TRAP);
  setMode(MODE_STEP);
  specimen.native.writeRegister(AArch64Register.PSTATE, 0x2003c5n); // PSTATE.SS: one instruction
  specimen.run(words(NOP, NOP));
  expect("PC after one step", Number(view.getBigUint64(layout.pc, true)), Number(CODE) + 4);
  expect("class of a step", view.getUint32(layout.syndrome, true) >>> 26, 0x33);
  clearMode(MODE_STEP);
  specimen.run(words(svc(0x42)));
  expect("target level of svc", view.getUint32(layout.targetEl, true), 1);
  view.setBigUint64(layout.x0 + 8 * 7, 0x1234n, true);
  expect("X7 by patch", Number(specimen.native.readRegister(AArch64Register.X0 + 7)), 0x1234);
  specimen.native.writeRegister(AArch64Register.SP, 0x8880n);
  expect("SP", Number(view.getBigUint64(layout.x0 + 8 * 31, true)), 0x8880);
}
