/**
 * A program of the VM: classes and methods, verified.
 *
 * @module
 */

/** Type of a local or an operand. Every value is a 64-bit word. */
export type ValueType = "int" | "ref";

/** What a method returns. */
export type ResultType = "void" | ValueType;

/** What a method is to run as; `auto` goes from one to the next as it gets hot. */
export type WantedKind = "auto" | "interpreter" | "jit" | "optimized";

/** All of them, by number. */
export const WANTED_KINDS: readonly WantedKind[] = ["auto", "interpreter", "jit", "optimized"];

/** What a method may have of everything. */
export const LIMITS = {
  /** Parameters. */
  params: 6,
  /** Locals, parameters included. */
  locals: 16,
  /** Operands. */
  operands: 16,
  /** Bytes of code. */
  code: 32_767,
  /** Methods, classes, fields of each type. */
  methods: 65_535,
  classes: 255,
  fields: 16,
} as const;

/** A handler's class that takes every exception but forced unwinding. */
export const ANY_CLASS = 0xffff;
/** A handler's class that takes every exception, and forced unwinding. */
export const FINALLY_CLASS = 0xfffe;

/** Classes that every program has, in this order. */
export const BUILT_IN_CLASSES = {
  /** Thrown where a field of null is meant. */
  nullPointer: 0,
  /** Thrown where the stack has no room left. */
  stackOverflow: 1,
  /** Thrown by `cancel`: only `finally` takes it. */
  cancelled: 2,
} as const;

/** A class of objects: so many references, then so many ints. */
export interface ClassType {
  /** Its number. */
  readonly index: number;
  /** Its name. */
  readonly name: string;
  /** Number of references. */
  readonly refs: number;
  /** Number of ints. */
  readonly ints: number;
}

/** A parameter. */
export interface Param {
  /** Its name. */
  readonly name: string;
  /** Its type. */
  readonly type: ValueType;
}

/** What is known before a bytecode is executed. Bit i of a mask is local or operand number i. */
export interface Position {
  /** Offset of the bytecode. */
  readonly bci: number;
  /** Number of operands. */
  readonly depth: number;
  /**
   * Operands that are consumed while something is called: parameters of the callee; of bytecodes
   * that may enter the VM's runtime, what they take. 0 for the others.
   */
  readonly pops: number;
  /** Locals that hold a reference on every way here. */
  readonly refs: number;
  /** Locals that hold an int on every way here. */
  readonly ints: number;
  /** Locals that are read later, on some way. */
  readonly live: number;
  /** Operands that are references. */
  readonly stackRefs: number;
}

/** A part of a method whose exceptions are taken. The innermost comes first. */
export interface Handler {
  /** First bytecode. */
  readonly from: number;
  /** The bytecode after the last. */
  readonly to: number;
  /** Where the method goes on, with the exception as its only operand. */
  readonly target: number;
  /** Class of the exception, {@linkcode ANY_CLASS} or {@linkcode FINALLY_CLASS}. */
  readonly class: number;
}

/** A method. */
export interface Method {
  /** Its number. */
  readonly id: number;
  /** Its name. */
  readonly name: string;
  /** Its parameters: the first locals. */
  readonly params: readonly Param[];
  /** Names of all locals. */
  readonly locals: readonly string[];
  /** What it returns. */
  readonly result: ResultType;
  /** What it is to run as. */
  readonly wanted: WantedKind;
  /** Number of the native function that it is, if it is one: it has no code then. */
  readonly native: number | undefined;
  /** Most operands it has at a time. */
  readonly maxStack: number;
  /** Its code. */
  readonly code: Uint8Array;
  /** One for each bytecode, in order. */
  readonly positions: readonly Position[];
  /** Its handlers. */
  readonly handlers: readonly Handler[];
}

/** A program. */
export interface VmProgram {
  /** Its classes by number. */
  readonly classes: readonly ClassType[];
  /** Its methods by number. */
  readonly methods: readonly Method[];
  /** Number of the method that is run. */
  readonly main: number;
}
