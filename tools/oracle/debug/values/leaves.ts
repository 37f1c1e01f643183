/**
 * Our values taken apart like gdb's.
 *
 * @module
 */
import {
  type Absence,
  type Field,
  plainType,
  type TextOptions,
  typeName,
  Value,
  valueText,
} from "../../../../debug/values/mod.ts";
import type { GdbLeaf } from "./gdb.ts";

/** Elements of an array that are looked at. */
const ELEMENTS = 40;
/** Deepest nesting that is looked into. */
const DEPTH = 12;

type NameOf = NonNullable<TextOptions["nameOf"]>;

/** A part of one of our values. */
export type OwnLeaf =
  | Exclude<
    GdbLeaf,
    { readonly error: string } | { readonly out: true } | { readonly synthetic: true }
  >
  /** It is not there; `zeros` is what it is with zeros for what is not. */
  | { readonly absence: Absence; readonly zeros?: OwnLeaf };

/** Parts of a value by their paths. */
export function leavesOf(value: Value, nameOf: NameOf = () => undefined): Map<string, OwnLeaf> {
  const found = new Map<string, OwnLeaf>();
  takeApart(value, { path: "", found, depth: 0, nameOf });
  return found;
}

function takeApart(
  value: Value,
  to: {
    readonly path: string;
    readonly found: Map<string, OwnLeaf>;
    readonly depth: number;
    readonly nameOf: NameOf;
  },
): void {
  const { path, found, depth, nameOf } = to;
  const plain = plainType(value.type);
  const isStruct = plain.kind === "struct" || plain.kind === "class" || plain.kind === "union";
  if (isStruct && depth < DEPTH) {
    const fields: readonly Field[] = [...plain.fields, ...value.variant?.fields ?? []];
    let unnamed = 0;
    const discriminant = plain.variantPart?.discriminant;
    const selected = discriminant === undefined ? undefined : value.member(discriminant);
    if (selected !== undefined) {
      const { integer, absence } = selected;
      const path = `${to.path}.#${unnamed++}`;
      found.set(path, absence === undefined ? { number: `${integer}` } : { absence });
    }
    for (const field of fields) {
      const member = value.member(field);
      if (member === undefined) continue;
      const named = field.isBase ? typeName(field.type) : field.name;
      const name = named ?? `#${unnamed++}`;
      takeApart(member, { path: `${path}.${name}`, found, depth: depth + 1, nameOf });
    }
  } else if (plain.kind === "array" && depth < DEPTH) {
    const low = typeof plain.lower === "number" ? plain.lower : 0;
    const count = Math.min(value.length ?? 0, ELEMENTS);
    for (let i = 0; i < count; i++) {
      takeApart(value.element(i), { path: `${path}[${low + i}]`, found, depth: depth + 1, nameOf });
    }
  } else if (value.size !== 0) {
    found.set(path, leaf(value, nameOf));
    const target = value.absence?.state === "synthetic" ? value.target : undefined;
    if (target !== undefined && depth < DEPTH) {
      takeApart(target, { path: `${path}*`, found, depth: depth + 1, nameOf });
    }
  }
}

function leaf(value: Value, nameOf: NameOf): OwnLeaf {
  const { absence, integer } = value;
  if (absence !== undefined) {
    if (absence.state !== "optimized-out" || absence.isUnmentioned !== true) return { absence };
    const { bytes } = value.contents;
    const storage = { address: undefined, read: () => ({ bytes, holes: [] }) };
    return { absence, zeros: leaf(new Value(value.type, storage, value), nameOf) };
  }
  const plain = plainType(value.type);
  if (plain.kind === "base" && plain.encoding === "float" && plain.size >= 4 && plain.size <= 8) {
    return { float: hexOfDouble(value.number ?? NaN) };
  }
  const isNumber = plain.kind !== "member-pointer" && (value.size ?? 0) <= 8;
  if (integer !== undefined && isNumber) return { number: `${integer}` };
  return { text: valueText(value, { nameOf }) };
}

function hexOfDouble(number: number): string {
  if (number !== number) return "nan";
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, number, true);
  return new Uint8Array(view.buffer).toHex();
}
