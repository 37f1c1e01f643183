/**
 * The stack frames of a stepped x86-64 program as its calls, returns and signals make them, without
 * any unwind table.
 *
 * @module
 */
import { memoryOf, readWord } from "../../unwind/walk/mod.ts";
import type { StepRecord } from "./step_records.ts";

const RSP = 7;
const RIP = 16;

/** DWARF numbers of what a function keeps for its caller. */
const SAVED = [3, 6, 12, 13, 14, 15];

/** DWARF numbers of what a signal keeps. */
const ALL = Array.from({ length: 16 }, (_, i) => i);

/** A stack frame that must be found. */
export interface ShadowFrame {
  /** Its program counter. */
  readonly pc: bigint;
  /** Values of registers that are known there, by DWARF number. */
  readonly registers: ReadonlyMap<number, bigint>;
}

/** Follows a program. */
export interface Shadow {
  /** Takes the next state and gives the callers of its code, innermost first. */
  callers(now: StepRecord): ShadowFrame[];
}

interface Entry extends ShadowFrame {
  /** It is gone when the stack pointer is above this. */
  readonly slot: bigint;
}

/** Follows a program of x86-64. */
export class X86Shadow implements Shadow {
  #before: StepRecord | undefined;
  #entries: Entry[] = [];

  /** Takes the next state and gives the callers of its code, innermost first. */
  callers(now: StepRecord): ShadowFrame[] {
    const before = this.#before;
    this.#before = now;
    const sp = now.registers[RSP]!;
    if (before !== undefined && now.signaled) this.#signal(before, now);
    else if (before !== undefined && isCall(before.code)) {
      this.#entries.push({
        slot: sp,
        pc: top(now),
        registers: registersOf(before, SAVED).set(RSP, sp + 8n),
      });
    }
    while ((this.#entries.at(-1)?.slot ?? sp) < sp) this.#entries.pop();
    // A retpoline puts another address in the place of the last one, and so returns elsewhere.
    const last = this.#entries.at(-1);
    if (last?.slot === sp && last.pc !== top(now)) this.#entries.pop();
    return this.#entries.toReversed();
  }

  /** The system has pushed a frame for the state before, which goes on when that is left. */
  #signal(before: StepRecord, now: StepRecord): void {
    const sp = now.registers[RSP]!;
    this.#entries.push({
      slot: before.registers[RSP]! - 1n,
      pc: before.registers[RIP]!,
      registers: registersOf(before, ALL),
    }, { slot: sp, pc: top(now), registers: new Map([[RSP, sp + 8n]]) });
  }
}

/** Registers of a state, by number. */
export function registersOf(record: StepRecord, numbers: readonly number[]): Map<number, bigint> {
  return new Map(numbers.map((number) => [number, record.registers[number]!]));
}

/** The word at the stack pointer. */
function top(record: StepRecord): bigint {
  return readWord(memoryOf([record.stack]), record.stack.start) ?? 0n;
}

/** `e8` or `ff /2`, behind prefixes. */
function isCall(code: Uint8Array): boolean {
  let at = 0;
  while (at < 6 && isPrefix(code[at]!)) at++;
  return code[at] === 0xe8 || code[at] === 0xff && (code[at + 1]! >> 3 & 7) === 2;
}

function isPrefix(byte: number): boolean {
  return byte === 0x66 || byte === 0xf2 || byte === 0xf3 || byte === 0x3e || byte >> 4 === 4;
}
