/**
 * Functions that have left the stack by a tail call: between a function and the call that is said
 * to be of another one, the jumps that lead from that one to it. As gdb does, only what all ways of
 * jumps have in common is believed, and nothing if some jump leads nobody knows where.
 *
 * @module
 */
import type { Address } from "../../bytes/mod.ts";
import { DW_AT, type Entry } from "../../elf/dwarf/mod.ts";
import type { Module } from "../../unwind/walk/mod.ts";
import { type CallSite, callSitesOf } from "../values/mod.ts";
import type { ModuleCode, PlaceFunction } from "./module_code.ts";
import { functionNamed } from "./symbol_lookup.ts";

/** A function in a module. */
export interface PlacedFunction {
  /** What is known of the module. */
  readonly code: ModuleCode;
  /** The function. */
  readonly entry: Entry;
}

/** A jump from one function to another. */
export interface TailCall extends PlacedFunction {
  /** Address in memory behind the jump. */
  readonly pc: Address;
}

/** A place in a function, and the code it is in. */
export interface Placed {
  /** What is known of the module. */
  readonly code: ModuleCode;
  /** The place. */
  readonly place: PlaceFunction;
}

/** Where functions are looked for. */
export interface CodeSource {
  /** All modules. */
  readonly modules: {
    find(address: Address): Module | undefined;
    readonly modules: readonly Module[];
  };
  /** What is known of the code of one. */
  codeOf(module: Module | undefined): ModuleCode;
}

/** Most jumps that are followed to find out what leads where, and most one behind the other. */
const MOST_STEPS = 10_000;
const LONGEST_WAY = 256;

/** Most jumps that are followed for all stacks of a process, and most names that are looked for. */
const ALL_STEPS = 50_000;
const MOST_NAMES = 1000;

/** A jump with its place, so that the same one is the same object. */
interface Jump extends PlacedFunction {
  readonly site: CallSite;
}

/** What all ways have in common: jumps from the caller on, and jumps up to the callee. */
interface Common {
  readonly fromCaller: readonly Jump[];
  readonly toCallee: readonly Jump[];
}

/** Thrown where a jump leads nobody knows where. */
class Unknown extends Error {}

/** Finds tail calls. Keep it: what it has found serves all stacks of a process. */
export class TailCalls {
  readonly #source: CodeSource;
  readonly #jumps: Map<Entry, readonly Jump[]> = new Map();
  readonly #functions: Map<Address, PlacedFunction | undefined> = new Map();
  readonly #found: Map<PlaceFunction, Map<Address, readonly TailCall[]>> = new Map();
  readonly #symbols: Map<ModuleCode, Map<string, Address | undefined>> = new Map();
  #steps = 0;
  #names = 0;

  /** Finds them in the modules of that source. */
  constructor(source: CodeSource) {
    this.#source = source;
  }

  /**
   * The functions that have left between a callee and its caller, which the callee returns to at an
   * address in memory; the one next to the callee first.
   */
  between(callee: Placed, caller: Placed, pc: Address): readonly TailCall[] {
    let known = this.#found.get(callee.place);
    if (known === undefined) this.#found.set(callee.place, known = new Map());
    let found = known.get(pc);
    if (found === undefined) {
      found = caller.code.attempt(() => this.#find(callee, caller, pc)) ?? [];
      known.set(pc, found);
    }
    return found;
  }

  #find(callee: Placed, { code, place: { entry } }: Placed, pc: Address): readonly TailCall[] {
    const { entry: called, symbol } = callee.place;
    const start = called === undefined ? symbol?.symbol?.start : startOf(called);
    if (start === undefined || entry === undefined) return [];
    const site = callSitesOf(entry).at(code.fileAddress(pc));
    if (site === undefined || isDirect(site, callee.place)) return [];
    try {
      const common = new Ways(this, start + callee.code.bias).common({ code, entry, site });
      if (common === undefined) return [];
      const { fromCaller, toCallee } = common;
      // If there is one way only, both are the same.
      const outer = fromCaller === toCallee ? [] : fromCaller;
      return [...toCallee.toReversed(), ...outer.toReversed()].map((jump) => ({
        code: jump.code,
        entry: jump.entry,
        pc: jump.site.returnPc! + jump.code.bias,
      }));
    } catch (error) {
      if (error instanceof Unknown) return [];
      throw error;
    }
  }

