/**
 * A unit with types of every kind, variables in all kinds of places, and calls.
 *
 * @module
 */
import { DW_AT, DW_ATE, DW_FORM, DW_TAG } from "../../../elf/dwarf/mod.ts";
import {
  type AttributeInit,
  die,
  type EntryInit,
  InfoImage,
} from "../../../elf/dwarf/testing/info_image.ts";
import { DW_OP } from "../../../unwind/cfi/mod.ts";
import { base, BASES, code, location, name, size, type } from "./value_world.ts";

/** Where the unit's function begins, and its size. */
export const SAMPLE_CODE = { begin: 0x1000, size: 0x100 } as const;

function member(label: string, to: string, at: number): EntryInit {
  return die(DW_TAG.member, [
    name(label),
    type(to),
    [DW_AT.dataMemberLocation, DW_FORM.udata, at],
  ]);
}

function made(tag: number, label: string, attributes: AttributeInit[], children?: EntryInit[]) {
  return die(tag, attributes, children, label);
}

function constant(label: string, value: number): EntryInit {
  return die(DW_TAG.enumerator, [name(label), [DW_AT.constValue, DW_FORM.sdata, value]]);
}

const TYPES: readonly EntryInit[] = [
  base("long double", 16, DW_ATE.float),
  base("complex", 16, DW_ATE.complexFloat),
  base("char32_t", 4, DW_ATE.utf),
  base("u8", 1, DW_ATE.unsigned),
  made(DW_TAG.pointerType, "pointer", [type("int")]),
  made(DW_TAG.pointerType, "string", [type("char")]),
  made(DW_TAG.pointerType, "bytes", [type("byte array")]),
  made(DW_TAG.referenceType, "reference", [type("struct")]),
  made(DW_TAG.constType, "constant", [type("alias")]),
  made(DW_TAG.volatileType, "volatile", [type("pointer")]),
  made(DW_TAG.typedef, "alias", [name("alias"), type("struct")]),
  made(DW_TAG.subroutineType, "function", [type("int")], [
    die(DW_TAG.formalParameter, [type("char")]),
    die(DW_TAG.formalParameter, [type("callback")]),
    die(DW_TAG.unspecifiedParameters, []),
  ]),
  made(DW_TAG.pointerType, "callback", [type("function")]),
  made(DW_TAG.ptrToMemberType, "data member", [
    type("int"),
    [DW_AT.containingType, DW_FORM.ref4, { to: "struct" }],
  ]),
  made(DW_TAG.ptrToMemberType, "method", [
    type("function"),
    [DW_AT.containingType, DW_FORM.ref4, { to: "derived" }],
  ]),
  made(DW_TAG.arrayType, "byte array", [type("u8")], [
    die(DW_TAG.subrangeType, [[DW_AT.count, DW_FORM.data1, 12]]),
  ]),
  made(DW_TAG.arrayType, "grid", [type("int")], [
    die(DW_TAG.subrangeType, [[DW_AT.upperBound, DW_FORM.data1, 1]]),
    die(DW_TAG.subrangeType, [[DW_AT.upperBound, DW_FORM.data1, 2]]),
  ]),
  made(DW_TAG.arrayType, "variable", [type("struct")], [
    die(DW_TAG.subrangeType, [[DW_AT.upperBound, DW_FORM.exprloc, [DW_OP.breg0 + 3, 0]]]),
  ]),
  made(DW_TAG.arrayType, "bound", [type("char")], [
    die(DW_TAG.subrangeType, [[DW_AT.upperBound, DW_FORM.ref4, { to: "length" }]]),
  ]),
  made(DW_TAG.arrayType, "vector", [type("float"), [DW_AT.gnuVector, DW_FORM.flagPresent, []]], [
    die(DW_TAG.subrangeType, [[DW_AT.upperBound, DW_FORM.data1, 3]]),
  ]),
  made(DW_TAG.enumerationType, "flags", [name("flags"), size(4), type("int")], [
    constant("A", 1),
    constant("B", 2),
    constant("C", 8),
  ]),
  made(DW_TAG.structureType, "struct", [name("point"), size(24)], [
    member("x", "int", 0),
    member("next", "pointer", 8),
    die(DW_TAG.member, [
      name("bits"),
      type("int"),
      [DW_AT.bitSize, DW_FORM.data1, 5],
      [DW_AT.dataBitOffset, DW_FORM.data1, 35],
    ]),
    die(DW_TAG.member, [type("union"), [DW_AT.dataMemberLocation, DW_FORM.data1, 16]]),
  ]),
  made(DW_TAG.unionType, "union", [size(8)], [member("i", "long", 0), member("d", "double", 0)]),
  made(DW_TAG.namespace, "space", [name("space")], [
    die(DW_TAG.classType, [name("Derived"), size(40)], [
      die(DW_TAG.inheritance, [
        type("struct"),
        [DW_AT.dataMemberLocation, DW_FORM.exprloc, [
          ...[DW_OP.dup, DW_OP.deref, DW_OP.lit0 + 24, DW_OP.minus, DW_OP.deref, DW_OP.plus],
        ]],
        [DW_AT.virtuality, DW_FORM.data1, 1],
      ]),
      die(DW_TAG.inheritance, [type("union"), [DW_AT.dataMemberLocation, DW_FORM.data1, 8]]),
      member("_vptr.Derived", "pointer", 0),
      member("grid", "grid", 16),
      die(DW_TAG.subprogram, [
        name("area"),
        [DW_AT.vtableElemLocation, DW_FORM.exprloc, [DW_OP.constu, 2]],
      ], []),
    ], "derived"),
  ]),
  made(DW_TAG.structureType, "option", [name("Option"), size(16)], [
    die(DW_TAG.variantPart, [[DW_AT.discr, DW_FORM.ref4, { to: "discriminant" }]], [
      made(DW_TAG.member, "discriminant", [
        type("u8"),
        [DW_AT.dataMemberLocation, DW_FORM.data1, 0],
      ]),
      die(DW_TAG.variant, [[DW_AT.discrValue, DW_FORM.data1, 0]], [member("None", "slice", 0)]),
      die(DW_TAG.variant, [], [member("Some", "struct", 0)]),
    ]),
  ]),
  made(DW_TAG.structureType, "slice", [name("&str"), size(16)], [
    member("data_ptr", "string", 0),
    member("length", "long", 8),
  ]),
  made(DW_TAG.structureType, "declared", [
    name("point"),
    [DW_AT.declaration, DW_FORM.flagPresent, []],
  ]),
];

