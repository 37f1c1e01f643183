/**
 * Breakpoints in debug registers.
 *
 * For each one in force the library has an object of its own, and a pointer to it beside the CPU's
 * state. Only the guest's own instruction makes and frees these: a register written from outside
 * changes nothing but its value. So where other breakpoints are to be in force, the instruction is
 * executed, in a cold CPU and a page of its own.
 *
 * @module
 */
import * as uc from "../constants.ts";
import { EngineError, EngineUsageError } from "../errors.ts";
import { RUNNING } from "../hooks.ts";
import { type ImageLayout, imageOffset } from "./image_layout.ts";
import { BREAKPOINT_COUNT, msrDebug } from "./image_layout_aarch64.ts";
import type { NativeEngine } from "../native_engine.ts";
import { PAGE_SIZE, PHYSICAL_END } from "../ram.ts";

/** Brings the library's breakpoints to what debug registers say. */
export interface DebugRegisters {
  /**
   * Makes the breakpoints in force those of a state that will be written next.
   *
   * @param state The state to come, as in an image.
   * @returns Whether anything had to be done; the CPU is cold then.
   * @throws {EngineUsageError} When the state has a breakpoint in force that the CPU lacks.
   */
  prepare(state: Uint8Array): boolean;
}

/** What {@linkcode makeDebugRegisters} needs of its engine. */
export interface DebugRegistersOptions {
  /** Where the registers are. */
  readonly layout: ImageLayout;
  /** The registers, in place. */
  readonly live: Uint8Array;
  /** Writes the CPU's whole state. */
  readonly write: (state: Uint8Array) => void;
}

/**
 * Instructions that set debug registers, in order, for a CPU whose general registers hold these
 * values.
 */
interface Program {
  readonly code: readonly number[];
  readonly instructions: number;
  /** General registers, in the order of the CPU's state. */
  readonly registers: readonly bigint[];
}

/** What an architecture knows of its debug registers. */
interface Kind {
  /** Byte of the state where the general registers begin. */
  readonly general: number;
  /** Breakpoints that every model has. */
  readonly count: number;
  /** Numbers of the breakpoints that are not in force in the same way. */
  changed(live: DataView, wanted: DataView): number[];
  /** Sets the registers of those breakpoints. */
  program(wanted: DataView, changed: readonly number[]): Program;
}

