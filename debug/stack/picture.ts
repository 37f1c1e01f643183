/**
 * What a picture of a stack shows, as plain data.
 *
 * @module
 */
import type { Machine } from "../../elf/mod.ts";
import type { Certainty, RuleSource, WalkEnd } from "../../unwind/walk/mod.ts";

/**
 * What a word of a stack is: the return address into the caller, a register that a frame keeps for
 * its caller, a value of the frame's method, one that it hands to its callee (`outgoing`), a half of
 * an anchor, what the code keeps for itself (`own`), the slot of a value that has none now (`idle`),
 * or what nothing tells of: padding, scratch, or storage of code without debug information.
 */
export type SlotRole =
  | "return-address"
  | "saved"
  | "parameter"
  | "local"
  | "operand"
  | "result"
  | "outgoing"
  | "anchor"
  | "own"
  | "idle"
  | "untold";

/** A word of a frame. */
export interface PictureSlot {
  /** Its address. */
  readonly address: bigint;
  /** Bytes from the frame's stack pointer. */
  readonly offset: number;
  /** What it holds, 0 to 2^64 − 1; undefined if it cannot be read. */
  readonly value: bigint | undefined;
  /** What it is. */
  readonly role: SlotRole;
  /** What it is called; empty if nothing tells it. */
  readonly name: string;
  /** Its value in the words of its role: a number, a function and an offset, a level. */
  readonly text: string;
  /** What else it is: values of other frames that are in it. */
  readonly also: readonly string[];
}

/** A value of a frame that is not in one of the frame's own words. */
export interface PictureValue {
  /** Its name. */
  readonly name: string;
  /** What it is to its method. */
  readonly role: string;
  /** Its value, or in angle brackets why there is none. */
  readonly text: string;
  /** Where it is: a register, or the word that it has been saved in; empty if it is nowhere. */
  readonly place: string;
}

/** A frame. */
export interface PictureFrame {
  /** Its number, 0 for the innermost. */
  readonly level: number;
  /** Name of its function or method. */
  readonly name: string;
  /** Kind of its code: `native`, `signal`, `trap`, or the name of a code kind. */
  readonly kind: string;
  /** Address of the next instruction. */
  readonly pc: bigint;
  /** Offset of the bytecode that is executed or is next; undefined if none is. */
  readonly bytecode: number | undefined;
  /** Stack pointer: its lowest word. Undefined if it is not known. */
  readonly sp: bigint | undefined;
  /** The address after its highest word. Undefined if it is not known. */
  readonly end: bigint | undefined;
  /** How its caller is found. */
  readonly source: RuleSource;
  /** How sure it is that it is there. */
  readonly certainty: Certainty;
  /** Its words, the lowest address first. */
  readonly slots: readonly PictureSlot[];
  /** Values that are in registers, in words of other frames, or not there. */
  readonly values: readonly PictureValue[];
  /** Why they cannot be told. */
  readonly damage: string | undefined;
}

/** Two words that lead from native code to the last managed frame. */
export interface PictureAnchor {
  /** Address of the first. */
  readonly address: bigint;
  /** Level of the frame that has saved it; undefined if it is the thread's own. */
  readonly savedBy: number | undefined;
  /** Stack pointer. */
  readonly sp: bigint;
  /** Return address; 0 if there is no managed frame, or managed code is running. */
  readonly pc: bigint;
  /** Level of the frame that it leads to; undefined if it leads to none. */
  readonly to: number | undefined;
}

/** A stack. */
export interface StackPicture {
  /** Machine of the code. */
  readonly machine: Machine;
  /** Name of the program. */
  readonly program: string;
  /** Number of the thread. */
  readonly thread: number;
  /** What it waits for, in words. */
  readonly state: string | undefined;
  /** Frames, innermost first. */
  readonly frames: readonly PictureFrame[];
  /** Anchors: the thread's own, then those in frames. */
  readonly anchors: readonly PictureAnchor[];
  /** Why the walk ended; undefined if it broke off. */
  readonly end: WalkEnd | undefined;
  /** Why it broke off. */
  readonly error: string | undefined;
}
