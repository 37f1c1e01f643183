/**
 * Arrays: DWARF 5, section 5.5.
 *
 * @module
 */
import { DW_AT, DW_TAG, type Entry } from "../../../elf/dwarf/mod.ts";
import { languageOf } from "./language.ts";
import { lazily } from "./lazily.ts";
import { type ArrayType, type Bound, plainType, type Type } from "./type.ts";
import type { TypeSource } from "./type_source.ts";

/** Reads an array type: one type for each dimension, the outermost given. */
export function arrayType(entry: Entry, reader: TypeSource): Type {
  const dimensions = [...entry.children()].filter(({ tag }) =>
    tag === DW_TAG.subrangeType || tag === DW_TAG.genericSubrange
  );
  const element = () => reader.typeOf(entry);
  if (dimensions.length === 0) return dimension(entry, undefined, element);
  const build = (i: number): Type =>
    dimension(
      entry,
      dimensions[i],
      i === dimensions.length - 1 ? element : () => build(i + 1),
    );
  return build(0);
}

function dimension(entry: Entry, range: Entry | undefined, element: () => Type): ArrayType {
  const bound = (attribute: number) => range === undefined ? undefined : boundOf(range, attribute);
  const lower = bound(DW_AT.lowerBound) ?? 0;
  const extent = range?.has(DW_AT.count) === true
    ? { count: bound(DW_AT.count) }
    : { upper: bound(DW_AT.upperBound) };
  const type = {
    kind: "array" as const,
    name: entry.name,
    language: languageOf(entry.unit),
    entry,
    lower,
    extent,
    isVector: entry.flag(DW_AT.gnuVector),
  };
  const later: ArrayType = lazily(type, {
    element,
    size: (): number | undefined => arraySize(later),
  });
  return later;
}

/** Size of all elements in bytes; undefined if it depends on a frame or is not known. */
export function arraySize(type: Omit<ArrayType, "size">): number | undefined {
  const count = elementCount(type);
  const { size } = plainType(type.element);
  return count === undefined || size === undefined ? undefined : count * size;
}

/** A bound, however it is said. */
function boundOf(range: Entry, attribute: number): Bound {
  if (!range.has(attribute)) return undefined;
  const expression = range.bytes(attribute);
  if (expression !== undefined) return { expression, entry: range };
  const variable = range.reference(attribute);
  if (variable !== undefined) return { variable };
  // Unsigned ones of 64 bits stand for negative ones: of no elements the last index is −1.
  const value = range.big(attribute);
  return value === undefined ? undefined : Number(BigInt.asIntN(64, value));
}

/** The bound that says where an array ends: the number of its elements, or the last index. */
export function extentBound({ extent }: Pick<ArrayType, "extent">): Bound {
  return "count" in extent ? extent.count : extent.upper;
}

/** Number of elements, if it does not depend on a frame; undefined if it does or is not known. */
export function elementCount({ lower, extent }: Pick<ArrayType, "lower" | "extent">):
  | number
  | undefined {
  if ("count" in extent) {
    return typeof extent.count === "number" ? Math.max(0, extent.count) : undefined;
  }
  if (typeof lower !== "number" || typeof extent.upper !== "number") return undefined;
  return Math.max(0, extent.upper - lower + 1);
}