/** For the CPU of an engine. */
export function makeDebugRegisters(
  native: NativeEngine,
  { layout, live, write }: DebugRegistersOptions,
): DebugRegisters {
  const kind = KINDS[native.arch];
  const [begin, end] = layout.debug;
  const at = imageOffset(layout, begin);
  const size = end - begin;
  return {
    prepare(state) {
      const wanted = state.subarray(at, at + size);
      if (isEqual(live, wanted)) return false;
      const view = viewOf(wanted);
      const before = viewOf(live.slice());
      const changed = kind.changed(before, view);
      if (changed.length === 0) return false;
      if (changed.some((index) => index >= kind.count)) {
        throw new EngineUsageError("image", "Cannot restore the CPU: it lacks a breakpoint in use");
      }
      const cold = layout.cold.slice();
      cold.set(live, at); // what the pointers there are go with
      const { code, instructions, registers } = kind.program(view, changed);
      const general = new DataView(cold.buffer, kind.general);
      registers.forEach((value, index) => general.setBigUint64(8 * index, value, true));
      write(cold);
      execute(native, { code, instructions, avoid: [before, view] });
      return true;
    },
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  for (let index = 0; index < left.length; index++) {
    if (left[index] !== right[index]) return false;
  }
  return true;
}

/** Executes instructions in a page that is there for as long, and in no page with a breakpoint. */
function execute(
  native: NativeEngine,
  { code, instructions, avoid }: {
    code: readonly number[];
    instructions: number;
    avoid: readonly DataView[];
  },
): void {
  const { symbols, handle } = native;
  const page = new Uint8Array(PAGE_SIZE);
  page.set(code);
  const address = mapScratch(native, { page, avoid });
  // Hooks of code are for the guest's.
  const outer = RUNNING.target;
  RUNNING.target = undefined;
  try {
    native.check(native.start(address, BigInt(instructions)), "set debug registers");
  } finally {
    RUNNING.target = outer;
    native.flushCode();
    native.check(symbols.uc_mem_unmap(handle, address, BigInt(PAGE_SIZE)), "unmap a page");
  }
}

/** Maps a page near the end of physical memory where there is none; returns its address. */
function mapScratch(
  native: NativeEngine,
  { page, avoid }: { page: Uint8Array; avoid: readonly DataView[] },
): bigint {
  const size = BigInt(PAGE_SIZE);
  let status = 0;
  for (let address = PHYSICAL_END - size; address > PHYSICAL_END - 256n * size; address -= size) {
    const isTaken = avoid.some((registers) =>
      range(registers.byteLength >> 3).some((index) =>
        wordOf(registers, index) / size === address / size
      )
    );
    if (isTaken) continue;
    status = native.map(address, page);
    if (status === uc.UC_ERR_OK) return address;
  }
  throw new EngineError("map a page for setting debug registers", { status, arch: native.arch });
}

const X86_BREAKPOINTS = 4;
const DR7 = 7;
const A64_BREAKPOINTS = 16;
/** Byte of the state where X0 is. */
const X0 = 64;
/** DBGBVR and DBGBCR, as `msr` names them. */
const VALUE = 4;
const CONTROL = 5;

const KINDS: Readonly<Record<NativeEngine["arch"], Kind>> = {
  x86_64: {
    general: 0,
    count: X86_BREAKPOINTS,
    changed: (live, wanted) =>
      range(X86_BREAKPOINTS).filter((n) => x86Breakpoint(live, n) !== x86Breakpoint(wanted, n)),
    program(wanted) {
      return {
        // mov dr7, rax; mov dr0, rcx; mov dr1, rdx; mov dr2, rbx; mov dr3, rsp; mov dr7, rbp
        code: [0xf8, 0xc1, 0xca, 0xd3, 0xdc, 0xfd].flatMap((modrm) => [0x0f, 0x23, modrm]),
        instructions: 6,
        registers: [0n, ...[0, 1, 2, 3, DR7].map((index) => wordOf(wanted, index))],
      };
    },
  },
  aarch64: {
    general: X0,
    count: BREAKPOINT_COUNT,
    changed: (live, wanted) =>
      range(A64_BREAKPOINTS).filter((n) => a64Breakpoint(live, n) !== a64Breakpoint(wanted, n)),
    program(wanted, changed) {
      const instructions = changed.flatMap((index, at) => [
        msrDebug(VALUE, { index, from: 2 * at }),
        msrDebug(CONTROL, { index, from: 2 * at + 1 }),
      ]);
      return {
        code: instructions.flatMap((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 255)),
        instructions: instructions.length,
        registers: changed.flatMap((n) => [wordOf(wanted, n), wordOf(wanted, A64_BREAKPOINTS + n)]),
      };
    },
  },
};

/**
 * Where DR0–DR3 has a breakpoint of an instruction in force: DR7.L or G, with R/W 0. The library
 * has no others.
 */
function x86Breakpoint(registers: DataView, index: number): bigint | undefined {
  const dr7 = registers.getUint32(8 * DR7, true);
  const inForce = ((dr7 >>> (2 * index)) & 3) !== 0 && ((dr7 >>> (16 + 4 * index)) & 3) === 0;
  return inForce ? wordOf(registers, index) : undefined;
}

/** What DBGBVR and DBGBCR have of a breakpoint in force: DBGBCR.E. */
function a64Breakpoint(registers: DataView, index: number): string | undefined {
  const control = wordOf(registers, A64_BREAKPOINTS + index);
  return (control & 1n) === 0n ? undefined : `${wordOf(registers, index)} ${control}`;
}

function wordOf(registers: DataView, index: number): bigint {
  return registers.getBigUint64(8 * index, true);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
