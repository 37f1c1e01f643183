/**
 * Builds the memory of a stack on which given functions have called each other, from their unwind
 * tables: the inverse of a walk. Tests, benchmarks and the fuzzer use it to have deep stacks of
 * real compiled code for both machines without running any.
 *
 * @module
 */
import { type Address, toBigAddress } from "../../bytes/mod.ts";
import { type MemoryWindow, type Module, RegisterSet, slotMap } from "../walk/mod.ts";
import type { Machine } from "../../elf/mod.ts";
import { CFA, RULE, type UnwindRow } from "../cfi/mod.ts";

/** A place in a function where it may have called the next. */
export interface CallPlace {
  /** Return address, in memory. */
  readonly pc: Address;
  /** Row of the unwind table that is for the call. */
  readonly row: UnwindRow;
  /** DWARF number of the return address column. */
  readonly returnAddress: number;
}

/** A stack that was built. */
export interface BuiltStack {
  /** Its memory. */
  readonly window: MemoryWindow;
  /** Registers of the innermost frame. */
  readonly registers: RegisterSet;
  /** Program counters, innermost first. */
  readonly pcs: readonly Address[];
  /** Canonical frame addresses, innermost first. */
  readonly cfas: readonly Address[];
}

/** Options of {@linkcode buildStack}. */
export interface StackOptions {
  /** Machine of the code. */
  readonly machine: Machine;
  /** Address after the stack's last byte; default 0x7fff_0000_0000. */
  readonly top?: Address;
}

/**
 * Whether a row can be used: the CFA is relative to the stack or frame pointer, the return address
 * is stored, all rules are plain stores.
 */
function usable(row: UnwindRow, machine: Machine, ra: number): boolean {
  const { registers } = slotMap(machine);
  const { stackPointer, framePointer } = registers;
  if (row.cfaKind !== CFA.register) return false;
  if (row.cfaRegister !== stackPointer && row.cfaRegister !== framePointer) {
    return false;
  }
  // With the frame pointer as base, it must be saved, or the caller's is lost.
  if (
    row.cfaRegister === framePointer && row.kinds[framePointer] !== RULE.offset
  ) return false;
  if (row.kinds[ra] !== RULE.offset || row.raSigned) return false;
  for (let i = 0; i < row.high; i++) {
    const kind = row.kinds[i];
    if (kind === RULE.unspecified) continue;
    if (kind !== RULE.offset || row.values[i]! >= 0) return false;
  }
  return row.cfaOffset > 0;
}

/**
 * Places in a module's functions from which a call may be pretended: one row of each function that
 * has a usable one, at most `count`.
 */
export function callPlaces(
  module: Module,
  options: { readonly machine: Machine; readonly count: number },
): CallPlace[] {
  const places: CallPlace[] = [];
  for (const table of module.tables) {
    for (const fde of table.fdes()) {
      if (places.length >= options.count) return places;
      let best: UnwindRow | undefined;
      const ra = fde.cie.returnAddress;
      for (const row of table.rows(fde)) {
        // The return address may be the first byte after the row's last instruction; keep well
        // inside.
        if (row.end - row.start < 8) continue;
        if (usable(row, options.machine, ra)) best = row;
      }
      if (best === undefined || fde.cie.isSignalFrame) continue;
      const pc = best.start + 4 + module.bias;
      places.push({ pc, row: best, returnAddress: ra });
    }
  }
  return places;
}

/**
 * The stack of calls from the last of `places` (outermost) to the first (innermost). The outermost
 * return address is zero.
 */
export function buildStack(
  places: readonly CallPlace[],
  options: StackOptions,
): BuiltStack {
  const { registers: info } = slotMap(options.machine);
  const top = options.top ?? 0x7fff00000000;
  const sizes = places.map(({ row }) => frameSize(row, info.stackPointer));
  const size = sizes.reduce((a, b) => a + b, 64);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const start = top - size;
  const registers = new RegisterSet(options.machine);
  for (const register of info.calleeSaved) {
    registers.set(register, 0x1000n + BigInt(register));
  }
  let sp = top - 16;
  let returnTo = 0;
  const cfas: Address[] = [];
  const pcs: Address[] = [];
  for (let i = places.length - 1; i >= 0; i--) {
    const { row, pc, returnAddress } = places[i]!;
    const cfa = sp;
    for (let register = 0; register < row.high; register++) {
      if (row.kinds[register] !== RULE.offset) continue;
      const value = register === returnAddress
        ? toBigAddress(returnTo)
        : registers.get(register) ?? 0n;
      const at = cfa + row.values[register]! - start;
      view.setBigUint64(at, value, true);
      if (register === info.framePointer) {
        // Frame records are chained: the pointer is to where the caller's is saved.
        registers.set(register, toBigAddress(cfa + row.values[register]!));
      } else if (register !== returnAddress && registers.get(register) !== undefined) {
        // The function uses the register for something of its own.
        registers.set(register, BigInt((i + 1) * 256 + register));
      }
    }
    sp = cfa - sizes[i]!;
    if (row.cfaRegister !== info.stackPointer) {
      registers.set(row.cfaRegister, toBigAddress(cfa - row.cfaOffset));
    }
    returnTo = pc;
    pcs.unshift(pc);
    cfas.unshift(cfa);
  }
  registers.set(info.stackPointer, toBigAddress(sp));
  registers.set(info.programCounter, toBigAddress(returnTo));
  if (info.link !== undefined) {
    registers.set(info.link, toBigAddress(returnTo));
  }
  return {
    window: { start: toBigAddress(start), bytes },
    registers,
    pcs,
    cfas,
  };
}

function frameSize(row: UnwindRow, stackPointer: number): number {
  if (row.cfaRegister === stackPointer) return row.cfaOffset;
  let lowest = -row.cfaOffset;
  for (let i = 0; i < row.high; i++) {
    if (row.kinds[i] === RULE.offset) {
      lowest = Math.min(lowest, row.values[i]!);
    }
  }
  return (-lowest + 15 & ~15) + 32;
}
