/**
 * The x86-64 CPU's own structure, read and patched in place.
 *
 * @module
 */
import { EngineUsageError } from "../errors.ts";
import { ARITHMETIC_FLAGS, SEGMENT_SIZE, type X86Layout } from "../layout/layout_x86_64.ts";
import { checkIndex, type StateView } from "../state_view.ts";
import { X86Vector } from "./constants.ts";

/** A segment register with its hidden part. */
export interface X86Segment {
  /** 16 bits. */
  selector: number;
  /** Linear address, 64 bits. */
  base: bigint;
  /** In bytes, 32 bits; the granularity is already applied. */
  limit: number;
  /** Bits 8–23 of the descriptor's second word: type, S, DPL (13–14), P, AVL, L (21), D/B, G. */
  flags: number;
}

/** Numbers of the segment registers, as instructions encode them. */
export const X86SegmentIndex = { ES: 0, CS: 1, SS: 2, DS: 3, FS: 4, GS: 5 } as const;

/**
 * Numbers of the table registers, for {@linkcode X86State.tableBase} and
 * {@linkcode X86State.tableLimit}.
 */
export const X86TableIndex = { LDTR: 0, TR: 1, GDTR: 2, IDTR: 3 } as const;

/** What {@linkcode X86State.enterRing} sets. */
export interface RingEntry {
  /** The new CPL, 0 or 3. */
  cpl: 0 | 3;
  /** Code segment, 64-bit. */
  cs: X86Segment;
  /** Stack segment. */
  ss: X86Segment;
  /** Stack pointer. */
  rsp: bigint;
  /** Instruction pointer. */
  rip: bigint;
}

/** The 64-bit code flag of a descriptor. */
const LONG_CODE = 1 << 21;
const CPL_MASK = 3;
const EFER_SCE = 1;
const EFER_NXE = 0x800n;
/** I of a page fault's error code. */
const PAGE_FAULT_FETCH = 0x10;
const LONGEST_INSTRUCTION = 15n;
/** CF, PF, AF, ZF, SF, DF and OF. */
const COMPUTED_FLAGS = 0xcd5;
/** The bit of RFLAGS that is always set. */
const FIXED_FLAG = 2;
const INHIBIT_IRQ = 1 << 3;
/** Limit and flags of the flat segments that SYSCALL loads. */
const FLAT_LIMIT = 0xffff_ffff;
const FLAT_CODE = 0x00af_9b00;
const FLAT_DATA = 0x00cf_9300;
const RSP = 4;
const CR4_TSD = 1 << 2;

/**
 * The CPU's state, live: every access reads or writes the engine's own memory, at the cost of a
 * typed-array access. Valid between runs. Values of 64 bits are taken modulo 2^64. RFLAGS is not
 * here, as the engine keeps its arithmetic flags in another form: use
 * {@linkcode Engine.readRegister}.
 */
export class X86State {
  readonly #view: StateView;
  readonly #layout: X86Layout;
  readonly #writeFlags: (value: number) => void;

  /** Used by {@linkcode Engine} only. */
  constructor(view: StateView, layout: X86Layout, writeFlags: (value: number) => void) {
    this.#view = view;
    this.#layout = layout;
    this.#writeFlags = writeFlags;
  }

  /**
   * Current privilege level, 0 … 3. Setting it changes neither selectors nor stack; see
   * {@linkcode enterRing}.
   */
  get cpl(): number {
    return this.#view.get32(this.#layout.mode) & CPL_MASK;
  }
  set cpl(value: number) {
    checkIndex("CPL", value, 4);
    this.#view.set32(this.#layout.mode, (this.#view.get32(this.#layout.mode) & ~CPL_MASK) | value);
  }

  /** Instruction pointer. */
  get rip(): bigint {
    return this.#view.get64(this.#layout.rip);
  }
  set rip(value: bigint) {
    this.#view.set64(this.#layout.rip, value);
  }

  /** Stack pointer. */
  get rsp(): bigint {
    return this.gpr(RSP);
  }
  set rsp(value: bigint) {
    this.setGpr(RSP, value);
  }

  /**
   * A general register by the number instructions encode: RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI,
   * R8 … R15.
   */
  gpr(index: number): bigint {
    return this.#view.get64(this.#gprOffset(index));
  }

  /** A general register as a number, exact up to 2^53; numbered as in {@linkcode gpr}. */
  gprNumber(index: number): number {
    return this.#view.getNumber(this.#gprOffset(index));
  }

  /** Sets a general register, numbered as in {@linkcode gpr}. */
  setGpr(index: number, value: bigint): void {
    this.#view.set64(this.#gprOffset(index), value);
  }

  /** Sets a general register to 32 bits, and its upper half to 0. */
  setGprU32(index: number, value: number): void {
    const at = this.#gprOffset(index);
    this.#view.set32(at, value);
    this.#view.set32(at + 4, 0);
  }

  /** A segment register; see {@linkcode X86SegmentIndex}. */
  segment(index: number): X86Segment {
    const at = this.#segmentOffset(index);
    return {
      selector: this.#view.get32(at) & 0xffff,
      base: this.#view.get64(at + 8),
      limit: this.#view.get32(at + 16),
      flags: this.#view.get32(at + 20),
    };
  }

