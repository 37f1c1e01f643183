/**
 * Reads unwind tables and walks stacks, on x86-64 and AArch64, from bytes alone: no native code, no engine, any JavaScript runtime.
 *
 * The road from a file to a landing pad, and the file of each step:
 * {@linkcode parseElf} (`elf.ts`) finds the sections; {@linkcode FrameTable} (`frame_table.ts`) reads the entries of `.eh_frame` or
 * `.debug_frame`, and `row_machine.ts` runs their instructions into {@linkcode UnwindRow}s; {@linkcode FdeIndex} finds the entry of an
 * address. {@linkcode FrameIterator} (`frame_iterator.ts`) applies rows to registers and memory, frame by frame; each
 * {@linkcode Frame} knows its {@linkcode Lsda}. {@linkcode Unwinding} (`two_phase.ts`) makes of all that an exception's way: who
 * takes it, where to land next, with which registers.
 *
 * A program counter is of one of two kinds, and the difference lives in one place, {@linkcode Frame.lookupAddress}: the return address of
 * a call is looked up one byte earlier, inside the call; the instruction a trap interrupted is looked up as it is.
 *
 * Whatever the bytes are, the library ends in bounded time with a result or an {@linkcode UnwindError}.
 *
 * @module
 */
export * from "./address.ts";
export * from "./cfi_decoder.ts";
export * from "./cfi_opcodes.ts";
export * from "./cie.ts";
export * from "./cli_frames.ts";
export * from "./cli_lsda.ts";
export type * from "./compiled_rule.ts";
export * from "./cursor.ts";
export * from "./eh_frame_hdr.ts";
export * from "./elf.ts";
export * from "./elf_constants.ts";
export * from "./elf_frames.ts";
export * from "./elf_sparse.ts";
export * from "./elf_symbols.ts";
export * from "./errors.ts";
export * from "./expression.ts";
export * from "./expression_ops.ts";
export * from "./fde.ts";
export * from "./fde_index.ts";
export * from "./frame.ts";
export * from "./frame_iterator.ts";
export * from "./frame_table.ts";
export * from "./lsda.ts";
export * from "./memory.ts";
export * from "./modules.ts";
export * from "./personality.ts";
export * from "./pointer.ts";
export * from "./register_set.ts";
export * from "./registers.ts";
export * from "./row.ts";
export * from "./row_machine.ts";
export * from "./rule_cache.ts";
export * from "./rule_text.ts";
export * from "./trap.ts";
export * from "./two_phase.ts";
export * from "./type_name.ts";
export * from "./walk.ts";
export type * from "./walk_types.ts";
