/**
 * What is known of the code of a module: functions, lines and names by address.
 *
 * @module
 */
import { type Address, type InputError, toBigAddress } from "../../bytes/mod.ts";
import type { Entry } from "../../elf/dwarf/mod.ts";
import type { Module } from "../../unwind/walk/mod.ts";
import type { DebugFiles, ModuleFiles } from "../files/mod.ts";
import { Problems } from "../files/problems.ts";
import { type SourcePlace, type SymbolFrame, Symbols } from "../symbols/mod.ts";
import { functionName } from "./function_name.ts";
import { PltNames } from "./plt_names.ts";

/** A function at a place in the code: the one whose code it is, or one that was inlined there. */
export class PlaceFunction {
  /** What debug information and symbols say of it; undefined if they say nothing. */
  readonly symbol: SymbolFrame | undefined;
  readonly #code: ModuleCode;
  #name: string | undefined | null = null;

  /** A function; `name` only if nothing else tells it. */
  constructor(code: ModuleCode, symbol: SymbolFrame | undefined, name?: string) {
    this.#code = code;
    this.symbol = symbol;
    if (symbol === undefined) this.#name = name;
  }

  /** Its name as gdb shows it. */
  get name(): string | undefined {
    if (this.#name === null) {
      this.#name = this.#code.attempt(() => this.symbol && functionName(this.symbol));
    }
    return this.#name;
  }

  /** Its entry in the debug information. */
  get entry(): Entry | undefined {
    return this.symbol?.entry;
  }

  /** Where in it execution is. */
  get source(): SourcePlace | undefined {
    return this.symbol?.source;
  }

  /** Whether it was inlined into the next one. */
  get isInline(): boolean {
    return this.symbol?.isInline === true;
  }
}

/** The code of one module. What is found is kept, so that deep recursion costs little. */
export class ModuleCode {
  /** The module; undefined for code of none. */
  readonly module: Module | undefined;
  /** Its files, where its file is known. */
  readonly files: ModuleFiles | undefined;
  readonly #symbols: Symbols | undefined;
  readonly #stubs: PltNames | undefined;
  readonly #places: Map<Address, readonly PlaceFunction[]> = new Map();
  readonly #problems = new Problems();

  /** Code of a module, whose debug files are found by `files`. */
  constructor(module: Module | undefined, files: DebugFiles) {
    this.module = module;
    const file = module?.file;
    this.files = file === undefined ? undefined : files.of(file);
    this.#symbols = this.files && new Symbols(this.files, { lines: "line" });
    this.#stubs = file && new PltNames(file);
  }

  /** What was damaged so far, and is left out. */
  get problems(): readonly InputError[] {
    return [...this.#symbols?.problems ?? [], ...this.#problems.all];
  }

  /** Address in memory minus address in the file. */
  get bias(): Address {
    return this.module?.bias ?? 0;
  }

  /** Address in the file of one in memory. */
  fileAddress(address: Address): Address {
    return address - this.bias;
  }

  /** The functions at an address in memory, innermost first; at least one, maybe without a name. */
  at(address: Address): readonly PlaceFunction[] {
    let found = this.#places.get(address);
    if (found === undefined) this.#places.set(address, found = this.#find(address));
    return found;
  }

  /** What an action gives; undefined if what it needs is damaged, which is told of. */
  attempt<T>(action: () => T): T | undefined {
    return this.#problems.attempt(action);
  }

  #find(address: Address): readonly PlaceFunction[] {
    const at = toBigAddress(this.fileAddress(address));
    const found = this.#symbols?.at(at) ?? [];
    const [only] = found;
    // A symbol without an entry may be that of code further in front.
    if (only === undefined || found.length === 1 && only.entry === undefined) {
      const name = this.attempt(() => this.#stubs?.at(at));
      if (name !== undefined) return [new PlaceFunction(this, undefined, name)];
    }
    if (only !== undefined) return found.map((symbol) => new PlaceFunction(this, symbol));
    const name = this.module?.nameOf(toBigAddress(address))?.name;
    return [new PlaceFunction(this, undefined, name)];
  }
}
