/**
 * The private CPU structure of x86-64, field by field.
 *
 * @module
 */
import * as uc from "../constants.ts";
import { X86Msr, X86Register } from "../x86_64/constants.ts";
import {
  CODE,
  type CommonLayout,
  findCommonLayout,
  locateCpu,
  Specimen,
  stateAddress,
} from "./layout.ts";
import { CalibrationError, OffsetSearch } from "./offset_search.ts";
import type { NativeEngine } from "../native_engine.ts";
import type { UnicornSymbols } from "../symbols.ts";
import { addressOf, tryCopyMemory, viewMemory } from "../native_memory.ts";
import { X86Feature } from "../models.ts";
import { readMsr, writeMsr } from "../x86_64/msr.ts";
import {
  BLOCK_COUNT_MASK,
  BLOCK_FLAGS,
  BLOCK_SLOTS,
  blockSlot,
} from "../x86_64/restarted_stores.ts";
import { readTable, writeTable } from "../x86_64/tables.ts";

/**
 * Offsets in bytes into the CPU's state; the sixteen general registers are at its start, in the
 * order of their numbers.
 */
export interface X86Layout extends CommonLayout {
  /** RIP (u64). */
  rip: number;
  /** The engine's cached mode (u32): CPL in bits 0–1, interrupt shadow in bit 3. */
  mode: number;
  /**
   * ES, CS, SS, DS, FS, GS: 24 bytes each (selector u32, base u64 at 8, limit u32 at 16, flags u32
   * at 20).
   */
  segments: number;
  /** LDTR, TR, GDTR, IDTR, in the same form. */
  tables: number;
  /** Model-specific registers (u64). */
  efer: number;
  /** As `efer`. */
  star: number;
  /** As `efer`. */
  lstar: number;
  /** As `efer`. */
  fmask: number;
  /** As `efer`. */
  kernelGsBase: number;
  /** RFLAGS (u32), complete between runs. */
  rflags: number;
  /**
   * CF, PF, AF, ZF, SF and OF as they are before each instruction (u64): until the instruction sets
   * them.
   */
  flagsBefore: number;
  /** CR0 (u64); CR1 … CR4 follow. */
  cr0: number;
  /** Error code of the last exception (u32). */
  errorCode: number;
  /** Whether the last exception was a software interrupt (u32). */
  softwareInterrupt: number;
  /** The exception being delivered, for double faults (i32); −1 when none is. */
  doubleFaultLatch: number;
  /** In the CPU object: the table of blocks by address, see `restarted_stores.ts`. */
  blocks: number;
  /** Features of the model (u64 each), see {@linkcode X86Feature}. */
  features: number;
}

/** CF, PF, AF, ZF, SF and OF. */
export const ARITHMETIC_FLAGS = 0x8d5;
/** Bytes of a segment register. */
export const SEGMENT_SIZE = 24;
/** What HF_LMA, HF_CS64 and HF_PE look like in the cached mode of 64-bit code. */
const MODE_64 = 0xc080n;

/**
 * Finds the layout and checks it.
 *
 * @throws {CalibrationError} When the library is not as expected.
 */
export function findX86Layout(symbols: UnicornSymbols): X86Layout {
  using specimen = new Specimen(symbols, "x86_64");
  const common = findCommonLayout(specimen, {
    traps: [
      { code: [0xcd, 0x52], number: 0x52 }, // int 0x52
      { code: [0xcd, 0x31], number: 0x31 }, // int 0x31
    ],
    pause: [0x90, 0x90, 0xf4], // nop; nop; hlt
    jump: [0xeb, 0x00, 0xf4], // jmp 1f; 1: hlt
    loop: [0x90, 0xeb, 0xfd], // 1: nop; jmp 1b
  });
  const view = new DataView(locateCpu(specimen.native, common).state);
  const register = (id: number, name: string): number => {
    const search = new OffsetSearch(view, { name, width: 8 });
    for (const value of [0x5a5a_1234_0000n, 0x3c3c_4321_0000n]) {
      specimen.native.writeRegister(id, value);
      search.keep(value);
    }
    return search.only();
  };
  const fsBase = register(X86Register.FS_BASE, "the FS base");
  const gsBase = register(X86Register.GS_BASE, "the GS base");
  if (gsBase - fsBase !== SEGMENT_SIZE) {
    throw new CalibrationError(`Segment registers are ${gsBase - fsBase} bytes apart, not 24`);
  }
  const segments = fsBase - 8 - 4 * SEGMENT_SIZE;
  const cr2 = register(X86Register.CR2, "CR2");
  const mode = segments - 8;
  if ((BigInt(view.getUint32(mode, true)) & MODE_64) !== MODE_64) {
    throw new CalibrationError(
      "The cached mode before the segment registers is not that of 64-bit code",
    );
  }
  const layout = {
    ...common,
    rip: register(X86Register.RIP, "RIP"),
    mode,
    segments,
    tables: findTables(specimen.native, { view, segments }),
    ...findMsrs(specimen.native, view),
    cr0: cr2 - 16,
    rflags: findFlags(specimen, view),
    flagsBefore: findFlagsBefore(specimen, view),
    ...findFaultFields(symbols, common),
    blocks: findBlocks(specimen, common),
    features: findFeatures(specimen, common),
  };
  checkX86Layout(symbols, layout);
  return layout;
}

