/**
 * From addresses to functions and source lines.
 *
 * @module
 */
import { type Address, fromBigAddress, type InputError } from "../../bytes/mod.ts";
import {
  DW_AT,
  DW_TAG,
  type Entry,
  type FileNames,
  type LinePlace,
  type LineUnit,
  type Unit,
} from "../../elf/dwarf/mod.ts";
import type { ModuleFiles } from "../files/mod.ts";
import { Problems } from "../files/problems.ts";
import { type FrameContext, type SourcePlace, SymbolFrame } from "./symbol_frame.ts";
import { type FunctionSymbol, SymbolIndex } from "./symbol_index.ts";

/**
 * Which row of the line table tells where an address is from: the last `row` that begins at or
 * before it, as `addr2line` and `llvm-symbolizer` have it, or the row of a `line`, as gdb has it
 * (`LineUnit.lineAt`).
 */
export type LineRule = "row" | "line";

/** How symbols are looked for. */
export interface SymbolsOptions {
  /** Which row tells the line; default `row`. */
  readonly lines?: LineRule;
}

/**
 * Functions and lines of one program or library. Addresses are those of its file, before it is
 * moved to where it is loaded.
 */
export class Symbols implements FrameContext {
  readonly #files: ModuleFiles;
  readonly #problems = new Problems();
  /** Null for units without a line table. */
  readonly #lineUnits: Map<Unit, LineUnit | null> = new Map();
  readonly #rule: LineRule;
  #symbols: SymbolIndex | undefined;

  /** Symbols out of a module's files. Nothing is read before it is asked for. */
  constructor(files: ModuleFiles, { lines = "row" }: SymbolsOptions = {}) {
    this.#files = files;
    this.#rule = lines;
  }

  /** What has been found damaged so far, and is left out. */
  get problems(): readonly InputError[] {
    const { info, lines } = this.#files;
    const found = [this.#files.problems, info?.problems, lines?.problems, this.#problems.all];
    return found.flatMap((each) => each ?? []);
  }

  /**
   * The functions that an address is in, innermost first: those that were inlined there, then the
   * one whose code it is. One without a name if only the source line is known; none if nothing is.
   * What is damaged is left out.
   */
  at(address: bigint): readonly SymbolFrame[] {
    const wanted = fromBigAddress(address);
    const unit = this.attempt(() => this.#files.info?.unitAt(wanted));
    const scopes = unit === undefined ? [] : this.attempt(() => unit.full.scopesAt(wanted)) ?? [];
    const source = this.#sourceAt(wanted, unit);
    const frames: SymbolFrame[] = [];
    let place = source;
    for (let i = scopes.length - 1; i >= 0; i--) {
      const entry = scopes[i]!;
      if (i > 0 && entry.tag !== DW_TAG.inlinedSubroutine) continue;
      frames.push(new SymbolFrame(this, { address: wanted, entry, source: place }));
      place = i > 0 ? this.#callOf(entry) : undefined;
    }
    if (frames.length > 0) return frames;
    if (source === undefined && this.symbolAt(wanted) === undefined) return [];
    return [new SymbolFrame(this, { address: wanted, entry: undefined, source })];
  }

  /** Code of a source line, by address; see `LineTable.places`. */
  places(file: string, line: number): readonly LinePlace[] {
    return this.attempt(() => this.#files.lines?.places(file, line)) ?? [];
  }

  /** The ELF symbol of a function that covers an address. */
  symbolAt(address: Address): FunctionSymbol | undefined {
    return this.attempt(() => {
      this.#symbols ??= new SymbolIndex(this.#files.symbolFiles);
      return this.#symbols.at(address);
    });
  }

  /** Names of a file by its number in the line table of an entry's unit. */
  fileOf(entry: Entry, number: number): FileNames | undefined {
    return this.attempt(() => this.#linesOf(entry.unit)?.fileNamed(number));
  }

  /** Where the row of the line table says that an address is from. */
  #sourceAt(address: Address, unit: Unit | undefined): SourcePlace | undefined {
    return this.attempt(() => {
      const lines = unit === undefined ? undefined : this.#linesOf(unit);
      const row = (this.#rule === "line" ? lines?.lineAt(address) : undefined) ??
        lines?.rowAt(address);
      if (row === undefined) return this.#files.lines?.at(BigInt(address));
      const { path, file } = lines!.fileNamed(row.file);
      return { path, file, line: row.line, column: row.column };
    });
  }

  /** Where an inlined function was called. */
  #callOf(entry: Entry): SourcePlace | undefined {
    return this.attempt(() => {
      const number = entry.number(DW_AT.callFile);
      const names = number === undefined ? undefined : this.#linesOf(entry.unit)?.fileNamed(number);
      if (names === undefined) return undefined;
      const line = entry.number(DW_AT.callLine) ?? 0;
      const column = entry.number(DW_AT.callColumn) ?? 0;
      return { path: names.path, file: names.file, line, column };
    });
  }

  #linesOf(unit: Unit): LineUnit | undefined {
    const known = this.#lineUnits.get(unit);
    if (known !== undefined) return known ?? undefined;
    const lines = unit.lineOffset === undefined
      ? undefined
      : this.#files.linesOf(unit.lineSections).unitOf(unit);
    this.#lineUnits.set(unit, lines ?? null);
    return lines;
  }

  /** What an action gives; undefined if what it reads is damaged, which is kept to be told of. */
  readonly attempt = <T>(action: () => T): T | undefined => this.#problems.attempt(action);
}
