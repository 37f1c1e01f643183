/**
 * Reads unwind tables and walks stacks, on x86-64 and AArch64, from bytes alone: no native code, no
 * engine, any JavaScript runtime.
 *
 * ```ts
 * import {
 *   backtrace,
 *   memoryOf,
 *   moduleFromElf,
 *   ModuleList,
 *   parseElf,
 *   RegisterSet,
 * } from "@trapline/trapline/unwind";
 * import {
 *   x86_64,
 * } from "@trapline/trapline/arch"; // for the bytes of a file; any ELF64 file will do
 *
 * const elf = parseElf(x86_64.image.bytes);
 * const pc = elf.symbolNamed("switch_context")!.value;
 * const stack = new Uint8Array(64); // the return address there is 0: nobody called
 * const { frames, end } = backtrace({
 *   registers: RegisterSet.of("x86_64", [[16, pc], [7, 0x7000n]]), // DWARF's rip and rsp
 *   memory: memoryOf([{ start: 0x7000n, bytes: stack }]),
 *   modules: new ModuleList([moduleFromElf(elf, { name: "kernel" })]),
 * });
 * console.log(frames, end); // #0 0x… switch_context+0x0 of kernel, …, "return-address-zero"
 * ```
 *
 * Here is what most programs need, in the order they need it: files, what a walk starts from, the
 * walk, exceptions, tables as text, errors. Everything else is in the rooms, each an export of its
 * own (`./elf`, `./unwind/cfi`, `./unwind/walk`, `./unwind/exception`, `./unwind/dump`). The road
 * from a file to a landing pad leads through them, lowest first, and each tells its part:
 *
 * - `elf/` finds the sections of a file ({@linkcode parseElf}).
 * - `cfi/` reads call frame information, from bytes to a row: a {@linkcode FrameTable} has the
 *   entries, a {@linkcode RowMachine} runs their instructions into {@linkcode UnwindRow}s, an
 *   {@linkcode FdeIndex} finds the entry of an address.
 * - `walk/` applies rows to registers and memory, stack frame by stack frame:
 *   {@linkcode FrameIterator}, {@linkcode backtrace}.
 * - `exception/` makes of the stack frames an exception's way ({@linkcode lsdaOf},
 *   {@linkcode Unwinding}): who takes it, where to land next, with which registers.
 * - `dump/` writes tables as text ({@linkcode frameLines}, {@linkcode lsdaLines}).
 *
 * A program counter is of one of two kinds, and the difference lives in one place,
 * {@linkcode Frame.lookupAddress}: the return address of a call is looked up one byte earlier,
 * inside the call; the instruction a trap interrupted is looked up as it is.
 *
 * Two words have one meaning each here: a {@linkcode Frame} is a stack frame, the activation of a
 * function, and never a page frame; a {@linkcode Module} is loaded code with its tables.
 *
 * Whatever the bytes are, the library ends in bounded time with a result or an
 * {@linkcode InputError}.
 *
 * @module
 */

// Files.
export { ElfError, type ElfFile, type Machine, parseElf } from "../elf/mod.ts";
// What a walk starts from.
export {
  joinMemory,
  memoryOf,
  type MemoryReader,
  type MemoryWindow,
  Module,
  moduleFromElf,
  moduleFromTable,
  ModuleList,
  type ModuleOptions,
  pagedMemory,
  RegisterSet,
} from "./walk/mod.ts";
// The walk.
export {
  type Backtrace,
  backtrace,
  type Certainty,
  type Doubt,
  Frame,
  FrameIterator,
  type FrameKind,
  type WalkEnd,
  type WalkInput,
  type WalkOptions,
} from "./walk/mod.ts";
// Exceptions.
export {
  judge,
  type Landing,
  Lsda,
  lsdaOf,
  type SearchResult,
  type Step,
  type ThrownException,
  Unwinding,
  UnwindingError,
  type UnwindRequest,
  type Verdict,
} from "./exception/mod.ts";
// Tables as text.
export { frameLines, lsdaLines } from "./dump/mod.ts";
// Errors.
export { DecodeError, InputError } from "../bytes/mod.ts";
export { CfiError, ExpressionError, LsdaError, WalkError } from "./errors.ts";