/**
 * Locates the table of blocks, by the block that ran last at each of several addresses; checks that
 * a block which stores into itself is followed by one that is to have one instruction.
 */
function findBlocks(specimen: Specimen, { lastBlock, cpu, distance }: CommonLayout): number {
  const { native } = specimen;
  const engine = new DataView(viewMemory(addressOf(native.handle), lastBlock + 8));
  const object = engine.getBigUint64(cpu, true);
  const words = new BigUint64Array(viewMemory(object, distance), 0, distance >> 3);
  let offsets: number[] | undefined;
  for (const at of [0x2000n, 0x3040n, CODE]) {
    specimen.run([0xeb, 0x00, 0xf4], { at }); // jmp 1f; 1: hlt
    const block = engine.getBigUint64(lastBlock, true);
    const found: number[] = [];
    words.forEach((word, index) => {
      if (word === block) found.push(8 * (index - blockSlot(at)));
    });
    offsets = offsets?.filter((offset) => found.includes(offset)) ?? found;
  }
  const [blocks] = offsets ?? [];
  if (blocks === undefined || offsets?.length !== 1 || blocks + 8 * BLOCK_SLOTS > distance) {
    throw new CalibrationError("Cannot find the table of blocks");
  }
  const flagsOf = (address: bigint): number => {
    const flags = new Uint8Array(4);
    const block = words[(blocks >> 3) + blockSlot(address)] ?? 0n;
    if (!tryCopyMemory(native.symbols, block + BigInt(BLOCK_FLAGS), flags)) return -1;
    return new DataView(flags.buffer).getUint32(0, true) & BLOCK_COUNT_MASK;
  };
  // nop; mov byte [rip + 1], 0x90, which makes the int3 a nop; nop; int3; hlt
  specimen.run([0x90, 0xc6, 0x05, 1, 0, 0, 0, 0x90, 0x90, 0xcc, 0xf4]);
  if (flagsOf(CODE + 1n) !== 1 || flagsOf(CODE + 8n) !== 0) {
    throw new CalibrationError("Blocks that store into themselves are not as expected");
  }
  return blocks;
}

/** Bytes behind the part of the state that a saved context covers; features lie among the first. */
const FEATURES_REACH = 1024;
/** CPUID.1:ECX.OSXSAVE, which follows CR4. */
const OSXSAVE = 1 << 27;

/**
 * Locates the features of the model: where what CPUID answers stands, and a change of which changes
 * the answers.
 */
