/**
 * Which bytes of the x86-64 CPU's private structure make up its state.
 *
 * @module
 */
import * as uc from "../constants.ts";
import {
  type ByteRange,
  checkBreakpoints,
  expectWords,
  fingerprintOf,
  gather,
  type ImageLayout,
  isPointer,
  readWords,
  wideState,
} from "./image_layout.ts";
import { Specimen } from "../layout/layout.ts";
import { ARITHMETIC_FLAGS, type X86Layout } from "../layout/layout_x86_64.ts";
import { CalibrationError, OffsetSearch } from "../layout/offset_search.ts";
import type { UnicornSymbols } from "../symbols.ts";
import { X86Register } from "../x86_64/constants.ts";

/**
 * Bytes beyond the part a saved context covers in which the MTRRs and the machine-check banks are
 * looked for.
 */
const BEYOND = 4096;
const DEBUG_SIZE = 64;
const POINTERS_SIZE = 32;
/** Registers of the x87 unit: the library keeps 10 bytes in a structure of 16. */
const X87_COUNT = 8;
const X87_SIZE = 10;
const X87_STRIDE = 16;
/** Before the XMM registers: the operand of one instruction of the x87 unit. */
const OPERAND_BEGIN = 40;
const OPERAND_END = 24;
/** XMM registers, each at the start of a vector of AVX-512, of which the library has 32. */
const XMM_COUNT = 16;
const XMM_SIZE = 16;
const XMM_STRIDE = 64;
/** The vectors end here, and the operands of one instruction of SSE and MMX. */
const SCRATCH_END = 32 * XMM_STRIDE + XMM_STRIDE + 8;
/** From there to STAR: upper halves of vectors, mask registers, SYSENTER. */
const STAR_DISTANCE = 1880;
/** IA32_MTRR_FIX64K_00000, IA32_MTRR_PHYSBASE0 and PHYSMASK7, IA32_MTRR_DEF_TYPE. */
const MTRR = { fixed: 0x250, firstBase: 0x200, lastMask: 0x20f, defType: 0x2ff } as const;
const MTRR_FIXED_COUNT = 11;
const MTRR_VARIABLE_COUNT = 8;
/** IA32_MCG_CTL, IA32_MC0_CTL, and how many registers of 64 bits the library has for banks. */
const MCG_CTL = 0x17b;
const MC0_CTL = 0x400;
const MC0_STATUS = 0x401;
const MC_COUNT = 40;

/** `mov ecx, number; mov eax, low; mov edx, high; wrmsr`. */
function wrmsr(number: number, value: bigint): number[] {
  const words = [BigInt(number), value & 0xffff_ffffn, value >> 32n];
  return [0xb9, 0xb8, 0xba]
    .flatMap((opcode, index) => [opcode, ...bytes32(words[index] ?? 0n)])
    .concat(0x0f, 0x30);
}

function bytes32(word: bigint): number[] {
  return [0n, 8n, 16n, 24n].map((shift) => Number((word >> shift) & 0xffn));
}

/**
 * Finds what an image holds, and checks it.
 *
 * @throws {CalibrationError} When the library is not as expected.
 */
export function findX86Image(symbols: UnicornSymbols, layout: X86Layout): ImageLayout {
  using fresh = new Specimen(symbols, "x86_64");
  const size = layout.stateSize + BEYOND;
  const cold = new Uint8Array(wideState(fresh, layout, size).buffer.slice(0));
  using specimen = new Specimen(symbols, "x86_64");
  const view = wideState(specimen, layout, size);
  const dr = findDebugRegisters(specimen, view);
  const pointers = dr + DEBUG_SIZE;
  if (layout.doubleFaultLatch !== pointers + POINTERS_SIZE) {
    throw new CalibrationError("The pointers of breakpoints do not follow the debug registers");
  }
  checkPointers(specimen, { view, pointers });
  // The last word is the address of translated code that a page fault came from.
  const end = layout.stateSize - 8;
  specimen.run([0xa1, 0, 0x20, 0, 0, 0, 0, 0, 0, 0xf4]); // mov eax, [0x2000]; hlt
  expectWords("code address of a TLB miss", readWords(view, end, 1), isPointer);
  const mtrr = findMtrrs(specimen, view);
  const mce = findBanks(specimen, view);
  const xmm = findVectors(specimen, { view, star: layout.star });
  const x87 = findX87(specimen, { view, xmm });
  const ranges = [
    [0, x87],
    ...strides(x87, { count: X87_COUNT, stride: X87_STRIDE, size: X87_SIZE }),
    [x87 + X87_COUNT * X87_STRIDE, xmm - OPERAND_BEGIN],
    [xmm - OPERAND_END, xmm],
    ...strides(xmm, { count: XMM_COUNT, stride: XMM_STRIDE, size: XMM_SIZE }),
    [xmm + SCRATCH_END, pointers],
    [pointers + POINTERS_SIZE, end],
    mtrr,
    mce,
  ] as const;
  return {
    ranges,
    debug: [dr, dr + DEBUG_SIZE],
    fingerprint: `x86_64:${fingerprintOf(layout, ranges)}`,
    cold: gather(cold, ranges),
    settle: findFlagWords(specimen, { view, layout }),
  };
}

