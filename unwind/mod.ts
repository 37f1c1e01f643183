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
export * from "../bytes/address.ts";
export * from "./cfi/decoder.ts";
export * from "./cfi/opcodes.ts";
export * from "./cfi/cie.ts";
export * from "./dump/frames.ts";
export * from "./dump/lsda.ts";
export type * from "./walk/compiled_rule.ts";
export * from "../bytes/cursor.ts";
export * from "./cfi/eh_frame_hdr.ts";
export * from "../elf/elf_file.ts";
export * from "../elf/constants.ts";
export * from "./cfi/elf_tables.ts";
export * from "../elf/sparse.ts";
export * from "../elf/symbols.ts";
export * from "./errors.ts";
export * from "./cfi/expression.ts";
export * from "./cfi/expression_ops.ts";
export * from "./cfi/fde.ts";
export * from "./cfi/fde_index.ts";
export * from "./walk/frame.ts";
export * from "./walk/frame_iterator.ts";
export * from "./cfi/frame_table.ts";
export * from "./exception/lsda.ts";
export * from "./walk/memory.ts";
export * from "./walk/modules.ts";
export * from "./exception/personality.ts";
export * from "./cfi/pointer.ts";
export * from "./walk/register_set.ts";
export * from "./cfi/registers.ts";
export * from "./cfi/row.ts";
export * from "./cfi/row_machine.ts";
export * from "./walk/rule_cache.ts";
export * from "./dump/rule_text.ts";
export * from "./walk/trap.ts";
export * from "./exception/two_phase.ts";
export * from "./exception/type_name.ts";
export * from "./walk/walk.ts";
export type * from "./walk/walk_types.ts";
