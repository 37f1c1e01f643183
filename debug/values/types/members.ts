/**
 * Members of structures: DWARF 5, sections 5.7.6 to 5.7.10.
 *
 * @module
 */
import { DW_AT, DW_TAG, type Entry } from "../../../elf/dwarf/mod.ts";
import { DW_OP } from "../../../unwind/cfi/mod.ts";
import { lazily } from "./lazily.ts";
import { bitSize, byteSize } from "./size.ts";
import { type Field, type MemberPlace, plainType, type Variant, type VariantPart } from "./type.ts";
import type { TypeSource } from "./type_source.ts";

/** Data members, base classes and static members. */
export function fieldsOf(entry: Entry, reader: TypeSource): Field[] {
  const fields: Field[] = [];
  for (const child of entry.children()) {
    const isMember = child.tag === DW_TAG.member || child.tag === DW_TAG.inheritance ||
      child.tag === DW_TAG.variable;
    if (isMember) fields.push(fieldOf(child, reader));
  }
  // Base classes come first, whatever is said of them first.
  return [...fields.filter((field) => field.isBase), ...fields.filter((field) => !field.isBase)];
}

function fieldOf(entry: Entry, reader: TypeSource): Field {
  const isBase = entry.tag === DW_TAG.inheritance;
  const width = bitSize(entry);
  const field = {
    name: entry.name,
    bitSize: width,
    isBase,
    isArtificial: entry.flag(DW_AT.artificial),
    entry,
  };
  return lazily(field, {
    type: () => reader.typeOf(entry),
    place: () => placeOf(entry, reader),
  });
}

function placeOf(entry: Entry, reader: TypeSource): MemberPlace | undefined {
  const isStatic = entry.tag === DW_TAG.variable ||
    entry.flag(DW_AT.external) && entry.flag(DW_AT.declaration);
  if (isStatic) return undefined;
  const dataBits = entry.number(DW_AT.dataBitOffset);
  if (dataBits !== undefined) return { bits: dataBits };
  const expression = entry.bytes(DW_AT.dataMemberLocation);
  if (expression !== undefined) {
    const constant = constantOffset(expression);
    return constant === undefined ? { expression, entry } : { bits: 8 * constant };
  }
  const bytes = entry.number(DW_AT.dataMemberLocation) ?? 0;
  const bitOffset = signedOffset(entry);
  if (bitOffset === undefined) return { bits: 8 * bytes };
  // The old way counts from the most significant bit of a storage unit.
  const size = byteSize(entry) ?? plainType(reader.typeOf(entry)).size ?? 0;
  const width = bitSize(entry) ?? 0;
  return { bits: 8 * bytes + 8 * size - bitOffset - width };
}

/** The old bit offset: of packed fields that leave their unit Clang writes a negative one unsigned. */
function signedOffset(entry: Entry): number | undefined {
  const offset = entry.big(DW_AT.bitOffset);
  return offset === undefined ? undefined : Number(BigInt.asIntN(64, offset));
}

/** What older compilers wrote for an offset: `DW_OP_plus_uconst` and the number. */
function constantOffset(expression: Uint8Array): number | undefined {
  if (expression[0] !== DW_OP.plusUconst) return undefined;
  let value = 0;
  let scale = 1;
  for (let i = 1; i < expression.length && scale < 2 ** 53; i++) {
    const byte = expression[i]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return i === expression.length - 1 ? value : undefined;
    scale *= 0x80;
  }
  return undefined;
}

/** The alternatives of a structure; undefined if there are none. */
export function variantPartOf(entry: Entry, reader: TypeSource): VariantPart | undefined {
  for (const part of entry.children()) {
    if (part.tag !== DW_TAG.variantPart) continue;
    const discriminant = part.reference(DW_AT.discr);
    const variants = [...part.children()].filter(({ tag }) => tag === DW_TAG.variant);
    return {
      discriminant: discriminant === undefined ? undefined : fieldOf(discriminant, reader),
      variants: variants.map((each) => variantOf(each, reader)),
    };
  }
  return undefined;
}

function variantOf(entry: Entry, reader: TypeSource): Variant {
  const value = entry.big(DW_AT.discrValue);
  const list = entry.bytes(DW_AT.discrList);
  const values = value !== undefined ? [[value, value] as const] : ranges(list);
  return {
    values,
    isDefault: value === undefined && list === undefined,
    fields: fieldsOf(entry, reader),
  };
}

/** Ranges of a discriminant: labels and pairs of LEB128 numbers (table 7.24). */
function ranges(list: Uint8Array | undefined): [bigint, bigint][] {
  const found: [bigint, bigint][] = [];
  let at = 0;
  const leb = (): bigint => {
    let value = 0n;
    for (let shift = 0n; list !== undefined && at < list.length; shift += 7n) {
      const byte = list[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return BigInt.asUintN(64, value);
  };
  while (list !== undefined && at < list.length) {
    const isRange = list[at++] === 1;
    const first = leb();
    found.push([first, isRange ? leb() : first]);
  }
  return found;
}
