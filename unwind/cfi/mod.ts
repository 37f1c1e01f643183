/**
 * Call frame information: from bytes to a row. A {@linkcode FrameTable} reads the entries of an
 * `.eh_frame` or `.debug_frame` section, {@linkcode Cie}s and {@linkcode Fde}s; an
 * {@linkcode FdeIndex} finds the entry of an address, through `.eh_frame_hdr` where that serves. A
 * {@linkcode RowMachine} runs an entry's instructions and gives its {@linkcode UnwindRow}s: for a
 * range of code, where the canonical frame address is and where each register of the caller is.
 * Where a row names a DWARF expression, {@linkcode evaluateExpression} evaluates it. Nothing here
 * knows of a stack.
 *
 * ```ts
 * import {
 *   x86_64,
 * } from "@trapline/trapline/arch"; // for the bytes of a file; any ELF64 file will do
 * import { parseElf } from "@trapline/trapline/elf";
 * import { cfaText, frameTablesOf } from "@trapline/trapline/unwind/cfi";
 *
 * for (const table of frameTablesOf(parseElf(x86_64.image.bytes))) {
 *   for (const fde of table.fdes()) {
 *     // 0x…, "rsp+8"
 *     for (const row of table.rows(fde)) console.log(row.start, cfaText("x86_64", row));
 *   }
 * }
 * ```
 *
 * @module
 */
export * from "../../bytes/mod.ts";
export {
  CfiError,
  type CfiErrorKind,
  ExpressionError,
  type ExpressionErrorKind,
} from "../errors.ts";
export * from "./cie.ts";
export * from "./decoder.ts";
export * from "./eh_frame_hdr.ts";
export * from "./elf_tables.ts";
export * from "./expression/evaluate.ts";
export * from "./expression/machine.ts";
export * from "./expression/operators.ts";
export * from "./fde.ts";
export * from "./fde_index.ts";
export * from "./frame_table.ts";
export * from "./opcodes.ts";
export * from "./pointer.ts";
export * from "./registers.ts";
export * from "./row.ts";
export * from "./row_machine.ts";
export * from "./rule_text.ts";
export type * from "./section.ts";
