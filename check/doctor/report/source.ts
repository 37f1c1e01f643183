/**
 * Source lines of a program's code, for those programs that have any.
 *
 * @module
 */
import { InputError } from "../../../bytes/mod.ts";
import { lineTableOf, type SourceLine } from "../../../elf/dwarf/mod.ts";
import { type ElfFile, loadSegments, PF } from "../../../elf/mod.ts";
import type { CodePlace, StackFrame } from "../finding.ts";

/** Finds the source line of the instruction at an address; undefined if nobody knows it. */
export type SourceFinder = (address: bigint) => SourceLine | undefined;

/** Knows no source lines. */
export const noSource: SourceFinder = () => undefined;

/**
 * Finds source lines in a program's own line tables. What is damaged in them is left out: a
 * diagnosis is worth having without.
 */
export function sourceOf(file: ElfFile): SourceFinder {
  const table = orUndefined(() => lineTableOf(file));
  if (table === undefined) return noSource;
  // Of functions that a linker has left out rows are at 0, where a program may well have gone.
  const code = loadSegments(file).filter(({ flags }) => (flags & PF.execute) !== 0);
  const isCode = (address: bigint): boolean =>
    code.some(({ vaddr, memSize }) => address >= vaddr && address < vaddr + memSize);
  return (address) => isCode(address) ? orUndefined(() => table.at(address)) : undefined;
}

function orUndefined<T>(action: () => T | undefined): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/**
 * Source line of a place. A return address is behind its call, which may be the last instruction of
 * its line, so the byte before it is asked for.
 */
export function sourceAt(source: SourceFinder, place: CodePlace): SourceLine | undefined {
  const isReturn = "interrupted" in place && !(place as StackFrame).interrupted;
  return source(isReturn ? place.address - 1n : place.address);
}

/** `file:line:column`, as compilers and editors write it. */
export function sourceText(line: SourceLine): string {
  const column = line.column === 0 ? "" : `:${line.column}`;
  return line.line === 0 ? line.file : `${line.file}:${line.line}${column}`;
}
