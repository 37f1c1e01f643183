/**
 * The exception object, `_Unwind_Exception` (Itanium C++ ABI, level I, 1.2), as it lies in the
 * program's memory. Landing pads get its address and hand it to `_Unwind_Resume`; what a language
 * keeps with it lies around it.
 *
 *     +0   exception_class     which language and vendor made it
 *     +8   exception_cleanup   called by whoever deletes an exception that is not its own
 *     +16  private_1           the unwinder's
 *     +24  private_2           the unwinder's
 *
 * @module
 */
import { type MemoryReader, readWord } from "../walk/mod.ts";

/** Offsets of the fields of `_Unwind_Exception`, and its size, in bytes. */
export const EXCEPTION_OBJECT: {
  readonly exceptionClass: 0n;
  readonly exceptionCleanup: 8n;
  readonly private1: 16n;
  readonly private2: 24n;
  readonly size: 32n;
} = { exceptionClass: 0n, exceptionCleanup: 8n, private1: 16n, private2: 24n, size: 32n };

/** The class of the exception object at `object`, or undefined if it cannot be read. */
export function exceptionClassOf(memory: MemoryReader, object: bigint): bigint | undefined {
  return readWord(memory, object + EXCEPTION_OBJECT.exceptionClass);
}
