/**
 * Debug information made to cost a reader more time or memory than its size is worth. Each is
 * well-formed, or malformed in the one place its cost depends on.
 *
 * @module
 */
import { ImageBuilder } from "../../../bytes/testing/image_builder.ts";
import { DW_AT } from "../attributes.ts";
import { DW_FORM, DW_RLE } from "../constants.ts";
import type { DwarfSectionName } from "../sections.ts";
import { DW_TAG } from "../tags.ts";

/** Bytes of each section. */
export type DebugSections = Map<DwarfSectionName, Uint8Array>;

/** An attribute of an abbreviation, with the constant of that form. */
type Attribute = readonly [attribute: number, form: number, constant?: number];

/** An abbreviation: tag, whether it has children, attributes. */
type Declaration = readonly [tag: number, hasChildren: boolean, attributes: readonly Attribute[]];

function abbreviations(declarations: readonly Declaration[]): Uint8Array {
  const image = new ImageBuilder();
  for (const [i, [tag, hasChildren, attributes]] of declarations.entries()) {
    image.uleb(i + 1).uleb(tag).bytes(hasChildren ? 1 : 0);
    for (const [attribute, form, constant] of attributes) {
      image.uleb(attribute).uleb(form);
      if (constant !== undefined) image.sleb(constant);
    }
    image.bytes(0, 0);
  }
  return image.bytes(0).build();
}

const HEADER = 11;

/** A unit of version 4 around bytes. */
function unit(entries: Uint8Array, table = 0): Uint8Array {
  const bytes = new Uint8Array(HEADER + entries.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, HEADER - 4 + entries.length, true);
  view.setUint16(4, 4, true);
  view.setUint32(6, table, true);
  bytes[10] = 8;
  bytes.set(entries, HEADER);
  return bytes;
}

/** Bytes again and again, up to a size; `make` gets the number of the copy and its place. */
function repeated(size: number, make: (i: number, at: number) => readonly number[]): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (let i = 0;; i++) {
    const piece = make(i, at);
    if (at + piece.length > size) return bytes.subarray(0, at);
    bytes.set(piece, at);
    at += piece.length;
  }
}

const u32 = (value: number) => [value, value >>> 8, value >>> 16, value >>> 24].map((b) => b & 255);

/** A root and entries behind it, in one unit. */
function entries(root: readonly number[], size: number, make: (i: number) => readonly number[]) {
  const rest = repeated(size, make);
  const bytes = new Uint8Array(root.length + rest.length + 1);
  bytes.set(root);
  bytes.set(rest, root.length);
  return bytes;
}

const ROOT: Declaration = [DW_TAG.compileUnit, true, []];
const ADDRESS = [0, 16, 0, 0, 0, 0, 0, 0];

