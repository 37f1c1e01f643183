/**
 * A transition into native code and back, as plain data.
 *
 * @module
 */
import type { Machine } from "../../elf/mod.ts";

/** What an instruction does to the anchor, or to who looks at it. */
export type StepNote =
  | "thread"
  | "store-sp"
  | "store-pc"
  | "call"
  | "return"
  | "clear-pc"
  | "test-scan"
  | "go-on"
  | "wait";

/** A frame that is found. */
export interface SeenFrame {
  /** Name of its method, or of its code. */
  readonly name: string;
  /** Kind of its code. */
  readonly code: string;
}

/** What is found on the way from the anchor, by whoever walks the thread's stack. */
export type AnchorView =
  /** The PC is 0: the thread may change its frames at any instant. */
  | { readonly kind: "closed" }
  /** The methods and stubs from the anchor on, innermost first; adapters are left out. */
  | { readonly kind: "frames"; readonly frames: readonly SeenFrame[] }
  /** The anchor leads nowhere. */
  | { readonly kind: "error"; readonly message: string };

/** One instruction. */
export interface TransitionStep {
  /** Its address. */
  readonly address: bigint;
  /** Mnemonic and operands. */
  readonly text: string;
  /** Name of the function or method that it is of. */
  readonly name: string;
  /** Kind of its code. */
  readonly code: string;
  /** 0 in what calls the stub, 1 in the stub, 2 in native code. */
  readonly depth: 0 | 1 | 2;
  /** The anchor when it has been executed. */
  readonly sp: bigint;
  readonly pc: bigint;
  /** What it does, where that matters; in order. */
  readonly notes: readonly StepNote[];
  /** What another thread finds then. */
  readonly view: AnchorView;
}

/** A call of native code, instruction by instruction. */
export interface Transition {
  /** Machine of the code. */
  readonly machine: Machine;
  /** The method that calls. */
  readonly caller: string;
  /** The native method that is called. */
  readonly native: string;
  /** Number of the thread. */
  readonly thread: number;
  /** Address of the anchor. */
  readonly anchor: bigint;
  /** Instructions, from the call in `caller` to the one behind it. */
  readonly steps: readonly TransitionStep[];
}

/** What notes say. */
export const NOTES: Readonly<Record<StepNote, string>> = {
  "thread": "finds the thread's own storage",
  "store-sp": "stores this frame's stack pointer",
  "store-pc": "stores its PC: the anchor holds",
  "call": "calls",
  "return": "returns",
  "clear-pc": "clears the PC: managed again",
  "test-scan": "looks whether a root scan goes on",
  "go-on": "none does",
  "wait": "one does: the PC is put back until it is over",
};