  /** Counts a jump that is followed. Throws `Unknown` if there were too many in all. */
  step(): void {
    if (++this.#steps > ALL_STEPS) unknown();
  }

  /** First instruction of what a call or jump is of. Throws `Unknown`. */
  targetOf({ code, site }: Jump): Address {
    const { origin } = site;
    if (origin === undefined) return unknown();
    if (origin.flag(DW_AT.declaration)) {
      return this.#symbol(origin.linkageName ?? origin.name ?? "", code) ?? unknown();
    }
    // An instance that is only described has no code to go to.
    return (startOf(origin) ?? unknown()) + code.bias;
  }

  /** Jumps out of the function that begins at an address. Throws `Unknown`. */
  jumpsFrom(start: Address): readonly Jump[] {
    const found = this.#functionAt(start) ?? unknown();
    let jumps = this.#jumps.get(found.entry);
    if (jumps === undefined) this.#jumps.set(found.entry, jumps = jumpsOf(found));
    return jumps;
  }

  /** The function that a symbol of any module is of; undefined if nothing describes it. */
  functionNamed(symbol: string): Entry | undefined {
    for (const module of this.#source.modules.modules) {
      const start = this.#symbolIn(this.#source.codeOf(module), symbol);
      const found = start === undefined ? undefined : this.#functionAt(start);
      if (found !== undefined) return found.entry;
    }
    return undefined;
  }

  /** The same entry for the same function. */
  #functionAt(start: Address): PlacedFunction | undefined {
    if (this.#functions.has(start)) return this.#functions.get(start);
    const code = this.#source.codeOf(this.#source.modules.find(start));
    const at = code.fileAddress(start);
    const entry = code.files?.info?.functionAt(at);
    const found = entry === undefined || startOf(entry) !== at ? undefined : { code, entry };
    this.#functions.set(start, found);
    return found;
  }

  /** Address of a function of any module by its symbol, of the module of the call first. */
  #symbol(name: string, first: ModuleCode): Address | undefined {
    const { modules } = this.#source.modules;
    if (this.#symbols.get(first)?.has(name) !== true && ++this.#names > MOST_NAMES) unknown();
    for (const module of [first.module, ...modules]) {
      const address = this.#symbolIn(this.#source.codeOf(module), name);
      if (address !== undefined) return address;
    }
    return undefined;
  }

  #symbolIn(code: ModuleCode, name: string): Address | undefined {
    let known = this.#symbols.get(code);
    if (known === undefined) this.#symbols.set(code, known = new Map());
    if (!known.has(name)) known.set(name, code.attempt(() => addressIn(code, name)));
    const address = known.get(name);
    return address === undefined ? undefined : address + code.bias;
  }
}

/** Whether a call of another unit's function is of this one, by its name: most are. */
function isDirect({ origin }: CallSite, { entry, symbol }: PlaceFunction): boolean {
  if (origin === undefined || !origin.flag(DW_AT.declaration)) return false;
  const name = origin.linkageName ?? origin.name;
  return name !== undefined &&
    (name === (entry?.linkageName ?? entry?.name) || name === symbol?.symbol?.name);
}

function addressIn({ files }: ModuleCode, name: string): Address | undefined {
  for (const file of files?.symbolFiles ?? []) {
    const address = functionNamed(file, name);
    if (address !== undefined) return address;
  }
  return undefined;
}

function unknown(): never {
  throw new Unknown();
}

/** Address in the file of a function's first instruction. */
export function startOf(entry: Entry): Address | undefined {
  return entry.lowPc ?? entry.ranges()[0]?.begin;
}

/**
 * Jumps out of a function. Where the compiler does not say that it has described all of them they
 * are not followed.
 */
function jumpsOf({ code, entry }: PlacedFunction): readonly Jump[] {
  return callSitesOf(entry).jumps
    .filter(({ returnPc }) => returnPc !== undefined)
    .map((site) => ({ code, entry, site }));
}

/** Goes all ways from a call to a function. */
class Ways {
  readonly #calls: TailCalls;
  readonly #callee: Address;
  readonly #way: Jump[] = [];
  #common: Common | undefined;
  #isUnclear = false;
  #steps = 0;

  constructor(calls: TailCalls, callee: Address) {
    this.#calls = calls;
    this.#callee = callee;
  }

  /** What the ways have in common; undefined if there are none, or they have nothing. */
  common(call: Jump): Common | undefined {
    this.#follow(call);
    return this.#isUnclear ? undefined : this.#common;
  }

  #follow(from: Jump): void {
    this.#calls.step();
    if (++this.#steps > MOST_STEPS || this.#way.length > LONGEST_WAY) unknown();
    const target = this.#calls.targetOf(from);
    if (target === this.#callee) return this.#arrive();
    for (const jump of this.#calls.jumpsFrom(target)) {
      if (this.#isUnclear) return;
      if (this.#way.includes(jump)) continue;
      this.#way.push(jump);
      this.#follow(jump);
      this.#way.pop();
    }
  }

  #arrive(): void {
    const way = [...this.#way];
    if (this.#common === undefined) {
      this.#common = { fromCaller: way, toCallee: way };
      return;
    }
    const fromCaller = beginning(this.#common.fromCaller, way);
    const toCallee = beginning(this.#common.toCallee.toReversed(), way.toReversed()).toReversed();
    this.#common = { fromCaller, toCallee };
    this.#isUnclear = fromCaller.length === 0 && toCallee.length === 0;
  }
}

/** What two lists begin with. */
function beginning(one: readonly Jump[], other: readonly Jump[]): Jump[] {
  const different = one.findIndex((jump, i) => jump !== other[i]);
  return one.slice(0, different < 0 ? one.length : different);
}
