/**
 * The stack frames of a stepped AArch64 program as its calls, returns and signals make them,
 * without any unwind table.
 *
 * @module
 */
import type { StepRecord } from "./step_records.ts";
import { registersOf, type Shadow, type ShadowFrame } from "./step_shadow.ts";

const SP = 31;
const PC = 32;
const LINK = 30;

/** DWARF numbers of what a function keeps for its caller. */
const SAVED = [19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, SP];

/** DWARF numbers of what a signal keeps. */
const ALL = Array.from({ length: 32 }, (_, i) => i);

/** Bits of an address of user space. */
const ADDRESS = (1n << 48n) - 1n;

const RET = 0xd65f03c0;
const SVC = 0xd4000001;

/** Number of the system call, in x8. */
const RT_SIGRETURN = 139n;

/** Follows a program. */
export class ArmShadow implements Shadow {
  #before: StepRecord | undefined;
  #entries: ShadowFrame[] = [];

  /** Takes the next state and gives the callers of its code, innermost first. */
  callers(now: StepRecord): ShadowFrame[] {
    const before = this.#before;
    this.#before = now;
    if (before !== undefined) this.#after(before, now);
    return this.#entries.toReversed();
  }

  #after(before: StepRecord, now: StepRecord): void {
    const pc = now.registers[PC]!;
    let at = before.registers[PC]!;
    let word = wordOf(before, 0);
    if (now.signaled) {
      // A system call that makes the signal is over when the handler runs.
      const interrupted = word === SVC
        ? { pc: at + 4n, registers: registersOf(before, ALL.slice(1)) }
        : { pc: at, registers: registersOf(before, ALL) };
      // A handler is called as if by what it returns through; its first instruction has run and
      // may have signed that.
      const pc = now.registers[LINK]! & ADDRESS;
      this.#entries.push(interrupted, { pc, registers: new Map() });
      return;
    }
    if (word === SVC && before.registers[8] === RT_SIGRETURN) {
      // The interrupted code goes on; if it was nowhere, where the call of that returns to.
      if (this.#entries.pop()?.pc === 0n) this.#entries.pop();
      return;
    }
    if (word === SVC && pc !== at + 4n) {
      // QEMU's step over a system call takes the next instruction along.
      at += 4n;
      word = wordOf(before, 4);
    }
    if (isCall(word)) {
      this.#entries.push({ pc: at + 4n, registers: registersOf(before, SAVED) });
    } else if (word === RET && this.#entries.at(-1)?.pc === pc) {
      this.#entries.pop();
    }
  }
}

function wordOf({ code }: StepRecord, at: number): number {
  if (code.length < at + 4) return 0;
  return new DataView(code.buffer, code.byteOffset).getUint32(at, true);
}

/** `bl` or `blr`. */
function isCall(word: number): boolean {
  return word >>> 26 === 0x25 || (word & 0xfffffc1f) >>> 0 === 0xd63f0000;
}
