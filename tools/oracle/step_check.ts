/**
 * Walks against execution: at every instruction of a program that is stepped, the walk
 * must find the callers that calls and signals have made, with the registers they had. The walk
 * gets registers, files, and a stack that begins at the stack pointer.
 *
 * @module
 */
import { fromBigAddress } from "../../bytes/mod.ts";
import { machineRegisters } from "../../unwind/cfi/mod.ts";
import {
  backtrace,
  type Frame,
  memoryOf,
  type ModuleList,
  RegisterSet,
} from "../../unwind/walk/mod.ts";
import type { StepTrace } from "./step_records.ts";
import { type ShadowFrame, X86Shadow } from "./step_shadow.ts";
import { ArmShadow } from "./step_shadow_aarch64.ts";
import { type CheckResult, Differences } from "./tool.ts";

/** What is to be checked. */
export interface StepCheck {
  /** Name for the report. */
  readonly name: string;
  /** What the program did. */
  readonly trace: StepTrace;
  /**
   * Whether it has functions without tables (musl's library). Instructions with one of them on the
   * stack are counted and passed over.
   */
  readonly hasBlindCode?: boolean;
}

const NONE: ReadonlyMap<number, bigint> = new Map();

/** More instructions than a handler executes after it has changed where it returns to. */
const MOST_RETURNING = 8;

/** Compares the walks at all instructions of a trace. */
export function checkSteps(check: StepCheck): CheckResult {
  const { machine, modules, memory, records } = check.trace;
  const shadow = machine === "x86_64" ? new X86Shadow() : new ArmShadow();
  const { programCounter } = machineRegisters(machine);
  const differences = new Differences();
  let base: readonly ShadowFrame[] | undefined;
  let steps = 0;
  let blind = 0;
  let frames = 0;
  let failed = 0;
  let returning = 0;
  for (const record of records) {
    const pc = record.registers[programCounter]!;
    const callers = shadow.callers(record);
    const walk = backtrace({
      registers: RegisterSet.of(machine, record.registers.entries()),
      memory: memoryOf([record.stack, ...memory]),
      modules,
    });
    // What had called the program's first instruction, calls and signals cannot tell.
    base ??= walk.frames.slice(1).map((frame) => ({ pc: frame.pc, registers: NONE }));
    steps++;
    if (
      check.hasBlindCode === true && isBlind(modules, [pc, ...callers.map((each) => each.pc)])
    ) {
      blind++;
      continue;
    }
    frames += walk.frames.length;
    if (walk.error !== undefined) failed++;
    const expected = [{ pc, registers: NONE }, ...callers, ...base];
    let wrong = walk.error?.message ?? difference(walk.frames, expected);
    if (wrong !== undefined && callers.some(({ pc }) => pc === 0n)) {
      // The handler has changed where it returns to: behind the call of address 0.
      const mended = expected.filter(({ pc }) => pc !== 0n);
      if (difference(walk.frames, mended) === undefined && returning++ < MOST_RETURNING) {
        wrong = undefined;
      }
    }
    if (wrong !== undefined) differences.add(`step ${steps}: ${wrong}`);
  }
  if (steps === 0) differences.add("No instruction was traced");
  const passed = blind === 0 ? "" : `, ${blind} in code without tables`;
  return {
    name: check.name,
    figures: `${steps} instructions${passed}, ${frames} frames, ${failed} walks failed`,
    differences: differences.texts,
  };
}

/** What is wrong with the frames of a walk. */
function difference(
  found: readonly Frame[],
  expected: readonly ShadowFrame[],
): string | undefined {
  const hex = (value: bigint | undefined) => value === undefined ? "nothing" : value.toString(16);
  const where = `at ${hex(expected[0]?.pc)}`;
  for (const [i, { pc, registers }] of expected.entries()) {
    const frame = found[i];
    if (frame?.pc !== pc) {
      const by = found[i - 1]?.source;
      return `${where} frame ${i} is ${hex(frame?.pc)} by ${by}, expected ${hex(pc)}`;
    }
    for (const [register, value] of registers) {
      const known = frame.registers.get(register);
      if (known === value) continue;
      const is = `frame ${i} has register ${register} ${hex(known)}`;
      return `${where} ${is}, expected ${hex(value)}`;
    }
  }
  return found.length === expected.length
    ? undefined
    : `${where} there are ${found.length} frames, expected ${expected.length}`;
}

/** Whether code without a table is on the stack that is neither a signal's nor nowhere. */
function isBlind(modules: ModuleList, pcs: readonly bigint[]): boolean {
  return pcs.some((pc) => {
    const module = modules.at(pc);
    if (module === undefined || module.nameOf(pc)?.name === "__restore_rt") return false;
    return module.find(fromBigAddress(pc)) === undefined;
  });
}
