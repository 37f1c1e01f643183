/**
 * What variables need of a stack frame.
 *
 * @module
 */
import type { Entry } from "../../../elf/dwarf/mod.ts";
import type { Machine } from "../../../elf/mod.ts";
import type { MemoryReader } from "../../../unwind/walk/mod.ts";

/**
 * A stack frame whose variables are to be read: one that a call made, be it still on the stack or
 * replaced by a tail call; not an inlined one, which is part of another. Addresses are those of the
 * file that describes the code, before the bias, unless they are said to be in memory.
 */
export interface VariableFrame {
  /** The machine. */
  readonly machine: Machine;
  /** Memory of the program. */
  readonly memory: MemoryReader;
  /** The out-of-line function (`DW_TAG_subprogram`); undefined if nothing describes it. */
  readonly function: Entry | undefined;
  /** The program counter: of a caller, the return address. */
  readonly pc: bigint;
  /**
   * Where scopes and locations are looked up: the program counter of interrupted code, one byte
   * less of a caller.
   */
  readonly lookup: bigint;
  /** Address in memory minus address in the file. */
  readonly bias: bigint;
  /** Canonical frame address in memory; undefined if it is not known. */
  readonly cfa: bigint | undefined;
  /** Value of a general register, by DWARF number; undefined if it was not saved. */
  register(number: number): bigint | undefined;
  /**
   * Bytes of a vector or floating-point register, by DWARF number; undefined if it was not saved.
   */
  vector(number: number): Uint8Array | undefined;
  /** The frame of the caller, a tail-calling function's if there was one; undefined at the end. */
  readonly caller: VariableFrame | undefined;
  /** Address in memory of the module's thread-local storage; undefined if it is not known. */
  readonly threadStorage: bigint | undefined;
}
