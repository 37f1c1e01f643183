/**
 * Checks of a stack frame that a guess has led to.
 *
 * @module
 */
import { type Address, fromBigAddress, toBigAddress } from "../../bytes/mod.ts";
import type { Doubt } from "./certainty.ts";
import type { CodeBytes } from "./code_bytes.ts";
import type { MemoryReader } from "./memory.ts";
import type { ModuleList } from "./module_list.ts";
import type { WalkState } from "./walk_state.ts";

/** Most bytes between the stack pointers of a function and its caller. */
const STACK_REACH = 1 << 20;

/** Bytes of the code at which a file is entered; that of C libraries has fewer. */
const ENTRY_REACH = 64;

/**
 * What is wrong with the caller that a guess has made the current state; undefined if nothing is.
 *
 * @param calleeSp Stack pointer of the function it is said to have called.
 */
export function doubtOf(state: WalkState, calleeSp: Address): Doubt | undefined {
  const { pc, cfa: sp, slots, modules } = state;
  const isArm = slots.registers.machine === "aarch64";
  if (isArm && (pc % 4 !== 0 || sp % 16 !== 0)) return "misaligned";
  if (!modules.holdsCode(pc - 1)) return "no-code";
  const code = state.code();
  if (!(isArm ? isArmCall(code) : isX86Call(code))) return "no-call";
  const isNear = calleeSp <= sp && sp - calleeSp <= STACK_REACH;
  // The reader has just loaded the return address.
  if (isNear && state.reader.holds(calleeSp, sp)) return undefined;
  return isNear && isReadable(state.memory, calleeSp, sp) ? undefined : "other-stack";
}

/** Whether all bytes from `begin` to `end` can be read. */
function isReadable(memory: MemoryReader, begin: Address, end: Address): boolean {
  for (let at = begin; at < end;) {
    const window = memory.window(toBigAddress(at));
    if (window === undefined) return false;
    at = Math.max(at + 1, fromBigAddress(window.start) + window.bytes.length);
  }
  return true;
}

/**
 * Whether an address is in the code at which its file is entered (`_start`). Nobody calls that, and
 * the frame pointer that it finds is none: not all C libraries clear it, or say in a table that
 * there is no caller.
 */
export function isInEntry(modules: ModuleList, address: Address): boolean {
  const module = modules.find(address);
  const entry = module?.file?.entry ?? 0n;
  if (module === undefined || entry === 0n) return false;
  const offset = address - module.bias - fromBigAddress(entry);
  return offset >= 0 && offset < ENTRY_REACH;
}

/** Whether a call ends at the address; code that cannot be read may be one. */
function isX86Call(code: CodeBytes): boolean {
  if (code.byte(-1) < 0 || code.byte(-5) === 0xe8) return true;
  // `ff /2`, with the operand in a register or in memory: two to seven bytes.
  for (let size = 2; size <= 7; size++) {
    const modrm = code.byte(1 - size);
    if (code.byte(-size) !== 0xff || (modrm >> 3 & 7) !== 2) continue;
    if (size === 2 + operandBytes(modrm, code.byte(2 - size))) return true;
  }
  return false;
}

/** Bytes of a memory operand after its ModRM byte (SDM vol. 2, table 2-2). */
function operandBytes(modrm: number, sib: number): number {
  const mod = modrm >> 6;
  const rm = modrm & 7;
  if (mod === 3) return 0;
  const hasSib = rm === 4;
  const isWide = mod === 2 || mod === 0 && (rm === 5 || hasSib && (sib & 7) === 5);
  return (hasSib ? 1 : 0) + (mod === 1 ? 1 : isWide ? 4 : 0);
}

/** Whether a `bl`, `blr`, or `blr` with authentication is before the address. */
function isArmCall(code: CodeBytes): boolean {
  const word = code.word(-4);
  if (word < 0) return true;
  return word >>> 26 === 0x25 || (word & 0xfffffc1f) >>> 0 === 0xd63f0000 ||
    (word & 0xfefff800) >>> 0 === 0xd63f0800;
}
