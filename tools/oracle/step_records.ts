/**
 * Reads what `testdata/unwind/step_trace.c` writes: the states of a program before each of its
 * instructions.
 *
 * @module
 */
import type { MemoryWindow } from "../../unwind/walk/mod.ts";

/** One state. */
export interface StepRecord {
  /** Whether a signal was delivered since the state before. */
  readonly signaled: boolean;
  /** Registers in DWARF order, the program counter last. */
  readonly registers: readonly bigint[];
  /** The first eight bytes at the program counter. */
  readonly code: Uint8Array;
  /** The stack from the stack pointer on. */
  readonly stack: MemoryWindow;
}

/** A trace: the memory map as text, and the states. */
export interface StepTrace {
  /** `/proc/PID/maps`. */
  readonly maps: string;
  /** The states, in order. */
  readonly records: Iterable<StepRecord>;
}

/** Registers of a state. */
const COUNT = 17;

/** The parts of a trace. */
export function readSteps(bytes: Uint8Array): StepTrace {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const size = Number(view.getBigUint64(0, true));
  const maps = new TextDecoder().decode(bytes.subarray(8, 8 + size));
  return { maps, records: records(bytes, view, 8 + size) };
}

function* records(bytes: Uint8Array, view: DataView, from: number): Generator<StepRecord> {
  for (let at = from; at < bytes.length;) {
    const signaled = view.getBigUint64(at, true) !== 0n;
    const registers = Array.from(
      { length: COUNT },
      (_, i) => view.getBigUint64(at + 8 + 8 * i, true),
    );
    at += 8 + 8 * COUNT;
    const code = bytes.subarray(at, at + 8);
    const size = Number(view.getBigUint64(at + 8, true));
    at += 16;
    const stack = { start: registers[7]!, bytes: bytes.subarray(at, at + size) };
    yield { signaled, registers, code, stack };
    at += size;
  }
}
