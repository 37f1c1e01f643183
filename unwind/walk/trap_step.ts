/**
 * The step over a trap frame that a callback describes.
 *
 * @module
 */
import { type Address, fromBigAddress, toBigAddress } from "../../bytes/mod.ts";
import type { RegisterSet } from "./register_set.ts";
import type { TrapFrameDescription } from "./trap.ts";
import type { WalkState } from "./walk_state.ts";

/**
 * The trap frame under the current code, whose address becomes the CFA; undefined if it is no trap
 * stub, or has none here.
 *
 * @throws {WalkError} (`trap`) If it is at no address.
 */
export function describedTrap(state: WalkState): TrapFrameDescription | undefined {
  const pc = toBigAddress(state.pc);
  const trap = state.modules.trapStubAt(pc)?.describe({
    pc,
    registers: state.registers(),
    memory: state.memory,
  });
  if (trap === undefined) return undefined;
  const cfa = fromBigAddress(trap.cfa ?? trap.base);
  if (cfa !== cfa) throw state.error("trap", "Trap frame is at no address");
  state.cfa = cfa;
  return trap;
}

/**
 * Goes over to the interrupted code and gives its program counter, NaN if that is no address: what
 * the trap frame does not hold is still in the registers.
 *
 * @throws {WalkError} (`memory`, `trap`) If it cannot be read, or names unknown registers or no
 * program counter.
 */
export function leaveTrap(state: WalkState, trap: TrapFrameDescription): Address {
  const { programCounter } = state.slots.registers;
  state.nextBlock();
  const next = state.registers();
  for (const [register, offset] of trap.saved) {
    const address = BigInt.asUintN(64, trap.base + BigInt(offset));
    const value = state.reader.number(address, 8);
    if (value === undefined) throw state.unreadable(fromBigAddress(address));
    setRegister(state, next, { register, value });
  }
  for (const [register, value] of trap.values ?? []) setRegister(state, next, { register, value });
  if (!trap.saved.has(programCounter) && trap.values?.has(programCounter) !== true) {
    throw state.error("trap", "Trap frame does not hold the PC");
  }
  const { knownLow, knownHigh } = next.block();
  state.knownLow = knownLow;
  state.knownHigh = knownHigh;
  state.interrupted = true;
  // The interrupted code may be on any stack.
  state.cfa = NaN;
  return state.value(state.slots.pc);
}

function setRegister(
  state: WalkState,
  next: RegisterSet,
  field: { readonly register: number; readonly value: bigint },
): void {
  const { register, value } = field;
  if ((state.slots.slotOf[register] ?? -1) < 0) {
    throw state.error("trap", `Trap frame names register ${register}`);
  }
  next.set(register, value);
}
