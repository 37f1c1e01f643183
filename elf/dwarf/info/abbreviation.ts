/**
 * An abbreviation: what entries of one kind are made of (DWARF 5, section 7.5.3), and how to get
 * past their values.
 *
 * @module
 */
import type { Cursor } from "../../../bytes/mod.ts";
import { DW_AT } from "../attributes.ts";
import { DW_FORM } from "../constants.ts";
import { DwarfError } from "../errors.ts";
import { type FormContext, formSize, narrow, unknownForm } from "../form.ts";
import { DW_TAG } from "../tags.ts";

/** Attributes that one declaration may have; real ones have a few dozen. */
const ATTRIBUTE_LIMIT = 1024;

/** Where attributes are looked for that an entry itself does not have. */
const ORIGINS = [DW_AT.abstractOrigin, DW_AT.specification, DW_AT.signature, DW_AT.extension];

/** Attributes that are looked for one by one; of more a map is made. */
const FEW = 24;

/** Tags of blocks, whose code is part of a function's. */
const BLOCKS: ReadonlySet<number> = new Set([
  DW_TAG.lexicalBlock,
  DW_TAG.inlinedSubroutine,
  DW_TAG.tryBlock,
  DW_TAG.catchBlock,
  DW_TAG.withStmt,
]);

/** Tags of what is closed; see {@linkcode KIND}. */
const CLOSED: ReadonlySet<number> = new Set([
  DW_TAG.subprogram,
  DW_TAG.classType,
  DW_TAG.structureType,
  DW_TAG.unionType,
  DW_TAG.interfaceType,
  DW_TAG.enumerationType,
  DW_TAG.subroutineType,
  DW_TAG.arrayType,
  DW_TAG.callSite,
  DW_TAG.gnuCallSite,
]);

/**
 * Kinds of entries, of which scans look for some: all, functions with code, blocks of these; those
 * that have children, and those of them that are closed: below these are no blocks of a function
 * around them, and hardly any functions.
 */
export const KIND = { any: 1, function: 2, block: 4, parent: 8, closed: 16 } as const;

/** One declaration, with what makes reading entries fast. */
export class Abbreviation {
  /** Tag of its entries. */
  readonly tag: number;
  /** Whether entries follow that are children. */
  readonly hasChildren: boolean;
  /** Attributes in order. */
  readonly attributes: readonly number[];
  /** Their forms. */
  readonly forms: readonly number[];
  /** Values that the declaration itself has, by position (`DW_FORM_implicit_const`). */
  readonly constants: ReadonlyMap<number, number | bigint> | undefined;
  /** Bytes of the values of an entry, or −1 if each entry has its own number. */
  readonly size: number;
  /** How to get past the values: numbers of bytes, and `VARIABLE` sizes. */
  readonly steps: readonly number[];
  /** For each attribute how many steps are before it, */
  readonly stepsBefore: readonly number[];
  /** and how many bytes after them. */
  readonly bytesBefore: readonly number[];
  /** Positions of attributes that are asked for most; −1 if there is none. */
  readonly sibling: number;
  /** Of `DW_AT_low_pc`. */
  readonly lowPc: number;
  /** Of `DW_AT_high_pc`. */
  readonly highPc: number;
  /** Of `DW_AT_ranges`. */
  readonly ranges: number;
  /** Whether its entries say where their code is. */
  readonly hasCode: boolean;
  /** What its entries are; see {@linkcode KIND}. */
  readonly kinds: number;
  /** Of what names the entry that this one is an instance or the definition of. */
  readonly origin: number;
  /** Of `DW_AT_name`. */
  readonly name: number;
  /** Of `DW_AT_linkage_name`, or what it was called before. */
  readonly linkageName: number;
  /** Whether its entries are said again where they are defined. */
  readonly isDeclaration: boolean;
  #positions: Map<number, number> | undefined;

