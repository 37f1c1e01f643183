/**
 * Calling conventions as data: for each kind of code on each machine, where parameters come in,
 * where the result goes, where outgoing parameters go, and where a callee's result is.
 *
 * @module
 */
import type { Machine } from "../../../elf/mod.ts";

/** Places of a list of values, the first first. */
export type ListPlace =
  /** In registers, by DWARF numbers. */
  | { readonly in: "registers"; readonly registers: readonly number[] }
  /** In memory: value number i is at the base plus `offset` plus `step` times i. */
  | {
    readonly in: "memory";
    readonly base: PlaceBase;
    readonly offset: number;
    readonly step: number;
  };

/** Place of one value. */
export type ValuePlace =
  /** In a register, by DWARF number. */
  | { readonly in: "register"; readonly register: number }
  /** In memory, where value number `count` of a list would be, if there are `count` before it. */
  | {
    readonly in: "memory";
    readonly base: PlaceBase;
    readonly step: number;
    /** What is counted: the callee's parameters, or the operands before they are taken off. */
    readonly after: "parameters" | "operands";
  };

/**
 * What places in memory are counted from: the function's CFA, its stack pointer, its own operand
 * stack, or a register at entry, by its DWARF number.
 */
export type PlaceBase = "cfa" | "sp" | "operands" | number;

/** How code of a kind is called, and calls. */
export interface CallingConvention {
  /** Its name. */
  readonly name: string;
  /** Where incoming parameters are found at entry. */
  readonly parameters: ListPlace;
  /** Where the result is written, if there is any. */
  readonly result: ValuePlace;
  /** Where outgoing parameters are placed. */
  readonly outgoing: ListPlace;
  /** Where the result of a called function is found. */
  readonly calleeResult: ValuePlace;
}

/** Names of the conventions there are. */
export type ConventionName = "opto" | "jit" | "interpreter" | "native";

/** What conventions need of a machine. */
interface ConventionRegisters {
  /** Of the platform's ABI, the registers of integer parameters. */
  readonly parameters: readonly number[];
  /** Of the platform's ABI, the register of an integer result. */
  readonly result: number;
  /** Address of an interpreted method's first argument. */
  readonly arguments: number;
}

const REGISTERS: Readonly<Record<Machine, ConventionRegisters>> = {
  // rdi, rsi, rdx, rcx, r8, r9; rax; r10.
  x86_64: { parameters: [5, 4, 1, 2, 8, 9], result: 0, arguments: 10 },
  // x0 to x7; x0; x10.
  aarch64: { parameters: [0, 1, 2, 3, 4, 5, 6, 7], result: 0, arguments: 10 },
};

function conventionsOf(machine: Machine): Readonly<Record<ConventionName, CallingConvention>> {
  const { parameters, result, arguments: args } = REGISTERS[machine];
  const inResult = { in: "register", register: result } as const;
  const inRegisters = { in: "registers", registers: parameters } as const;
  return {
    opto: {
      name: "opto",
      parameters: { in: "registers", registers: parameters.slice(0, 6) },
      result: inResult,
      outgoing: { in: "registers", registers: parameters.slice(0, 6) },
      calleeResult: inResult,
    },
    jit: {
      name: "jit",
      // These words are the callee's first locals from then on.
      parameters: { in: "memory", base: "cfa", offset: 0, step: 8 },
      result: inResult,
      outgoing: { in: "memory", base: "sp", offset: 0, step: 8 },
      calleeResult: inResult,
    },
    interpreter: {
      name: "interpreter",
      // On the caller's operand stack, which grows down.
      parameters: { in: "memory", base: args, offset: 0, step: -8 },
      result: { in: "memory", base: args, step: -8, after: "parameters" },
      outgoing: { in: "memory", base: "operands", offset: 0, step: -8 },
      calleeResult: { in: "memory", base: "operands", step: -8, after: "operands" },
    },
    native: {
      name: "native",
      parameters: inRegisters,
      result: inResult,
      outgoing: inRegisters,
      calleeResult: inResult,
    },
  };
}

const CONVENTIONS: Readonly<
  Record<Machine, Readonly<Record<ConventionName, CallingConvention>>>
> = { x86_64: conventionsOf("x86_64"), aarch64: conventionsOf("aarch64") };

/** The calling convention of a name on a machine. */
export function callingConvention(name: ConventionName, machine: Machine): CallingConvention {
  return CONVENTIONS[machine][name];
}
