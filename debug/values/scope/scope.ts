/**
 * Parameters and local variables of a function, or of an inlined call of one, that are in scope at
 * a place.
 *
 * @module
 */
import { type Address, fromBigAddress } from "../../../bytes/mod.ts";
import { DW_AT, DW_TAG, type Entry } from "../../../elf/dwarf/mod.ts";
import { ValueContext } from "../frame/value_context.ts";
import type { VariableFrame } from "../frame/variable_frame.ts";
import { EntryMap } from "../types/entry_map.ts";
import type { Type } from "../types/type.ts";
import type { TypeSource } from "../types/type_source.ts";
import { DescribedVariable } from "../value/described.ts";
import { describedValue, type Value } from "../value/value.ts";

/** A parameter or local variable. */
export class Variable {
  /** Its name. */
  readonly name: string;
  readonly #described: DescribedVariable;
  readonly #context: ValueContext;
  #value: Value | undefined;

  /** A variable of a frame. */
  constructor({ name, described }: NamedVariable, context: ValueContext) {
    this.name = name;
    this.#described = described;
    this.#context = context;
  }

  /** The entry that describes it. */
  get entry(): Entry {
    return this.#described.entry;
  }

  /** Whether it is a parameter. */
  get isParameter(): boolean {
    return this.entry.tag === DW_TAG.formalParameter;
  }

  /** Whether the compiler made it, such as `this`. */
  get isArtificial(): boolean {
    return this.entry.inherited(DW_AT.artificial)?.flag(DW_AT.artificial) === true;
  }

  /** Its type as it is declared. Throws `InputError` if its description is damaged. */
  get declaredType(): Type {
    return this.#described.type;
  }

  /** Its type, with the bounds that arrays have in this frame. */
  get type(): Type {
    return this.value.type;
  }

  /** Its value, which is read when it is asked for. */
  get value(): Value {
    return this.#value ??= describedValue(this.#described, this.#context.in(this.entry));
  }
}

/** A variable in whatever frame. */
export interface NamedVariable {
  /** Its name. */
  readonly name: string;
  /** What is said of it. */
  readonly described: DescribedVariable;
}

/** What is in scope at a place, in whatever frame. */
interface ScopePlan {
  readonly parameters: readonly NamedVariable[];
  /** Innermost first. */
  readonly blocks: readonly {
    readonly entry: Entry;
    readonly variables: readonly NamedVariable[];
  }[];
}

/** Variables of one block. */
export interface Block {
  /** The block, or the function. */
  readonly entry: Entry;
  /** Its variables in the order of the source. */
  readonly variables: readonly Variable[];
}

/** What is in scope. */
export interface Scope {
  /** The function or inlined call. */
  readonly entry: Entry;
  /** Parameters in order. */
  readonly parameters: readonly Variable[];
  /** Blocks that hold the place and have variables, the innermost first. */
  readonly blocks: readonly Block[];
}

/** Where variables are looked for. */
export interface ScopeOptions {
  /** The frame. */
  readonly frame: VariableFrame;
  /** The function (`DW_TAG_subprogram`) or inlined call (`DW_TAG_inlined_subroutine`). */
  readonly scope: Entry;
  /** Reads types; one for all frames of a program. */
  readonly types: TypeSource;
}

/** Deepest nesting of blocks that is followed. */
const DEPTH = 256;

/**
 * The variables of a function or inlined call that are in scope in a frame. Throws `InputError` if
 * the debugging information is damaged there.
 */
export function variablesOf({ frame, scope, types }: ScopeOptions): Scope {
  const context = new ValueContext(frame, scope.unit, { types });
  const { parameters, blocks } = planOf(scope, types, fromBigAddress(frame.lookup));
  const inFrame = (each: NamedVariable) => new Variable(each, context);
  return {
    entry: scope,
    parameters: parameters.map(inFrame),
    blocks: blocks.map(({ entry, variables }) => ({ entry, variables: variables.map(inFrame) })),
  };
}

/** Plans that have been read, of each program: recursion asks for the same ones. */
const PLANS: WeakMap<TypeSource, EntryMap<Map<Address, ScopePlan>>> = new WeakMap();