  /** Makes a declaration of what has been read. */
  constructor(init: {
    readonly tag: number;
    readonly hasChildren: boolean;
    readonly attributes: readonly number[];
    readonly forms: readonly number[];
    readonly constants: ReadonlyMap<number, number | bigint> | undefined;
    readonly sizes: readonly number[];
  }) {
    this.tag = init.tag;
    this.hasChildren = init.hasChildren;
    this.attributes = init.attributes;
    this.forms = init.forms;
    this.constants = init.constants;
    const steps: number[] = [];
    const stepsBefore: number[] = [];
    const bytesBefore: number[] = [];
    let run = 0;
    let before = 0;
    for (const size of init.sizes) {
      stepsBefore.push(before);
      bytesBefore.push(run);
      if (size >= 0) run += size;
      else {
        if (run > 0) steps.push(run);
        steps.push(size);
        before = steps.length;
        run = 0;
      }
    }
    this.size = steps.length === 0 ? run : -1;
    if (run > 0) steps.push(run);
    this.steps = steps;
    this.stepsBefore = stepsBefore;
    this.bytesBefore = bytesBefore;
    this.sibling = this.attributes.indexOf(DW_AT.sibling);
    this.lowPc = this.attributes.indexOf(DW_AT.lowPc);
    this.highPc = this.attributes.indexOf(DW_AT.highPc);
    this.ranges = this.attributes.indexOf(DW_AT.ranges);
    this.hasCode = this.lowPc >= 0 || this.ranges >= 0;
    this.kinds = KIND.any | (BLOCKS.has(this.tag) ? KIND.block : 0) |
      (this.hasCode && this.tag === DW_TAG.subprogram ? KIND.function : 0) |
      (this.hasChildren ? KIND.parent | (CLOSED.has(this.tag) ? KIND.closed : 0) : 0);
    const origin = ORIGINS.find((each) => this.attributes.includes(each));
    this.origin = origin === undefined ? -1 : this.attributes.indexOf(origin);
    this.name = this.attributes.indexOf(DW_AT.name);
    const linkageName = this.attributes.indexOf(DW_AT.linkageName);
    this.linkageName = linkageName >= 0
      ? linkageName
      : this.attributes.indexOf(DW_AT.mipsLinkageName);
    this.isDeclaration = this.attributes.includes(DW_AT.declaration);
  }

  /** Position of an attribute, of the first if there are several; −1 if there is none. */
  indexOf(attribute: number): number {
    const { attributes } = this;
    if (attributes.length <= FEW) {
      for (let i = 0; i < attributes.length; i++) if (attributes[i] === attribute) return i;
      return -1;
    }
    if (this.#positions === undefined) {
      this.#positions = new Map();
      for (const [i, each] of attributes.entries()) {
        if (!this.#positions.has(each)) this.#positions.set(each, i);
      }
    }
    return this.#positions.get(attribute) ?? -1;
  }
}

/**
 * Reads a declaration whose code has been read, for units of a format.
 *
 * @throws {DwarfError | DecodeError}
 */
export function readDeclaration(cursor: Cursor, unit: FormContext): Abbreviation {
  const start = cursor.at;
  const tag = cursor.uleb();
  const hasChildren = cursor.u8() !== 0;
  const attributes: number[] = [];
  const forms: number[] = [];
  const sizes: number[] = [];
  let constants: Map<number, number | bigint> | undefined;
  for (;;) {
    const attribute = cursor.uleb();
    const form = cursor.uleb();
    if (form === DW_FORM.implicitConst) {
      constants ??= new Map();
      constants.set(attributes.length, narrow(BigInt.asIntN(64, cursor.bigSleb())));
    }
    if (attribute === 0 && form === 0) break;
    const size = formSize(form, unit);
    if (size === undefined) throw unknownForm(cursor, form);
    if (attributes.length >= ATTRIBUTE_LIMIT) {
      const message = `Abbreviation has over ${ATTRIBUTE_LIMIT} attributes, expected fewer`;
      throw new DwarfError("abbreviation", message, { source: cursor.source, offset: start });
    }
    attributes.push(attribute);
    forms.push(form);
    sizes.push(size);
  }
  return new Abbreviation({ tag, hasChildren, attributes, forms, constants, sizes });
}