/**
 * What the library works flags out from: the result (u64), the operands (u64 each) and the operation
 * (u32). A run begins with the operation that means RFLAGS as they are; what the last one left is
 * another thing wherever that run was cut.
 */
function findFlagWords(
  { native }: Specimen,
  { view, layout }: { view: DataView; layout: X86Layout },
): NonNullable<ImageLayout["settle"]> {
  const { rflags, flagsBefore: source } = layout;
  const [result, second, operation] = [source - 8, source + 8, source + 16];
  const before = native.readRegister(X86Register.RFLAGS);
  native.writeRegister(X86Register.RFLAGS, 0x0cd7n);
  const asTheyAre = view.getUint32(operation, true);
  for (const at of [result, second]) view.setBigUint64(at, 0x5a5a_3c3cn, true);
  const isFound = rflags === source - 16 &&
    native.readRegister(X86Register.RFLAGS) === 0x0cd7n;
  native.writeRegister(X86Register.RFLAGS, before);
  if (!isFound) throw new CalibrationError("What flags are worked out from is not beside RFLAGS");
  return (image) => {
    const state = new DataView(image.buffer);
    const flags = state.getUint32(rflags, true) & ARITHMETIC_FLAGS;
    state.setBigUint64(result, 0n, true);
    state.setBigUint64(source, BigInt(flags), true);
    state.setBigUint64(second, 0n, true);
    state.setUint32(operation, asTheyAre, true);
  };
}

function findDebugRegisters({ native }: Specimen, view: DataView): number {
  const search = new OffsetSearch(view, { name: "the debug registers", width: 8 });
  for (const value of [0x5a5a_7654_3210n, 0x3c3c_0123_4567n, 0n]) {
    native.writeRegister(X86Register.DR0, value);
    search.keep(value);
  }
  const dr = search.only();
  const { DR1, DR2, DR3, DR7 } = X86Register;
  for (const [id, index] of [[DR1, 1], [DR2, 2], [DR3, 3], [DR7, 7]] as const) {
    const value = 0x5a5a_0000n + BigInt(index);
    const before = native.readRegister(id);
    native.writeRegister(id, value);
    expectWords(`DR${index}`, readWords(view, dr + 8 * index, 1), (word) => word === value);
    native.writeRegister(id, before);
  }
  return dr;
}

/** The first bytes of each of several structures. */
function strides(
  begin: number,
  { count, stride, size }: { count: number; stride: number; size: number },
): ByteRange[] {
  return Array.from(
    { length: count },
    (_, index) => [begin + stride * index, begin + stride * index + size] as const,
  );
}

/**
 * The registers of the x87 unit. The bytes that fill their structures up are no state either: they
 * come from wherever the library has copied the structure from.
 */
function findX87(
  specimen: Specimen,
  { view, xmm }: { view: DataView; xmm: number },
): number {
  const PI = [0xd9, 0xeb]; // fldpi
  const ZERO = [0xd9, 0xee]; // fldz
  const isPi = (at: number): boolean =>
    view.getBigUint64(at, true) === 0xc90f_daa2_2168_c235n &&
    view.getUint16(at + 8, true) === 0x4000;
  const fill = (load: readonly number[]): void => {
    specimen.run([0xdb, 0xe3, ...Array(X87_COUNT).fill(load).flat(), 0xf4]); // fninit; …; hlt
  };
  fill(ZERO);
  const begin = xmm - OPERAND_BEGIN - 2 * X87_COUNT * X87_STRIDE;
  const before = [...Array(OPERAND_BEGIN * 8).keys()].filter((at) => isPi(begin + at)).length;
  fill(PI);
  const found = [...Array(2 * X87_COUNT * X87_STRIDE).keys()].map((at) => begin + at).filter(isPi);
  const [x87 = 0] = found;
  const isRow = found.every((at, index) => at === x87 + X87_STRIDE * index);
  if (before > 0 || found.length !== X87_COUNT || !isRow) {
    throw new CalibrationError("The registers of the x87 unit are not where they should be");
  }
  // fninit; fldpi; fldz; fadd st, st(1)
  specimen.run([0xdb, 0xe3, ...PI, ...ZERO, 0xd8, 0xc1, 0xf4]);
  if (!isPi(xmm - OPERAND_BEGIN)) {
    throw new CalibrationError("The operand of the x87 unit is not where it should be");
  }
  fill(ZERO);
  return x87;
}