function planOf(scope: Entry, types: TypeSource, pc: Address): ScopePlan {
  let entries = PLANS.get(types);
  if (entries === undefined) PLANS.set(types, entries = new EntryMap());
  const plans = entries.get(scope, () => new Map());
  let plan = plans.get(pc);
  if (plan === undefined) {
    const reader = new ScopeReader(types, pc);
    reader.block(scope, 0);
    plan = { parameters: reader.parameters, blocks: reader.blocks.reverse() };
    plans.set(pc, plan);
  }
  return plan;
}

class ScopeReader {
  readonly parameters: NamedVariable[] = [];
  /** Outermost first. */
  readonly blocks: { readonly entry: Entry; readonly variables: readonly NamedVariable[] }[] = [];
  readonly #types: TypeSource;
  readonly #pc: Address;

  constructor(types: TypeSource, pc: Address) {
    this.#types = types;
    this.#pc = pc;
  }

  /** Reads a block, and the one in it that holds the place. */
  block(entry: Entry, depth: number): void {
    const variables: NamedVariable[] = [];
    const inner = this.#collect(entry, { variables, depth });
    if (variables.length > 0) this.blocks.push({ entry, variables });
    if (inner !== undefined && depth < DEPTH) this.block(inner, depth + 1);
  }

  /** Variables among an entry's children; gives the block in it that holds the place. */
  #collect(
    entry: Entry,
    to: { readonly variables: NamedVariable[]; readonly depth: number },
  ): Entry | undefined {
    let inner: Entry | undefined;
    const origin = entry.reference(DW_AT.abstractOrigin);
    const mentioned = origin === undefined ? NOTHING : mentionedIn(entry, origin);
    for (const child of entry.children()) inner = this.#child(child, to) ?? inner;
    // What an instance does not mention of what it is an instance of is in scope nevertheless.
    if (origin !== undefined) {
      for (const child of origin.children()) {
        if (!mentioned.has(child.offset)) inner = this.#child(child, to) ?? inner;
      }
    }
    return inner;
  }

  #child(
    child: Entry,
    to: { readonly variables: NamedVariable[]; readonly depth: number },
  ): Entry | undefined {
    switch (child.tag) {
      case DW_TAG.formalParameter:
        this.#add(child, this.parameters);
        return undefined;
      case DW_TAG.gnuFormalParameterPack:
        for (const each of child.children()) this.#child(each, to);
        return undefined;
      case DW_TAG.variable:
        this.#add(child, to.variables);
        return undefined;
      case DW_TAG.lexicalBlock:
      case DW_TAG.tryBlock:
      case DW_TAG.catchBlock:
      case DW_TAG.withStmt:
        if (child.has(DW_AT.lowPc) || child.has(DW_AT.ranges)) {
          return child.contains(this.#pc) ? child : undefined;
        }
        // A block without code is one with what is around it.
        return to.depth < DEPTH ? this.#collect(child, { ...to, depth: to.depth + 1 }) : undefined;
    }
    return undefined;
  }

  #add(entry: Entry, to: NamedVariable[]): void {
    const { name } = entry;
    if (name === undefined) return;
    const types = this.#types;
    const described = new DescribedVariable(definition(entry, types), types, this.#pc);
    to.push({ name, described });
  }
}

const NOTHING: ReadonlySet<number> = new Set();

/** Offsets of an origin's children that an instance has children for. */
function mentionedIn(instance: Entry, origin: Entry): ReadonlySet<number> {
  const offsets = new Set<number>();
  const counterparts = origin.children()[Symbol.iterator]();
  for (const child of instance.children()) {
    if (child.tag === DW_TAG.callSite || child.tag === DW_TAG.gnuCallSite) continue;
    const own = child.reference(DW_AT.abstractOrigin);
    const { value: counterpart } = counterparts.next();
    if (own !== undefined) offsets.add(own.offset);
    // LLVM does not say what its blocks are instances of, but has them at the same place.
    else if (child.tag === DW_TAG.lexicalBlock && counterpart?.tag === DW_TAG.lexicalBlock) {
      offsets.add(counterpart.offset);
    }
  }
  return offsets;
}

/** The definition of a variable that a block only declares. */
function definition(entry: Entry, types: TypeSource): Entry {
  if (!entry.flag(DW_AT.declaration) || entry.has(DW_AT.location)) return entry;
  for (const each of types.named(entry.name ?? "")) {
    if (each.tag === DW_TAG.variable && each.has(DW_AT.location)) return each;
  }
  return entry;
}
