/**
 * Reads unwind tables and walks stacks, on x86-64 and AArch64, from bytes alone: no native code, no
 * engine, any JavaScript runtime.
 *
 * The road from a file to a landing pad leads through the rooms, lowest first, and each tells its
 * part:
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
export * from "../bytes/mod.ts";
export * from "../elf/mod.ts";
export * from "./cfi/mod.ts";
export * from "./dump/mod.ts";
export * from "./errors.ts";
export * from "./exception/mod.ts";
export * from "./walk/mod.ts";
