/**
 * The kind of interpreted code: one piece of machine code for all methods, whose frames say which
 * method they execute, and where.
 *
 * @module
 */
import { type Address, fromBigAddress, hexAddress } from "../../../bytes/mod.ts";
import type { Machine } from "../../../elf/mod.ts";
import { CodeMapError } from "../../errors.ts";
import type { CodeFrame, CodeKind, CodeRegion, FrameRow, FrameWord } from "./code_kind.ts";
import { type CallingConvention, callingConvention } from "./convention.ts";
import type { FramePlan } from "./frame_plan.ts";
import type { MapRegion } from "./map/code_map.ts";
import { InterpreterData, PHASE } from "./map/interpreter_data.ts";
import type { ManagedMethod, MethodPosition } from "./map/method.ts";
import { atCfa, type Place } from "./map/place.ts";
import { MapRows } from "./map/rows.ts";
import { parameterPlace, resultPlace } from "./places.ts";
import { planBytecode, planLeaving, slotName } from "./plans.ts";

/** Number of phases. */
const PHASES = PHASE.leaving + 1;

/** What is kept of an interpreter's code. */
interface InterpreterRegion {
  readonly machine: Machine;
  readonly rows: MapRows;
  readonly data: InterpreterData;
  /** Plans of each method: by the offset of the bytecode, and for each of them by phase. */
  readonly plans: WeakMap<ManagedMethod, (FramePlan | undefined)[]>;
}

const KIND: CodeKind<InterpreterRegion> = {
  name: "interpreter",

  convention(machine: Machine): CallingConvention {
    return callingConvention("interpreter", machine);
  },

  read(region: MapRegion, machine: Machine): InterpreterRegion {
    const rows = new MapRows(region, machine);
    return { machine, rows, data: new InterpreterData(region, machine), plans: new WeakMap() };
  },

  row({ data }: CodeRegion<InterpreterRegion>, offset: number): FrameRow {
    return data.rows.at(offset);
  },

  plan(region: CodeRegion<InterpreterRegion>, frame: CodeFrame): FramePlan {
    const { data, plans } = region.data;
    const { cfaAddress: cfa } = frame;
    const phase = data.phaseAt(region.offsetOf(frame));
    const hasFrame = isWhole(phase);
    const method = methodOf(region, frame, hasFrame);
    let bci = 0;
    if (hasFrame) {
      // A callee may change the register.
      const isSaved = phase === PHASE.calling || phase === PHASE.returned;
      const bcp = isSaved ? frame.addressAt(cfa + data.bcpSlot) : frame.addressIn(data.bcpRegister);
      bci = bcp - method.code;
      if (!(bci >= 0 && bci < method.codeSize)) throw strayPointer(method, bcp);
    }
    let own = plans.get(method);
    if (own === undefined) plans.set(method, own = []);
    return own[bci * PHASES + phase] ??= planPhase(region.data, method, { phase, bci });
  },

  words(region: CodeRegion<InterpreterRegion>, frame: CodeFrame): FrameWord[] {
    const { data } = region.data;
    const phase = data.phaseAt(region.offsetOf(frame));
    if (!isWhole(phase)) return [];
    const method = methodOf(region, frame, true);
    const { bci } = this.plan(region, frame)!;
    const { depth, pops } = method.positionAt(bci!);
    const isOutgoing = (i: number) =>
      phase === PHASE.calling && i >= method.locals + depth - pops && i < method.locals + depth;
    return [
      { offset: data.methodSlot, name: "method", role: "own" },
      { offset: data.bcpSlot, name: "bytecode pointer", role: "own" },
      // One more operand than there can be: a result is left above them.
      ...Array.from({ length: method.locals + method.maxStack + 1 }, (_, i): FrameWord => ({
        offset: data.localsSlot - 8 * i,
        name: slotName(method, i),
        role: isOutgoing(i) ? "outgoing" : "idle",
      })),
    ];
  },
};

/** Whether there is a frame in which everything has its slot. */
function isWhole(phase: number): boolean {
  return phase !== PHASE.entry && phase !== PHASE.leaving;
}

/** Where there is no frame, a register has what the frame's slot has else. */
function methodOf(
  region: CodeRegion<InterpreterRegion>,
  frame: CodeFrame,
  hasFrame: boolean,
): ManagedMethod {
  const { data } = region.data;
  const record = region.method !== 0n
    ? fromBigAddress(region.method)
    : hasFrame
    ? frame.addressAt(frame.cfaAddress + data.methodSlot)
    : frame.addressIn(data.methodRegister);
  return frame.methods.at(record, frame.memory);
}

/** Interpreted code. */
export const INTERPRETER: CodeKind = KIND;

function planPhase(
  { data, machine }: InterpreterRegion,
  method: ManagedMethod,
  { phase, bci }: { readonly phase: number; readonly bci: number },
): FramePlan {
  const convention = callingConvention("interpreter", machine);
  if (phase === PHASE.leaving) {
    return planLeaving(method, undefined, resultPlace(convention, method.params));
  }
  const slot = (i: number): Place => atCfa(data.localsSlot - 8 * i);
  const operand = (i: number): Place => slot(method.locals + i);
  const position = method.positionAt(bci);
  if (phase === PHASE.entry) {
    const local = (i: number) => parameterPlace(convention, i);
    return planBytecode(method, position, { local, operand, isConsumed: false, result: undefined });
  }
  return planBytecode(method, phase === PHASE.done ? nextOf(method, position) : position, {
    local: slot,
    operand,
    isConsumed: phase === PHASE.calling || phase === PHASE.returned,
    result: phase === PHASE.returned ? operand(position.depth) : undefined,
  });
}

function nextOf(method: ManagedMethod, position: MethodPosition): MethodPosition {
  const next = method.after(position);
  if (next !== undefined) return next;
  throw new CodeMapError("position", `Bytecode ${position.bci} is the last one`, {
    source: method.name,
    address: method.address,
    expected: "one behind it",
  });
}

function strayPointer(method: ManagedMethod, bcp: Address): CodeMapError {
  const where = bcp === bcp ? hexAddress(bcp) : "not known";
  return new CodeMapError("position", `Bytecode pointer is ${where}`, {
    source: method.name,
    address: method.address,
    expected: `one into ${method.codeSize} bytes at ${hexAddress(method.code)}`,
  });
}