function findFeatures(specimen: Specimen, common: CommonLayout): number {
  const { native } = specimen;
  const address = stateAddress(native, common);
  const size = common.stateSize + FEATURES_REACH;
  if (!tryCopyMemory(native.symbols, address, new Uint8Array(size))) {
    throw new CalibrationError("Cannot view what follows the CPU's state: memory not mapped");
  }
  const view = new DataView(viewMemory(address, size));
  const answers = (): readonly bigint[] => {
    const { RBX, RCX, RDX } = X86Register;
    const ask = (leaf: number, ...registers: readonly number[]): bigint[] => {
      // mov eax, leaf; xor ecx, ecx; cpuid; hlt
      specimen.run([0xb8, leaf, 0, 0, 0, 0x31, 0xc9, 0x0f, 0xa2, 0xf4]);
      return registers.map((register) => native.readRegister(register) & 0xffff_ffffn);
    };
    const [edx = 0n, ecx = 0n] = ask(1, RDX, RCX);
    return [edx, ecx & ~BigInt(OSXSAVE), ...ask(7, RBX, RCX)];
  };
  const matches = (at: number, words: readonly bigint[]): boolean =>
    words.every((word, index) => view.getBigUint64(at + 8 * index, true) === word);
  const before = answers();
  const found: number[] = [];
  for (let at = common.stateSize & ~7; at + 8 * before.length <= size; at += 8) {
    if (!matches(at, before)) continue;
    const word = at + 8 * X86Feature.EBX_7;
    const changed = before.with(X86Feature.EBX_7, (before[X86Feature.EBX_7] ?? 0n) ^ 0x80n);
    view.setBigUint64(word, changed[X86Feature.EBX_7] ?? 0n, true);
    const after = answers();
    view.setBigUint64(word, before[X86Feature.EBX_7] ?? 0n, true);
    if (after.every((answer, index) => answer === changed[index])) found.push(at);
  }
  const [features] = found;
  if (features === undefined || found.length !== 1) {
    throw new CalibrationError(`Cannot find the features of the CPU: ${found.length} places`);
  }
  return features;
}

/**
 * Locates RFLAGS: where the library has all flags that were written, and all that code has left
 * behind.
 */
function findFlags(specimen: Specimen, view: DataView): number {
  const search = new OffsetSearch(view, { name: "RFLAGS", width: 4 });
  for (const value of [0x0cd7n, 0x3202n, 0x0002n]) {
    specimen.native.writeRegister(X86Register.RFLAGS, value);
    search.keep(value);
  }
  specimen.run([0xf9, 0xfd, 0xf4]); // stc; std; hlt
  search.keep(0x0403n);
  specimen.run([0xf8, 0xfc, 0xf4]); // clc; cld; hlt
  return search.keep(0x0002n).only();
}

/** Locates what the library works flags out from, where they are in it as they are. */
function findFlagsBefore(specimen: Specimen, view: DataView): number {
  const search = new OffsetSearch(view, { name: "the flags before an instruction", width: 8 });
  for (const value of [0x0cd7n, 0x0047n, 0x0892n, 0x0002n]) {
    specimen.native.writeRegister(X86Register.RFLAGS, value);
    search.keep(value & BigInt(ARITHMETIC_FLAGS));
  }
  return search.only();
}

const SEGMENTS = 6;
const TABLES = ["LDTR", "TR", "GDTR", "IDTR"] as const;

/** The table registers follow the segment registers; checks that each is where it should be. */
function findTables(
  native: NativeEngine,
  { view, segments }: { view: DataView; segments: number },
): number {
  const tables = segments + SEGMENTS * SEGMENT_SIZE;
  TABLES.forEach((register, index) => {
    const at = tables + index * SEGMENT_SIZE;
    const base = 0x5a5a_4321_1000n + BigInt(index);
    const limit = 0x3c3c + index;
    const before = readTable(native, register);
    writeTable(native, register, { base, limit });
    if (view.getBigUint64(at + 8, true) !== base || view.getUint32(at + 16, true) !== limit) {
      throw new CalibrationError(`${register} is not where it should be, at ${at}`);
    }
    writeTable(native, register, before);
  });
  return tables;
}

/** Finds the model-specific registers that entering a system call needs. */
function findMsrs(
  native: NativeEngine,
  view: DataView,
): Pick<X86Layout, "efer" | "star" | "lstar" | "fmask" | "kernelGsBase"> {
  type Name = "EFER" | "STAR" | "LSTAR" | "FMASK" | "KERNEL_GS_BASE";
  const find = (name: Name, values: readonly bigint[]): number => {
    const search = new OffsetSearch(view, { name, width: 8 });
    const before = readMsr(native, X86Msr[name]);
    for (const value of values) {
      writeMsr(native, X86Msr[name], value);
      search.keep(value);
    }
    writeMsr(native, X86Msr[name], before);
    return search.keep(before).only();
  };
  const unique = [0x5a5a_1357_2468n, 0x3c3c_8642_7531n];
  return {
    // LMA and LME stay; SCE and NXE come and go.
    efer: find("EFER", [0x500n, 0x501n, 0xd00n, 0xd01n]),
    star: find("STAR", unique),
    lstar: find("LSTAR", unique),
    fmask: find("FMASK", unique),
    kernelGsBase: find("KERNEL_GS_BASE", unique),
  };
}

