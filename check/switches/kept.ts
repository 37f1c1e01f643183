/**
 * What calls keep, and what of it is not there again when a stack goes on.
 *
 * @module
 */

import { hex } from "../../arch/physical_memory.ts";
import { machineRegisters, registerName } from "../../unwind/cfi/mod.ts";
import type { RegisterSet } from "../../unwind/walk/mod.ts";

/** Registers and floating-point control at a moment. */
export interface Kept {
  /** Registers; of these, those that are the caller's count. */
  readonly registers: RegisterSet;
  /** Control words by name. */
  readonly fpControl: Readonly<Record<string, bigint>>;
}

/** What was not kept. */
interface Lost {
  readonly kind: "register" | "fp-control";
  readonly subject: string;
  readonly reason: string;
}

/** What has another value now than when it was saved, of what is known of both moments. */
export function* lostBetween(saved: Kept, now: Kept): Generator<Lost> {
  const { machine } = saved.registers;
  const { calleeSaved, platform } = machineRegisters(machine);
  const reason = (have: bigint | undefined, was: bigint) =>
    `is ${hex(have ?? 0n)} when it goes on, was ${hex(was)}`;
  for (const register of calleeSaved) {
    const was = saved.registers.get(register);
    const have = now.registers.get(register);
    if (register === platform || was === undefined || have === was) continue;
    yield {
      kind: "register",
      subject: registerName(machine, register),
      reason: reason(have, was),
    };
  }
  for (const [subject, was] of Object.entries(saved.fpControl)) {
    const have = now.fpControl[subject];
    if (have !== was) yield { kind: "fp-control", subject, reason: reason(have, was) };
  }
}
