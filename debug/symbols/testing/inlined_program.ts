/**
 * A small program with functions that are inlined into others.
 *
 * @module
 */
import { DW_LNS } from "../../../elf/dwarf/constants.ts";
import { DW_AT, DW_FORM, DW_LANG, DW_TAG } from "../../../elf/dwarf/mod.ts";
import { DebugImage, op, plainSequence } from "../../../elf/dwarf/testing/debug_image.ts";
import {
  type AttributeInit,
  die,
  type EntryInit,
  InfoImage,
} from "../../../elf/dwarf/testing/info_image.ts";
import { elfImage, type SectionInit } from "../../../elf/testing/elf_image.ts";

/** `DW_AT_name`. */
export const name = (text: string): AttributeInit => [DW_AT.name, DW_FORM.string, text];
/** `DW_AT_linkage_name`. */
const linkage = (text: string): AttributeInit => [DW_AT.linkageName, DW_FORM.string, text];
/** `DW_AT_abstract_origin`: the entry of a label. */
export const origin = (to: string): AttributeInit => [DW_AT.abstractOrigin, DW_FORM.ref4, { to }];
/** Where code is. */
export const code = (begin: number, size: number): AttributeInit[] => [
  [DW_AT.lowPc, DW_FORM.addr, begin],
  [DW_AT.highPc, DW_FORM.data4, size],
];
/** Where an inlined function was called. */
export const call = (file: number, line: number, column: number): AttributeInit[] => [
  [DW_AT.callFile, DW_FORM.data1, file],
  [DW_AT.callLine, DW_FORM.data2, line],
  [DW_AT.callColumn, DW_FORM.data1, column],
];
/** The one line table. */
export const lines: AttributeInit = [DW_AT.stmtList, DW_FORM.secOffset, 0];

/** Code of four rows at 0x1000, of lines 10 to 13 of `/src/a.c`; file 1 is `/src/h.h`. */
export function lineTable(): DebugImage {
  const image = new DebugImage();
  const files = [["a.c", 0], ["h.h", 0]] as const;
  const program = [op.one(DW_LNS.setFile, 0), ...plainSequence(0x1000, 10, 4)];
  image.table({ directories: ["/src"], files, program });
  return image;
}

/** An ELF file with the sections of some images, and more. */
export function fileOf(
  images: readonly { build(): Map<string, Uint8Array> }[],
  more: readonly SectionInit[] = [],
  suffix = "",
): Uint8Array {
  const sections = images.flatMap((image) => [...image.build()])
    .map(([name, data]) => ({ name: `${name}${suffix}`, flags: 0, data }));
  return elfImage({ sections: [...sections, ...more] });
}

/** A function with another that is inlined into it, which has one inlined, too. */
export const INLINED: readonly EntryInit[] = [
  die(DW_TAG.namespace, [name("space")], [
    die(DW_TAG.classType, [name("Class")], [
      die(
        DW_TAG.subprogram,
        [
          name("method"),
          linkage("_ZN5space5Class6methodEv"),
          [DW_AT.declFile, DW_FORM.data1, 1],
          [DW_AT.declLine, DW_FORM.data1, 7],
        ],
        undefined,
        "method",
      ),
    ]),
  ]),
  die(DW_TAG.subprogram, [[DW_AT.specification, DW_FORM.ref4, { to: "method" }]], [], "abstract"),
  die(DW_TAG.subprogram, [name("helper")], undefined, "helper"),
  die(DW_TAG.subprogram, [name("main"), ...code(0x1000, 16)], [
    die(DW_TAG.lexicalBlock, code(0x1004, 8), [
      die(DW_TAG.inlinedSubroutine, [origin("abstract"), ...code(0x1004, 8), ...call(0, 12, 5)], [
        die(DW_TAG.inlinedSubroutine, [origin("helper"), ...code(0x1008, 4), ...call(1, 77, 0)]),
      ]),
    ]),
  ]),
];

/** The program: `main` from 0x1000 to 0x1010, with the functions of {@linkcode INLINED}. */
export function inlinedProgram(): Uint8Array {
  const info = new InfoImage();
  const language: AttributeInit = [DW_AT.language, DW_FORM.data1, DW_LANG.cPlusPlus14];
  info.unit(die(DW_TAG.compileUnit, [language, lines, ...code(0x1000, 16)], INLINED));
  return fileOf([info, lineTable()]);
}