/** Makers of sections of about so many bytes, by what is costly about them. */
const MAKERS: Readonly<Record<string, (size: number) => DebugSections>> = {
  "tiny units": (size) =>
    new Map([
      [".debug_info", repeated(size, () => [...unit(Uint8Array.of(1))])],
      [".debug_abbrev", abbreviations([[DW_TAG.compileUnit, false, []]])],
    ]),
  "units of no version": (size) =>
    new Map([[".debug_info", repeated(size, () => [...u32(2), 99, 0])]]),
  "units without an abbreviation": (size) =>
    new Map([
      [".debug_info", repeated(size, () => [...unit(Uint8Array.of(9))])],
      [".debug_abbrev", abbreviations([ROOT])],
    ]),
  "deep nesting": (size) =>
    new Map([
      [".debug_info", unit(entries([1], size, () => [2]))],
      [".debug_abbrev", abbreviations([ROOT, [DW_TAG.lexicalBlock, true, []]])],
    ]),
  "deep blocks with code": (size) =>
    new Map([
      [".debug_info", unit(entries([1, 2, ...ADDRESS, 255], size, () => [3, ...ADDRESS, 255]))],
      [
        ".debug_abbrev",
        abbreviations([
          ROOT,
          ...[DW_TAG.subprogram, DW_TAG.lexicalBlock].map((tag): Declaration => [tag, true, [
            [DW_AT.lowPc, DW_FORM.addr],
            [DW_AT.highPc, DW_FORM.data1],
          ]]),
        ]),
      ],
    ]),
  "closed and opened again": (size) =>
    new Map([
      [".debug_info", unit(entries([1], size, (i) => i % 2 === 0 ? [2] : [0]))],
      [".debug_abbrev", abbreviations([ROOT, [DW_TAG.namespace, true, []]])],
    ]),
  "references in a circle": (size) => {
    const count = Math.floor(size / 5);
    return new Map([
      [
        ".debug_info",
        unit(entries([1], size, (i) => [2, ...u32(HEADER + 1 + 5 * ((i + 1) % count))])),
      ],
      [
        ".debug_abbrev",
        abbreviations([ROOT, [DW_TAG.subprogram, false, [[DW_AT.specification, DW_FORM.ref4]]]]),
      ],
    ]);
  },
  "siblings that go nowhere": (size) =>
    new Map([
      [".debug_info", unit(entries([1], size, (i) => [2, ...u32(i * 7919 % size)]))],
      [
        ".debug_abbrev",
        abbreviations([ROOT, [DW_TAG.namespace, true, [[DW_AT.sibling, DW_FORM.ref4]]]]),
      ],
    ]),
  "units that import each other": (size) => {
    const imports = 20;
    const bytes = HEADER + 1 + 5 * imports + 1;
    return new Map([
      [
        ".debug_info",
        repeated(size, (i) => [
          ...unit(Uint8Array.from([
            1,
            ...Array.from(
              { length: imports },
              (_, k) => [2, ...u32(HEADER + bytes * ((i + k * k) % Math.floor(size / bytes)))],
            ).flat(),
            0,
          ])),
        ]),
      ],
      [
        ".debug_abbrev",
        abbreviations([
          [DW_TAG.partialUnit, true, []],
          [DW_TAG.importedUnit, false, [[DW_AT.import, DW_FORM.refAddr]]],
        ]),
      ],
    ]);
  },
  "an abbreviation of many attributes": (size) =>
    new Map([
      [".debug_info", unit(entries([1], size / 2, () => [2]))],
      [
        ".debug_abbrev",
        abbreviations([
          ROOT,
          [
            DW_TAG.variable,
            false,
            Array.from({ length: size / 6 }, (_, i) => [200 + i % 50, DW_FORM.flagPresent]),
          ],
        ]),
      ],
    ]),
  "entries without bytes for a thousand attributes": (size) =>
    new Map([
      [".debug_info", unit(entries([1], size, () => [2]))],
      [
        ".debug_abbrev",
        abbreviations([
          ROOT,
          [
            DW_TAG.variable,
            false,
            Array.from({ length: 1000 }, (_, i) => [200 + i, DW_FORM.implicitConst, i]),
          ],
        ]),
      ],
    ]),
  "many abbreviations": (size) =>
    new Map([
      [".debug_info", unit(entries([1], size / 2, (i) => [0x80 | i & 127, i >> 7 & 127 | 1]))],
      [
        ".debug_abbrev",
        abbreviations(
          Array.from({ length: size / 20 }, (_, i): Declaration => [
            DW_TAG.variable,
            true,
            [[i % 100, DW_FORM.flagPresent]],
          ]),
        ),
      ],
    ]),
  "a table for each unit, all of them one": (size) => {
    const table = abbreviations(
      Array.from({ length: size / 20 }, (): Declaration => [DW_TAG.compileUnit, false, []]),
    );
    return new Map([
      [".debug_info", repeated(size / 2, (i) => [...unit(Uint8Array.of(1), 5 * i)])],
      [".debug_abbrev", table],
    ]);
  },
  "one range list for all functions": (size) =>
    new Map([
      [".debug_info", unit(entries([1], size / 2, () => [2, 0, 0, 0, 0]))],
      [
        ".debug_abbrev",
        abbreviations([ROOT, [DW_TAG.subprogram, false, [[DW_AT.ranges, DW_FORM.secOffset]]]]),
      ],
      [
        ".debug_ranges",
        repeated(size / 2, (i) => [...u32(i + 1), ...u32(0), ...u32(i + 2), ...u32(0)]),
      ],
    ]),
  "one list of empty ranges for all units": (size) =>
    new Map([
      [".debug_info", repeated(size / 2, () => [...unit(Uint8Array.of(1, 0, 0, 0, 0))])],
      [
        ".debug_abbrev",
        abbreviations([[DW_TAG.compileUnit, false, [[DW_AT.ranges, DW_FORM.secOffset]]]]),
      ],
      [".debug_ranges", repeated(size / 2, () => [...u32(1), ...u32(0), ...u32(1), ...u32(0)])],
    ]),
  "one long name for all": (size) => {
    const text = new Uint8Array(size / 2).fill(0x61);
    text[text.length - 1] = 0;
    return new Map([
      [".debug_info", unit(entries([1], size / 2, (i) => [2, ...u32(i)]))],
      [
        ".debug_abbrev",
        abbreviations([ROOT, [DW_TAG.variable, false, [[DW_AT.name, DW_FORM.strp]]]]),
      ],
      [".debug_str", text],
    ]);
  },
  "one name for all": (size) =>
    new Map([
      [".debug_info", unit(entries([1], size, () => [2, 0x61, 0]))],
      [
        ".debug_abbrev",
        abbreviations([ROOT, [DW_TAG.variable, false, [[DW_AT.name, DW_FORM.string]]]]),
      ],
    ]),
  "forms that name forms": (size) =>
    new Map([
      [
        ".debug_info",
        unit(entries([1], size, (i) => i % 2 === 0 ? [2, DW_FORM.indirect] : [DW_FORM.data1, 0])),
      ],
      [
        ".debug_abbrev",
        abbreviations([ROOT, [DW_TAG.variable, false, [[DW_AT.name, DW_FORM.indirect]]]]),
      ],
    ]),
  "an index of names that claims many": (size) => {
    const names = new ImageBuilder();
    names.u32(size - 4).u16(5).u16(0).u32(1).u32(0).u32(0).u32(1).u32(0xfffffff0).u32(0).u32(0);
    const bytes = new Uint8Array(size);
    bytes.set(names.build());
    return new Map([
      [".debug_info", unit(Uint8Array.of(1))],
      [".debug_abbrev", abbreviations([[DW_TAG.compileUnit, false, []]])],
      [".debug_names", bytes],
    ]);
  },
  "tables of addresses": (size) =>
    new Map([
      [".debug_info", unit(Uint8Array.of(1))],
      [".debug_abbrev", abbreviations([[DW_TAG.compileUnit, false, []]])],
      [
        ".debug_aranges",
        repeated(size, (i) => [
          ...u32(28),
          ...[2, 0],
          ...u32(i % 3),
          ...[8, 0, 0, 0, 0, 0],
          ...u32(i * 16),
          ...[0, 0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0],
        ]),
      ],
    ]),
  "range lists of many small entries": (size) =>
    new Map([
      [".debug_info", unit5(Uint8Array.of(1, ...u32(0)))],
      [
        ".debug_abbrev",
        abbreviations([[DW_TAG.compileUnit, false, [[DW_AT.ranges, DW_FORM.secOffset]]]]),
      ],
      [".debug_rnglists", repeated(size, () => [DW_RLE.offsetPair, 1, 2])],
    ]),
};

/** A unit of version 5 around bytes. */
function unit5(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([...u32(8 + bytes.length), 5, 0, 1, 8, ...u32(0), ...bytes]);
}

/** What can be made. */
export const HOSTILE_INFO: readonly string[] = Object.keys(MAKERS);

/** Sections of about so many bytes that are costly in the way of a name. */
export function hostileInfo(name: string, size: number): DebugSections {
  return MAKERS[name]!(size);
}