  /**
   * Sets a segment register with its hidden part, without looking at any descriptor table. The
   * privilege level does not follow CS.
   */
  setSegment(index: number, segment: X86Segment): void {
    putSegment(this.#view.fields, this.#segmentOffset(index), segment);
  }

  /** Base of a segment register; see {@linkcode X86SegmentIndex}. */
  segmentBase(index: number): bigint {
    return this.#view.get64(this.#segmentOffset(index) + 8);
  }

  /** Sets the base of a segment register and nothing else, as writing `FS.base` does. */
  setSegmentBase(index: number, value: bigint): void {
    this.#view.set64(this.#segmentOffset(index) + 8, value);
  }

  /** KernelGSbase: what SWAPGS exchanges with the base of GS. */
  get kernelGsBase(): bigint {
    return this.#view.get64(this.#layout.kernelGsBase);
  }
  set kernelGsBase(value: bigint) {
    this.#view.set64(this.#layout.kernelGsBase, value);
  }

  /** Selector of a segment register; see {@linkcode X86SegmentIndex}. */
  selector(index: number): number {
    return this.#view.get32(this.#segmentOffset(index)) & 0xffff;
  }

  /**
   * Linear address of the table or segment a table register points at; see
   * {@linkcode X86TableIndex}.
   */
  tableBase(index: number): bigint {
    return this.#view.get64(this.#tableOffset(index) + 8);
  }

  /** Offset of the last byte of that table or segment. */
  tableLimit(index: number): number {
    return this.#view.get32(this.#tableOffset(index) + 16);
  }

  /** EFER. Writing model-specific registers has side effects: use {@linkcode Engine.writeMsr}. */
  get efer(): bigint {
    return this.#view.get64(this.#layout.efer);
  }

  /** STAR: selectors of SYSCALL and SYSRET. */
  get star(): bigint {
    return this.#view.get64(this.#layout.star);
  }

  /** LSTAR: entry point of SYSCALL. */
  get lstar(): bigint {
    return this.#view.get64(this.#layout.lstar);
  }

  /** EFER.SCE: SYSCALL is not refused. */
  get syscallEnabled(): boolean {
    return (this.#view.get32(this.#layout.efer) & EFER_SCE) !== 0;
  }

  /** The code selector in STAR that SYSCALL loads. */
  get #syscallSelector(): number {
    return this.#view.get32(this.#layout.star + 4) & 0xfffc;
  }

  /** The flags in FMASK that SYSCALL clears. */
  get syscallMask(): number {
    return this.#view.get32(this.#layout.fmask);
  }

  /** RFLAGS, whose upper half is 0. */
  get rflags(): number {
    return this.#view.get32(this.#layout.rflags);
  }
  set rflags(value: number) {
    // The library keeps these a second time while nothing runs.
    if (((this.rflags ^ value) & COMPUTED_FLAGS) !== 0) this.#writeFlags(value);
    else this.#view.set32(this.#layout.rflags, value | FIXED_FLAG);
  }

  /**
   * An exception was raised: RFLAGS becomes what it was before the instruction, if that has begun.
   * The library works that out with what it takes to have set the flags last, but each instruction
   * begins with their being worked out, for its count; so CF, AF and OF would be wrong in the midst
   * of a block.
   */
  settleFault(vector: number): void {
    const { rflags } = this;
    const flags = this.#view.get32(this.#layout.flagsBefore) & ARITHMETIC_FLAGS;
    if (((rflags ^ flags) & ARITHMETIC_FLAGS) === 0) return;
    // A trap is behind the instruction, which may have set them.
    if (vector === X86Vector.DEBUG || this.softwareInterrupt || this.#isOfFetch(vector)) return;
    this.rflags = (rflags & ~ARITHMETIC_FLAGS) | flags;
  }

  /** Whether an instruction could not be fetched, and so has not begun. */
  #isOfFetch(vector: number): boolean {
    const { rip } = this;
    if (vector === X86Vector.GENERAL_PROTECTION) {
      return BigInt.asIntN(48, rip) !== BigInt.asIntN(64, rip);
    }
    if (vector !== X86Vector.PAGE_FAULT) return false;
    if ((this.efer & EFER_NXE) !== 0n) return (this.errorCode & PAGE_FAULT_FETCH) !== 0;
    // Nothing else tells then.
    const distance = this.#view.get64(this.#layout.cr0 + 16) - rip;
    return distance >= 0n && distance < LONGEST_INSTRUCTION;
  }

  /** FMASK: flags SYSCALL clears. */
  get fmask(): bigint {
    return this.#view.get64(this.#layout.fmask);
  }

  /** Error code of the last exception; 0 for those that have none. */
  get errorCode(): number {
    return this.#view.get32(this.#layout.errorCode);
  }

  /** Whether the last exception was an `int n`. */
  get softwareInterrupt(): boolean {
    return this.#view.get32(this.#layout.softwareInterrupt) !== 0;
  }

  /** Makes the last exception one without error code that no `int n` raised. */
  clearFault(): void {
    this.#view.set32(this.#layout.errorCode, 0);
    this.#view.set32(this.#layout.softwareInterrupt, 0);
  }

  /**
   * Whether the last instruction blocks interrupts for one more instruction (after `sti`, and loads
   * of SS).
   */
  get interruptShadow(): boolean {
    return (this.#view.get32(this.#layout.mode) & INHIBIT_IRQ) !== 0;
  }
  set interruptShadow(value: boolean) {
    const mode = this.#view.get32(this.#layout.mode);
    this.#view.set32(this.#layout.mode, value ? mode | INHIBIT_IRQ : mode & ~INHIBIT_IRQ);
  }

  /** CR0. Writing control registers has side effects: use {@linkcode Engine.writeRegister}. */
  get cr0(): bigint {
    return this.#view.get64(this.#layout.cr0);
  }

  /** CR2: linear address of the last page fault. */
  get cr2(): bigint {
    return this.#view.get64(this.#layout.cr0 + 16);
  }

  /** CR3. */
  get cr3(): bigint {
    return this.#view.get64(this.#layout.cr0 + 24);
  }

  /** CR4. */
  get cr4(): bigint {
    return this.#view.get64(this.#layout.cr0 + 32);
  }

  /**
   * Changes privilege level, code and stack segment, RSP and RIP in one go, as delivering an
   * exception through a gate does. Interrupt shadow and flags stay.
   *
   * @throws {EngineUsageError} When the code segment is not a 64-bit one.
   */
  enterRing(entry: RingEntry): void {
    if ((entry.cs.flags & LONG_CODE) === 0) {
      throw new EngineUsageError(
        "value",
        `Cannot enter ring ${entry.cpl}: CS flags 0x${entry.cs.flags.toString(16)} lack the L bit`,
      );
    }
    checkIndex("CPL", entry.cpl, 4);
    // In one go, as this is on the way of every trap and system call.
    const { mode, segments, rip } = this.#layout;
    const { fields } = this.#view;
    putSegment(fields, segments + X86SegmentIndex.CS * SEGMENT_SIZE, entry.cs);
    putSegment(fields, segments + X86SegmentIndex.SS * SEGMENT_SIZE, entry.ss);
    fields.setUint32(mode, (fields.getUint32(mode, true) & ~CPL_MASK) | entry.cpl, true);
    fields.setBigUint64(RSP * 8, entry.rsp, true);
    fields.setBigUint64(rip, entry.rip, true);
  }

  /**
   * Enters ring 0 as SYSCALL does: flat segments of fixed contents, whatever the descriptors of
   * their selectors say, and the RIP in LSTAR. Flags, RCX and R11 are the caller's to set, RSP
   * stays. {@linkcode enterRing} could do it too, in 150 ns more.
   */
  enterSyscallRing(): void {
    const { mode, rip } = this.#layout;
    const selector = this.#syscallSelector;
    const target = this.lstar;
    const { fields } = this.#view;
    this.#putFlat(X86SegmentIndex.CS, selector, FLAT_CODE);
    this.#putFlat(X86SegmentIndex.SS, selector + 8, FLAT_DATA);
    fields.setUint32(mode, fields.getUint32(mode, true) & ~CPL_MASK, true);
    fields.setBigUint64(rip, target, true);
  }

  #putFlat(index: number, selector: number, flags: number): void {
    const at = this.#layout.segments + index * SEGMENT_SIZE;
    const { fields } = this.#view;
    fields.setUint32(at, selector & 0xffff, true);
    fields.setUint32(at + 8, 0, true);
    fields.setUint32(at + 12, 0, true);
    fields.setUint32(at + 16, FLAT_LIMIT, true);
    fields.setUint32(at + 20, flags, true);
  }

  /**
   * Forgets the exception that was last raised, so that another one is no double fault. The engine
   * does this at the start of every run; delivering exceptions, and so double faults, is not its
   * business.
   */
  clearDoubleFaultLatch(): void {
    this.#view.set32(this.#layout.doubleFaultLatch, -1);
  }

  /** Whether `rdtsc` is refused at the current privilege level. */
  get timestampDisabled(): boolean {
    return (this.#view.get32(this.#layout.cr0 + 32) & CR4_TSD) !== 0 && this.cpl !== 0;
  }

  #gprOffset(index: number): number {
    checkIndex("general register", index, 16);
    return index * 8;
  }

  #tableOffset(index: number): number {
    checkIndex("table register", index, 4);
    return this.#layout.tables + index * SEGMENT_SIZE;
  }

  #segmentOffset(index: number): number {
    checkIndex("segment register", index, 6);
    return this.#layout.segments + index * SEGMENT_SIZE;
  }
}

function putSegment(fields: DataView, at: number, segment: X86Segment): void {
  fields.setUint32(at, segment.selector & 0xffff, true);
  fields.setBigUint64(at + 8, segment.base, true);
  fields.setUint32(at + 16, segment.limit, true);
  fields.setUint32(at + 20, segment.flags, true);
}
