/**
 * Shadow call stacks: who called whom, as it was seen to happen.
 *
 * @module
 */

import type { RegisterSet } from "../unwind/walk/mod.ts";

/**
 * What a running function stands on: the call or the trap that brought it there, and the state of
 * what it suspended.
 */
export interface Activation {
  /** Whether the code below was suspended by a call of its own, or interrupted. */
  readonly how: "call" | "trap";
  /** Where the suspended code goes on. */
  pc: bigint;
  /** Its stack pointer: the canonical frame address of what runs above. */
  sp: bigint;
  /** Its registers as they were. */
  registers: RegisterSet;
  /** Address of the saved trap frame, once it is complete. */
  trapFrame?: bigint;
  /** The registers in that trap frame when they were last looked at. */
  seen?: RegisterSet;
}

/** One stack of activations, from the code that has no caller to the code that runs. */
export class ShadowStack {
  /** Innermost last. */
  readonly activations: Activation[] = [];
  /** Canonical frame address of the outermost code, if that is defined. */
  rootCfa: bigint | undefined;

  /** A stack with nothing on it but its outermost code. */
  constructor(rootCfa?: bigint) {
    this.rootCfa = rootCfa;
  }

  /** The innermost activation. */
  get top(): Activation | undefined {
    return this.activations.at(-1);
  }

  /** Forgets everything: other code has become the outermost. */
  reset(rootCfa?: bigint): void {
    this.activations.length = 0;
    this.rootCfa = rootCfa;
  }

  /** Suspends what runs. */
  push(activation: Activation): void {
    this.activations.push(activation);
  }

  /** Ends what runs; what it had suspended goes on. */
  pop(): Activation | undefined {
    return this.activations.pop();
  }

  /**
   * Ends everything below a stack pointer: a landing. The function whose stack frame the stack
   * pointer belongs to had called with that stack pointer, so it is the canonical frame address of
   * the first activation that ends.
   */
  landAt(sp: bigint): void {
    while ((this.top?.sp ?? sp + 1n) <= sp) this.activations.pop();
  }
}
