/**
 * References on a stack: what a collector must find, and update if it moves what they refer to.
 *
 * @module
 */
import { CodeMapError } from "../../errors.ts";
import type { Frame } from "../frame.ts";
import { type MemoryReader, readWord } from "../memory.ts";
import { managedFrame, type ManagedVariable, type ValueLocation } from "./managed_frame.ts";
import { SavedRegisters } from "./saved_registers.ts";

/** Most handles of a thread. */
const MOST_HANDLES = 1 << 16;

/** A reference that a frame holds. */
export interface StackRoot {
  /** The frame. */
  readonly frame: Frame;
  /** What it is in that frame. */
  readonly variable: ManagedVariable;
  /** The reference: an object's address, or 0. */
  readonly value: bigint;
  /**
   * Where it is now: of a register that a frame further in has saved, the memory it is saved in;
   * else the thread's own register.
   */
  readonly location: ValueLocation;
}

/**
 * The references that the frames of a walk hold, innermost first; `frames` must be all of them, from
 * the innermost on.
 *
 * @throws {CodeMapError} If what is published of the code is damaged, or a reference cannot be read.
 */
export function* stackRoots(frames: Iterable<Frame>): Generator<StackRoot> {
  const saved = new SavedRegisters();
  for (const frame of frames) {
    for (const variable of managedFrame(frame)?.roots() ?? []) {
      const { value, location } = variable;
      const at = location?.in === "register" ? saved.placeOf(location.register) : undefined;
      if (value === undefined || location === undefined) {
        throw new CodeMapError("location", `Reference ${variable.name} cannot be read`, {
          source: frame.code!.name,
          address: frame.pc,
          expected: "memory, or a register that is known",
        });
      }
      yield {
        frame,
        variable,
        value,
        location: at === undefined ? location : { in: "memory", address: at },
      };
    }
    saved.leave(frame);
  }
}

/** A reference that native code has been given, in its thread's list of them. */
export interface HandleRoot {
  /** Address of the word that holds it. */
  readonly address: bigint;
  /** The reference. */
  readonly value: bigint;
}

/**
 * The references in a thread's list of handles: a number, then as many words.
 *
 * @param offset Bytes from the thread pointer to it, as a map says (`CodeMap.handles`).
 * @throws {CodeMapError} (`memory`, `limit`) If it cannot be read, or is longer than any.
 */
export function handleRoots(
  memory: MemoryReader,
  threadPointer: bigint,
  offset: number,
): HandleRoot[] {
  const list = BigInt.asUintN(64, threadPointer + BigInt(offset));
  const word = (address: bigint): bigint => {
    const value = readWord(memory, address);
    if (value !== undefined) return value;
    const place = { source: "handles", address, expected: "8 bytes" };
    throw new CodeMapError("memory", "Handles cannot be read", place);
  };
  const count = word(list);
  if (count > MOST_HANDLES) {
    const place = { source: "handles", address: list, expected: `at most ${MOST_HANDLES}` };
    throw new CodeMapError("limit", `There are ${count}`, place);
  }
  return Array.from({ length: Number(count) }, (_, i) => {
    const address = list + 8n + BigInt(8 * i);
    return { address, value: word(address) };
  });
}
