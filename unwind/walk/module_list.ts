/**
 * The code that may be on a stack: all modules of a program, and the stubs that stand above trap
 * frames.
 *
 * @module
 */
import { type Address, fromBigAddress } from "../../bytes/mod.ts";
import { CodeRegistry } from "./kinds/code_registry.ts";
import type { Module } from "./module.ts";
import { RuleCache } from "./rule_cache.ts";
import type { TrapStub } from "./trap.ts";

/** The code that may be on a stack. Changing it drops the rules learned so far. */
export class ModuleList {
  /** Rules learned by walks over these modules. */
  readonly rules: RuleCache = new RuleCache();
  /** Code that is not plain native code, and what was published of it. */
  readonly code: CodeRegistry = new CodeRegistry(() => this.#changed());
  #modules: Module[] = [];
  #stubs: TrapStub[] = [];
  #last: Module | undefined;

  /** A list of the modules given. Throws `RangeError` if two overlap. */
  constructor(modules: Iterable<Module> = []) {
    for (const module of modules) this.add(module);
  }

  /** Modules in address order. */
  get modules(): readonly Module[] {
    return this.#modules;
  }

  /**
   * Adds a module: a loaded file, or generated code whose table is registered. Throws `RangeError`
   * if it overlaps another.
   */
  add(module: Module): Module {
    const at = this.#modules.findIndex((each) => each.start > module.start);
    const index = at < 0 ? this.#modules.length : at;
    const before = this.#modules[index - 1];
    const after = this.#modules[index];
    for (const other of [before, after]) {
      if (
        other !== undefined && other.start < module.limit &&
        module.start < other.limit
      ) {
        throw new RangeError(
          `Cannot add module ${module.name}: it overlaps ${other.name}`,
        );
      }
    }
    this.#modules.splice(index, 0, module);
    this.#changed();
    return module;
  }

  /** Removes a module; false if it is not in the list. */
  remove(module: Module): boolean {
    const index = this.#modules.indexOf(module);
    if (index < 0) return false;
    this.#modules.splice(index, 1);
    this.#changed();
    return true;
  }

  /** Adds a range of code that stands above trap frames whose layout a callback describes. */
  addTrapStub(stub: TrapStub): void {
    this.#stubs.push(stub);
    this.#changed();
  }

  /** Whether any trap stub is in the list. */
  get hasTrapStubs(): boolean {
    return this.#stubs.length !== 0;
  }

  /** The trap stub that contains `address`, or undefined. */
  trapStubAt(address: bigint): TrapStub | undefined {
    return this.#stubs.find((each) => address >= each.begin && address < each.end);
  }

  /** The module that contains `address`, or undefined. */
  at(address: bigint): Module | undefined {
    return this.find(fromBigAddress(address));
  }

  /** As {@linkcode ModuleList.at}, for an internal address. */
  find(address: Address): Module | undefined {
    // Generated code may lie in a module's own memory.
    const published = this.code.isEmpty ? undefined : this.code.moduleAt(address);
    if (published !== undefined) return published;
    const last = this.#last;
    if (last !== undefined && address >= last.start && address < last.limit) {
      return last;
    }
    const modules = this.#modules;
    let low = 0;
    let high = modules.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (modules[middle]!.start <= address) low = middle + 1;
      else high = middle;
    }
    const found = modules[low - 1];
    if (found === undefined || address >= found.limit) return undefined;
    return this.#last = found;
  }

  /** Whether some module has executable code at `address`. */
  holdsCode(address: Address): boolean {
    return this.find(address)?.holdsCode(address) === true;
  }

  #changed(): void {
    this.#last = undefined;
    this.rules.clear();
  }
}