const PLACES: readonly (readonly number[])[] = [
  [DW_OP.addr, 0, 0x60, 0, 0, 0, 0, 0, 0],
  [DW_OP.fbreg, 0x70],
  [DW_OP.reg0 + 3],
  [DW_OP.breg0 + 3, 8],
  [DW_OP.lit0 + 3, DW_OP.stackValue],
  [DW_OP.implicitValue, 4, 1, 2, 3, 4],
  [DW_OP.reg0, DW_OP.piece, 4, DW_OP.piece, 4, DW_OP.breg0 + 7, 0, DW_OP.piece, 16],
  [DW_OP.entryValue, 1, DW_OP.reg0 + 5, DW_OP.stackValue],
  [DW_OP.gnuPushTlsAddress, 0],
  [DW_OP.callFrameCfa, DW_OP.lit0 + 16, DW_OP.minus, DW_OP.deref],
  [DW_OP.reg0 + 17],
  [DW_OP.implicitPointer, 0x20, 0, 0, 0, 4],
  [],
];

/** The unit in a language, by DWARF's number. */
export function sampleProgram(language: number): InfoImage {
  const variables = TYPES.flatMap(({ label = "" }, i) => {
    const place = PLACES[i % PLACES.length]!;
    return ["space", "discriminant"].includes(label)
      ? []
      : [die(DW_TAG.variable, [name(`v${i}`), type(label), location(...place)])];
  });
  const image = new InfoImage();
  image.unit(
    die(DW_TAG.compileUnit, [[DW_AT.language, DW_FORM.data2, language], ...code(0x1000, 0x1100)], [
      ...BASES,
      ...TYPES,
      made(DW_TAG.subprogram, "callee", [
        name("callee"),
        [DW_AT.external, DW_FORM.flagPresent, []],
        [DW_AT.callAllCalls, DW_FORM.flagPresent, []],
        [DW_AT.frameBase, DW_FORM.exprloc, [DW_OP.callFrameCfa]],
        ...code(SAMPLE_CODE.begin, SAMPLE_CODE.size),
      ], [
        die(DW_TAG.formalParameter, [name("this"), type("pointer"), location(DW_OP.fbreg, 0)]),
        made(DW_TAG.variable, "length", [name("length"), type("int"), location(DW_OP.fbreg, 8)]),
        ...variables,
        die(DW_TAG.lexicalBlock, code(SAMPLE_CODE.begin, 0x80), [
          die(DW_TAG.variable, [name("v"), type("int"), [DW_AT.constValue, DW_FORM.sdata, -1]]),
          die(DW_TAG.inlinedSubroutine, [
            [DW_AT.abstractOrigin, DW_FORM.ref4, { to: "callee" }],
            ...code(SAMPLE_CODE.begin, 0x40),
          ], [die(DW_TAG.variable, [[DW_AT.abstractOrigin, DW_FORM.ref4, { to: "length" }]])]),
        ]),
      ]),
      made(DW_TAG.subprogram, "caller", [name("caller"), ...code(0x2000, 0x100)], [
        die(DW_TAG.callSite, [
          [DW_AT.callReturnPc, DW_FORM.addr, 0x2010],
          [DW_AT.callOrigin, DW_FORM.ref4, { to: "callee" }],
        ], [
          die(DW_TAG.callSiteParameter, [
            location(DW_OP.reg0 + 5),
            [DW_AT.callValue, DW_FORM.exprloc, [DW_OP.breg0 + 3, 2]],
          ]),
        ]),
      ]),
    ]),
  );
  return image;
}