// mov ax, selector; mov ds, ax: a selector beyond the limit of the GDT, which is the error code of
// the #GP that follows
function loadSelector(selector: number): number[] {
  return [0x66, 0xb8, selector & 0xff, selector >> 8, 0x8e, 0xd8];
}

const DIVIDE_BY_ZERO = [0x31, 0xc9, 0xf7, 0xf1]; // xor ecx, ecx; div ecx

function findFaultFields(
  symbols: UnicornSymbols,
  common: CommonLayout,
): { errorCode: number; softwareInterrupt: number; doubleFaultLatch: number } {
  using first = new Specimen(symbols, "x86_64");
  const view = new DataView(locateCpu(first.native, common).state);
  const latch = new OffsetSearch(view, { name: "the double-fault latch", width: 4 });
  latch.keep(0xffff_ffffn);
  first.run(loadSelector(0x5a58));
  latch.keep(13n);
  const doubleFaultLatch = latch.only();

  const error = new OffsetSearch(view, { name: "the error code", width: 4 });
  for (const selector of [0x3c30, 0x6b68]) {
    view.setInt32(doubleFaultLatch, -1, true);
    first.run(loadSelector(selector));
    view.setBigUint64(0, 0n, true); // RAX holds the selector, too
    error.keep(BigInt(selector));
  }
  const errorCode = error.only();
  // The flag lies beside the error code: 1 after `int n`, 0 after a fault.
  const softwareInterrupt = errorCode + 4;
  first.run([0xcd, 0x52]);
  const afterInt = view.getUint32(softwareInterrupt, true);
  view.setInt32(doubleFaultLatch, -1, true);
  first.run(DIVIDE_BY_ZERO);
  const afterFault = view.getUint32(softwareInterrupt, true);
  if (afterInt !== 1 || afterFault !== 0 || view.getInt32(doubleFaultLatch, true) !== 0) {
    throw new CalibrationError("Cannot tell software interrupts from faults");
  }
  return { errorCode, softwareInterrupt, doubleFaultLatch };
}

/** Patches the state in place and checks that the engine takes the patch for real. */
function checkX86Layout(symbols: UnicornSymbols, layout: X86Layout): void {
  using specimen = new Specimen(symbols, "x86_64");
  const view = new DataView(locateCpu(specimen.native, layout).state);
  const privileged = [0xf4]; // hlt
  const expect = (what: string, actual: number, expected: number): void => {
    if (actual !== expected) {
      throw new CalibrationError(`Self-test "${what}" gave ${actual} instead of ${expected}`);
    }
  };
  expect("hlt at CPL 0", specimen.run(privileged), uc.UC_ERR_OK);
  const mode = view.getUint32(layout.mode, true);
  expect("CPL before the patch", mode & 3, 0);
  view.setUint32(layout.mode, mode | 3, true);
  expect("hlt at CPL 3", specimen.run(privileged), uc.UC_ERR_EXCEPTION);
  expect("RIP of the fault", Number(view.getBigUint64(layout.rip, true)), Number(CODE));
  view.setUint32(layout.mode, mode, true);
  view.setInt32(layout.doubleFaultLatch, -1, true);
  // mov ecx, 0; mov al, 1; add al, 0xff; div ecx
  const divide = [0xb9, 0, 0, 0, 0, 0xb0, 1, 0x04, 0xff, 0xf7, 0xf1];
  expect("division", specimen.run(divide), uc.UC_ERR_EXCEPTION);
  expect("flags before the division", view.getUint32(layout.flagsBefore, true), 0x55);
  view.setInt32(layout.doubleFaultLatch, -1, true);
  expect("hlt at CPL 0 again", specimen.run(privileged), uc.UC_ERR_OK);
  view.setBigUint64(8, 0x1234n, true);
  expect("RCX by patch", Number(specimen.native.readRegister(X86Register.RCX)), 0x1234);
  const cr0 = view.getBigUint64(layout.cr0, true);
  expect("CR0", Number(specimen.native.readRegister(X86Register.CR0)), Number(cr0));
  // 48 c7 c0 05 00 00 00: mov rax, 5; 0f 05: syscall; 90: nop
  expect("syscall", specimen.run([0x48, 0xc7, 0xc0, 5, 0, 0, 0, 0x0f, 0x05, 0x90]), uc.UC_ERR_OK);
  expect("RIP after syscall", Number(view.getBigUint64(layout.rip, true)), Number(CODE) + 9);
}