/**
 * The vector registers. What lies above an XMM register belongs to AVX, which the library does not
 * have, and is no state: its shuffles leave there what was on the host's stack.
 */
function findVectors(
  { native }: Specimen,
  { view, star }: { view: DataView; star: number },
): number {
  const write = (index: number, value: bigint): void => {
    const bytes = new Uint8Array(new BigUint64Array([value, ~value]).buffer);
    const { symbols, handle } = native;
    native.check(symbols.uc_reg_write(handle, X86Register.XMM0 + index, bytes), "write XMM");
  };
  const search = new OffsetSearch(view, { name: "XMM0", width: 8 });
  for (const value of [0x5a5a_7654_3210n, 0x3c3c_0123_4567n, 0n]) {
    write(0, value);
    search.keep(value);
  }
  const xmm = search.only();
  for (let index = 0; index < XMM_COUNT; index++) {
    const value = 0x5a5a_0000n + BigInt(index);
    write(index, value);
    const words = readWords(view, xmm + XMM_STRIDE * index, 1);
    expectWords(`XMM${index}`, words, (word) => word === value);
  }
  if (star - xmm - SCRATCH_END !== STAR_DISTANCE) {
    throw new CalibrationError("The vector registers and STAR are not as far apart as expected");
  }
  return xmm;
}

/** The guest's own writes to DR7 make and remove what the words point to. */
function checkPointers(
  specimen: Specimen,
  { view, pointers }: { view: DataView; pointers: number },
): void {
  const run = (dr7: bigint): void => {
    // mov eax, dr7; mov dr7, rax
    const status = specimen.run([0xb8, ...bytes32(dr7), 0x0f, 0x23, 0xf8, 0xf4]);
    if (status !== uc.UC_ERR_OK) throw new CalibrationError("Cannot run mov to DR7");
  };
  const words = (): bigint[] => readWords(view, pointers, POINTERS_SIZE / 8);
  // Breakpoints of instructions, at address 0 each.
  checkBreakpoints(words, { set: () => run(0x055n), clear: () => run(0n) });
  run(0x1111_00aan); // of stores, which the library has compiled out
  expectWords("watchpoints", words(), (word) => word === 0n);
  run(0n);
}

function findMsr(
  specimen: Specimen,
  { view, msr, values }: { view: DataView; msr: number; values: readonly bigint[] },
): number {
  const search = new OffsetSearch(view, { name: `MSR 0x${msr.toString(16)}`, width: 8 });
  for (const value of values) {
    const status = specimen.run([...wrmsr(msr, value), 0xf4]);
    if (status !== uc.UC_ERR_OK) throw new CalibrationError(`Cannot write MSR ${msr}`);
    search.keep(value);
  }
  return search.only();
}

/** The MTRRs: fixed ones, default type, and pairs of base and mask. */
function findMtrrs(specimen: Specimen, view: DataView): readonly [number, number] {
  const values = [0x5a5a_1357_0000n, 0x3c3c_2468_0000n, 0n];
  const find = (msr: number): number => findMsr(specimen, { view, msr, values });
  const fixed = find(MTRR.fixed);
  const defType = find(MTRR.defType);
  const base = find(MTRR.firstBase);
  const lastMask = find(MTRR.lastMask);
  const expected = [
    fixed + 8 * MTRR_FIXED_COUNT,
    defType + 8,
    base + 16 * MTRR_VARIABLE_COUNT - 8,
  ];
  if ([defType, base, lastMask].some((offset, index) => offset !== expected[index])) {
    throw new CalibrationError("The MTRRs do not lie side by side");
  }
  return [fixed, lastMask + 8];
}

/** The machine-check registers: control, extended control, banks. */
function findBanks(specimen: Specimen, view: DataView): readonly [number, number] {
  const ones = 0xffff_ffff_ffff_ffffn;
  const control = findMsr(specimen, { view, msr: MCG_CTL, values: [0n, ones, 0n] });
  const bank = findMsr(specimen, { view, msr: MC0_CTL, values: [0n, ones, 0n] });
  const status = findMsr(specimen, { view, msr: MC0_STATUS, values: [0n, ones, 0n] });
  return [Math.min(control, bank, status), bank + 8 * MC_COUNT];
}
