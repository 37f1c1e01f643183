/**
 * What instructions do with the stack pointer, and what calls agree on, for tools that follow a
 * program's stacks.
 *
 * @module
 */

/** Some words of memory, by the register that leads there. */
export interface BasedWords {
  /** Name of the base register; that of the stack pointer is as {@linkcode CallConvention} says. */
  readonly base: string;
  /** Bytes from the base to the first word. */
  readonly offset: number;
  /** Names of the registers that are stored or loaded, one a word. */
  readonly registers: readonly string[];
}

/** Where an instruction takes a new stack pointer from. */
export type StackSource =
  | {
    /** A register, to which a constant is added. */
    readonly kind: "register";
    /** Its name. */
    readonly register: string;
    /** What is added. */
    readonly offset: number;
  }
  | {
    /** A word of memory. */
    readonly kind: "memory";
    /** Name of the register that leads there. */
    readonly base: string;
    /** Bytes from there. */
    readonly offset: number;
  }
  | {
    /** The stack pointer itself, by an amount that is not in the instruction. */
    readonly kind: "relative";
  }
  | {
    /** Anything else. */
    readonly kind: "unknown";
  };

/** What an instruction does with the stack pointer, and where it leads. */
export interface StackUse {
  /** Bytes it takes. */
  readonly size: number;
  /**
   * Where it leads: `call`s and `return`s as {@linkcode Flow} has them; a `jump` to elsewhere, a
   * `branch` to elsewhere or on, a `trap` into the kernel, else `next`.
   */
  readonly flow: "call" | "return" | "jump" | "branch" | "trap" | "next";
  /** Of a call or jump whose target is in the instruction: bytes from its first one to there. */
  readonly target: number | undefined;
  /**
   * Bytes by which it moves the stack pointer, what calls push and returns pop included;
   * `undefined` if it gets another value.
   */
  readonly moves: number | undefined;
  /** Where that comes from. */
  readonly source: StackSource | undefined;
  /** A copy of the stack pointer that it makes: the register's name, and what is added. */
  readonly copy: { readonly register: string; readonly offset: number } | undefined;
  /** Whole registers that it stores. */
  readonly stores: BasedWords | undefined;
  /** Whole registers that it loads. */
  readonly loads: BasedWords | undefined;
  /**
   * A register that it gives the value of another, something added or masked; one that is popped
   * comes from no register.
   */
  readonly moved: { readonly to: string; readonly from: string | undefined } | undefined;
  /** Of a return that takes its address from a register: that register. */
  readonly link: string | undefined;
}

/** What the procedure call standard of an architecture says. */
export interface CallConvention {
  /** Names of the registers that hold a function's first arguments. */
  readonly arguments: readonly string[];
  /** Name of the register that holds its result. */
  readonly result: string;
  /** Name of the stack pointer, as code and debuggers spell it. */
  readonly stackPointer: string;
  /** Name of the frame pointer. */
  readonly framePointer: string;
  /** Name of the register in which a call leaves the return address; `undefined` if it pushes it. */
  readonly link: string | undefined;
  /** Bytes a call pushes. */
  readonly pushed: number;
}

/** An instruction that leaves the stack pointer alone and goes on. */
export const PLAIN: Omit<StackUse, "size"> = {
  flow: "next",
  target: undefined,
  moves: 0,
  source: undefined,
  copy: undefined,
  stores: undefined,
  loads: undefined,
  moved: undefined,
  link: undefined,
};
