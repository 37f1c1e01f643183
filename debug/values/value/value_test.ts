import { assertEquals } from "@std/assert";
import { DW_AT, DW_ATE, DW_FORM, DW_LANG, DW_TAG } from "../../../elf/dwarf/mod.ts";
import { type AttributeInit, die, type EntryInit } from "../../../elf/dwarf/testing/info_image.ts";
import { DW_OP } from "../../../unwind/cfi/mod.ts";
import {
  base,
  type FrameInit,
  frameOf,
  location,
  name,
  size,
  type,
  ValueWorld,
} from "../testing/value_world.ts";
import { valueJson } from "../text/json.ts";
import { type TextOptions, valueText } from "../text/text.ts";
import { typeName } from "../types/type_name.ts";
import { type Value, variableValue } from "./value.ts";

const ADDRESS = 0x6000;

/** A variable at the address, of a type by its label. */
function variable(to: string, ...attributes: readonly AttributeInit[]): EntryInit {
  const here = attributes.length > 0
    ? attributes
    : [location(DW_OP.addr, 0, 0x60, 0, 0, 0, 0, 0, 0)];
  return die(DW_TAG.variable, [name("v"), type(to), ...here], [], "v");
}

function member(
  label: string,
  to: string,
  at: number,
  ...more: readonly AttributeInit[]
): EntryInit {
  return die(DW_TAG.member, [
    name(label),
    type(to),
    [DW_AT.dataMemberLocation, DW_FORM.data1, at],
    ...more,
  ]);
}

function struct(
  label: string,
  bytes: number,
  members: readonly EntryInit[],
  tag: number = DW_TAG.structureType,
): EntryInit {
  return die(tag, [name(label), size(bytes)], members, label);
}

function pointer(label: string, to: string, tag: number = DW_TAG.pointerType): EntryInit {
  return die(tag, [type(to)], [], label);
}

function array(
  label: string,
  to: string,
  ...dimensions: readonly (readonly AttributeInit[])[]
): EntryInit {
  return die(
    DW_TAG.arrayType,
    [type(to)],
    dimensions.map((each) => die(DW_TAG.subrangeType, each)),
    label,
  );
}

function upper(bound: number): AttributeInit[] {
  return [[DW_AT.upperBound, DW_FORM.data1, bound]];
}

interface Made {
  readonly types?: readonly EntryInit[];
  readonly language?: number;
  readonly variable?: readonly AttributeInit[];
  readonly memory?: readonly number[];
  readonly frame?: FrameInit;
}

function valueOf(to: string, made: Made = {}): Value {
  const world = new ValueWorld(
    [...made.types ?? [], variable(to, ...made.variable ?? [])],
    made.language,
  );
  const memory = { [ADDRESS]: made.memory ?? [], ...made.frame?.memory };
  const frame = frameOf({ ...made.frame, memory });
  return variableValue(world.at("v"), world.context(frame));
}

/** Type and value as text. */
function shown(to: string, made: Made = {}, options?: TextOptions): string {
  const value = valueOf(to, made);
  return `${typeName(value.type)}: ${valueText(value, options)}`;
}

const text = (content: string) => [...new TextEncoder().encode(content)];

Deno.test("valueText, base types", () => {
  const memory = [0x41, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
  assertEquals(shown("int", { memory }), "int: -191");
  assertEquals(shown("long", { memory }), "long: 9223372036854775617");
  assertEquals(shown("char", { memory }), "char: 65 'A'");
  assertEquals(shown("unsigned char", { memory: [200] }), "unsigned char: 200 '\\310'");
  assertEquals(shown("bool", { memory: [1] }), "bool: true");
  assertEquals(shown("bool", { memory: [2] }), "bool: 2");
  assertEquals(shown("float", { memory: [0xc3, 0xf5, 0x48, 0x40] }), "float: 3.1400001");
  assertEquals(
    shown("double", { memory: [0, 0, 0, 0, 0, 0, 0xf0, 0x7f] }),
    "double: inf",
  );
  const types = [
    base("complex", 8, DW_ATE.complexFloat),
    base("char32_t", 4, DW_ATE.utf),
    base("long double", 16, DW_ATE.float),
    base("huge", 16, DW_ATE.signed),
  ];
  const complex = [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0];
  assertEquals(shown("complex", { types, memory: complex }), "complex: 1 + -2i");
  const smile = [0, 0xf6, 1, 0];
  assertEquals(shown("char32_t", { types, memory: smile }), "char32_t: 128512 U'\u{1f600}'");
  const none = [0xea, 0x9c, 0x11, 0x24];
  assertEquals(
    shown("char32_t", { types, memory: none }),
    "char32_t: 605134058 U'\\352\\234\\021\\044'",
  );
  // GCC's complex integers, whose sign it does not tell: no number is better than a wrong one.
  const strange = [base("strange", 8, 0x80)];
  assertEquals(
    shown("strange", { types: strange, memory }),
    "strange: <error: Base type has the unknown encoding 128>",
  );
  // A third, as x87 has it; and what AArch64 has in as many bytes.
  const third = [...new Array(8).fill(0xaa), 0xfd, 0x3f, 0, 0, 0, 0, 0, 0];
  third[0] = 0xab;
  const same = { types, memory: third };
  assertEquals(shown("long double", same), "long double: 0.333333333333333333342");
  const quadruple = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f];
  assertEquals(
    shown("long double", { types, memory: quadruple, frame: { machine: "aarch64" } }),
    "long double: 1.5",
  );
  const huge = [...new Array(15).fill(0), 0x80];
  assertEquals(shown("huge", { types, memory: huge }), `huge: ${-(2n ** 127n)}`);
});

Deno.test("typeName, vectors that compilers for AArch64 name", () => {
  const named = die(
    DW_TAG.arrayType,
    [name("__Int8x2_t"), type("unsigned char"), [DW_AT.gnuVector, DW_FORM.flagPresent, []]],
    [die(DW_TAG.subrangeType, upper(1))],
    "named",
  );
  assertEquals(shown("named", { types: [named], memory: text("ab") }), "__Int8x2_t: {97, 98}");
  assertEquals(
    shown("pointer", { types: [named, pointer("pointer", "named")], memory: new Array(8).fill(0) }),
    "__Int8x2_t *: 0x0",
  );
});

Deno.test("valueText and valueJson, decimal numbers", () => {
  const types = [4, 8, 16, 2].map((size) => base(`d${size}`, size, DW_ATE.decimalFloat));
  const cases: readonly (readonly [type: string, bytes: string, text: string])[] = [
    ["d4", "00008032", "0"],
    ["d4", "000080b2", "-0"],
    ["d4", "0f000032", "1.5"],
    ["d4", "010000b1", "-0.001"],
    ["d4", "7f96f877", "9.999999E+96"],
    ["d4", "01000000", "1E-101"],
    ["d4", "0100802e", "1E-8"],
    ["d4", "0a00002f", "0.0000010"],
    ["d4", "01008037", "1E+10"],
    // More digits than the format has are none.
    ["d4", "ffffff77", "0E+90"],
    ["d4", "00000078", "Infinity"],
    ["d4", "000000f8", "-Infinity"],
    ["d4", "0000007c", "NaN"],
    ["d4", "2a0000fe", "-sNaN42"],
    ["d8", "6400000000008031", "1.00"],
    ["d8", "ffffc06ff286fb77", "9.999999999999999E+384"],
    ["d16", "0f000000000000000000000000003e30", "1.5"],
    ["d16", "ffffffff638e8d37c087adbe09ed41b0", `-${"9".repeat(34)}`],
    ["d2", "0000", "<invalid float value>"],
  ];
  for (const [type, bytes, text] of cases) {
    const memory = [...Uint8Array.fromHex(bytes)];
    assertEquals(shown(type, { types, memory }), `${type}: ${text}`);
  }
  const memory = [...Uint8Array.fromHex("6400000000008031")];
  assertEquals(valueJson(valueOf("d8", { types, memory })), { type: "d8", value: "1.00" });
});

Deno.test("valueText, structures, bit fields both ways, unions", () => {
  const types = [
    struct("point", 8, [member("x", "int", 0), member("y", "int", 4)]),
    struct("bits", 4, [
      member("new", "int", 0, [DW_AT.bitSize, DW_FORM.data1, 3]),
      die(DW_TAG.member, [
        name("next"),
        type("int"),
        [DW_AT.bitSize, DW_FORM.data1, 5],
        [DW_AT.dataBitOffset, DW_FORM.data1, 3],
      ]),
      // Counted from the top of four bytes: bits 8 to 11.
      member("old", "int", 0, [DW_AT.byteSize, DW_FORM.data1, 4], [
        DW_AT.bitSize,
        DW_FORM.data1,
        4,
      ], [DW_AT.bitOffset, DW_FORM.data1, 20]),
      // Packed, bits 29 to 34: Clang's -3 in 64 bits.
      member("far", "int", 0, [DW_AT.byteSize, DW_FORM.data1, 4], [
        DW_AT.bitSize,
        DW_FORM.data1,
        6,
      ], [DW_AT.bitOffset, DW_FORM.data8, 2n ** 64n - 3n]),
    ]),
    struct("either", 4, [member("i", "int", 0), member("f", "float", 0)], DW_TAG.unionType),
    struct("empty", 1, []),
  ];
  const memory = [0xa9, 0x07, 0, 0, 0xfe, 0xff, 0xff, 0xff];
  assertEquals(shown("point", { types, memory }), "struct point: {x = 1961, y = -2}");
  assertEquals(
    shown("bits", { types, memory }),
    "struct bits: {new = 1, next = -11, old = 7, far = -16}",
  );
  assertEquals(
    shown("either", { types, memory: [0, 0, 0x80, 0x3f] }),
    "union either: {i = 1065353216, f = 1}",
  );
  assertEquals(shown("empty", { types, memory }), "struct empty: {<No data fields>}");
});

Deno.test("valueText, arrays and strings within gdb's limits", () => {
  const types = [
    array("line", "int", upper(2)),
    array("grid", "unsigned char", upper(1), upper(2)),
    array("name", "char", upper(15)),
    array("long name", "char", upper(255)),
    array("many", "long", upper(255)),
    array("open", "int", []),
    pointer("string", "char"),
  ];
  const ints = [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0];
  assertEquals(shown("line", { types, memory: ints }), "int [3]: {1, 2, 3}");
  assertEquals(
    shown("grid", { types, memory: text("abcdef") }),
    'unsigned char [2][3]: {"abc", "def"}',
  );
  // In a vector, bytes are numbers.
  const vector = die(
    DW_TAG.arrayType,
    [type("unsigned char"), [DW_AT.gnuVector, DW_FORM.flagPresent, []]],
    [die(DW_TAG.subrangeType, upper(1))],
    "vector",
  );
  assertEquals(
    shown("vector", { types: [vector], memory: text("ab") }),
    "unsigned char __attribute__ ((vector_size(2))): {97, 98}",
  );
  const name = [...text('a"b\n'), ...new Array(12).fill(0)];
  assertEquals(
    shown("name", { types, memory: name }),
    `char [16]: "a\\"b\\n", '\\000' <repeats 11 times>`,
  );
  const long = new Array(256).fill(0x61);
  assertEquals(
    shown("long name", { types, memory: long }),
    "char [256]: 'a' <repeats 256 times>",
  );
  const many = new Array(2048).fill(0);
  assertEquals(shown("many", { types, memory: many }), "long [256]: {0 <repeats 256 times>}");
  assertEquals(shown("open", { types, memory: ints }), "int []: {}");
  const frame = { memory: { 0x7000: text("hello\0") } };
  const at = (low: number) => [low, 0x70, 0, 0, 0, 0, 0, 0];
  assertEquals(shown("string", { types, memory: at(0), frame }), 'char *: 0x7000 "hello"');
  assertEquals(
    shown("string", { types, memory: at(0), frame }, { elements: 2 }),
    'char *: 0x7000 "he"...',
  );
  const lost = "<error: Cannot access memory at address 0x7080>";
  assertEquals(shown("string", { types, memory: at(0x80), frame }), `char *: 0x7080 ${lost}`);
  assertEquals(shown("string", { types, memory: new Array(8).fill(0), frame }), "char *: 0x0");
});

Deno.test("Value, arrays whose length is in the frame", () => {
  const bound: AttributeInit = [DW_AT.upperBound, DW_FORM.exprloc, [DW_OP.breg0 + 3, 0x7f]];
  const types = [array("variable", "int", [bound]), pointer("to", "variable")];
  const memory = [5, 0, 0, 0, 6, 0, 0, 0];
  const frame = { registers: { 3: 2n } };
  const value = valueOf("variable", { types, memory, frame });
  assertEquals([value.length, value.size, valueText(value)], [2, 8, "{5, 6}"]);
  assertEquals(shown("to", { types, memory, frame }), "int (*)[variable length]: 0x600000005");
  const unknown = valueOf("variable", { types, memory });
  assertEquals([valueText(unknown), unknown.absence?.state], ["<not saved>", "unavailable"]);
});

Deno.test("Value, pieces in registers, in memory and nowhere", () => {
  const types = [
    struct("three", 12, [member("a", "int", 0), member("b", "int", 4), member("c", "int", 8)]),
  ];
  const made = (c: readonly number[]): Made => ({
    types,
    variable: [location(
      ...[DW_OP.reg0 + 3, DW_OP.piece, 4, DW_OP.piece, 4],
      ...c,
    )],
    frame: { registers: { 3: 7n } },
  });
  const from = (...c: number[]) => shown("three", made(c));
  const begin = "struct three: {a = 7, b = <optimized out>, c = ";
  assertEquals(from(DW_OP.lit0 + 9, DW_OP.stackValue, DW_OP.piece, 4), `${begin}9}`);
  assertEquals(from(DW_OP.reg0 + 4, DW_OP.piece, 4), `${begin}<not saved>}`);
  assertEquals(from(DW_OP.lit0, DW_OP.piece, 4), `${begin}<error: Cannot read 0x0>}`);
  assertEquals(from(), `${begin}<optimized out>}`);
  assertEquals(valueJson(valueOf("three", made([DW_OP.reg0 + 4, DW_OP.piece, 4]))), {
    type: "struct three",
    members: [
      { name: "a", value: { type: "int", value: 7 } },
      { name: "b", value: { type: "int", state: "optimized-out" } },
      {
        name: "c",
        value: {
          type: "int",
          state: "unavailable",
          reason: "Register rsi was not saved",
        },
      },
    ],
  });
  const outer = struct("outer", 16, [member("in", "three", 0), member("d", "int", 12)]);
  const half = [DW_OP.piece, 12, DW_OP.lit0 + 9, DW_OP.stackValue, DW_OP.piece, 4];
  const lost = "<optimized out>";
  assertEquals(
    shown("outer", { types: [...types, outer], variable: [location(...half)] }),
    `struct outer: {in = {a = ${lost}, b = ${lost}, c = ${lost}}, d = 9}`,
  );
  const all = { types, variable: [location(DW_OP.piece, 12)] };
  assertEquals(shown("three", all), "struct three: <optimized out>");
  assertEquals(
    shown("int", { variable: [location(0xff)] }).startsWith("int: <error: Operator"),
    true,
  );
});

Deno.test("Value, pieces of bits, from the middle of registers into the middle of bytes", () => {
  const piece = (register: number, bits: number, offset: number) => [
    ...[DW_OP.reg0 + register, DW_OP.bitPiece, bits, offset],
  ];
  const value = (...pieces: readonly number[][]) =>
    shown("int", {
      variable: [location(...pieces.flat())],
      frame: { registers: { 3: 0b1011_0110n, 4: 0x1234_5678n } },
    });
  // 011 out of the first register, below 13 bits and 16 bits of the second.
  assertEquals(
    value(piece(3, 3, 4), piece(4, 13, 8), piece(4, 16, 0)),
    `int: ${0b011 | (0x123456 & 0x1fff) << 3 | 0x5678 << 16}`,
  );
  assertEquals(value(piece(3, 8, 0), piece(4, 24, 4)), `int: ${0xb6 | 0x234567 << 8}`);
});

Deno.test("Value.target, what is pointed to, also if it is nowhere", () => {
  const types = [
    pointer("pointer", "int"),
    pointer("reference", "int", DW_TAG.referenceType),
    die(
      DW_TAG.variable,
      [name("gone"), type("int"), [DW_AT.constValue, DW_FORM.sdata, -7]],
      [],
      "gone",
    ),
  ];
  const memory = [0, 0x70, 0, 0, 0, 0, 0, 0];
  const frame = { memory: { 0x7000: [9, 0, 0, 0] } };
  const target = valueOf("pointer", { types, memory, frame }).target;
  assertEquals([target?.address, target?.integer], [0x7000n, 9n]);
  assertEquals(shown("reference", { types, memory, frame }), "int &: @0x7000: 9");
  assertEquals(
    shown("reference", { types, memory, frame }, { references: false }),
    "int &: @0x7000",
  );
  const world = new ValueWorld([...types, variable("pointer")]);
  const { offset } = world.at("gone");
  const implicit = location(DW_OP.implicitPointer, offset & 255, offset >> 8, 0, 0, 0);
  const value = valueOf("pointer", { types, variable: [implicit] });
  assertEquals([valueText(value), value.target?.integer], ["<synthetic pointer>", -7n]);
  // A part of what is nowhere.
  const pair = die(
    DW_TAG.variable,
    [name("pair"), type("long"), [DW_AT.constValue, DW_FORM.block1, [1, 0, 0, 0, 9, 0, 0, 0]]],
    [],
    "pair",
  );
  const { offset: at } = new ValueWorld([pair, ...types, variable("pointer")]).at("pair");
  const second = location(DW_OP.implicitPointer, at & 255, at >> 8, 0, 0, 4);
  const part = valueOf("pointer", { types: [pair, ...types], variable: [second] });
  assertEquals(part.target?.integer, 9n);
});

Deno.test("valueText, enumerations and their flags", () => {
  const constants = (...all: readonly (readonly [string, number])[]) =>
    all.map(([label, value]) =>
      die(DW_TAG.enumerator, [name(label), [DW_AT.constValue, DW_FORM.sdata, value]])
    );
  const enumeration = (label: string, all: readonly EntryInit[], ...more: AttributeInit[]) =>
    die(DW_TAG.enumerationType, [name(label), size(1), ...more], all, label);
  const types = [
    enumeration("color", constants(["RED", 0], ["BLUE", 5])),
    enumeration("flags", constants(["A", 1], ["B", 2], ["C", 8])),
    enumeration("sign", constants(["MINUS", -1], ["PLUS", 1])),
    enumeration("Scoped", constants(["One", 1]), [DW_AT.enumClass, DW_FORM.flagPresent, []]),
  ];
  const of = (to: string, value: number, language?: number) =>
    shown(to, { types, memory: [value], ...language && { language } });
  assertEquals(of("color", 5), "enum color: BLUE");
  assertEquals(of("color", 6), "enum color: 6");
  assertEquals(of("flags", 11), "enum flags: (A | B | C)");
  assertEquals(of("flags", 5), "enum flags: (A | unknown: 0x4)");
  assertEquals(of("flags", 0), "enum flags: 0");
  assertEquals(of("sign", 255), "enum sign: MINUS");
  assertEquals(of("Scoped", 1, DW_LANG.cPlusPlus14), "Scoped: Scoped::One");
});

Deno.test("Value, virtual bases, static members and tables of C++", () => {
  const table: AttributeInit = [DW_AT.artificial, DW_FORM.flagPresent, []];
  const inherits = (to: string, ...place: readonly AttributeInit[]) =>
    die(DW_TAG.inheritance, [type(to), ...place]);
  const types = [
    pointer("table", "int"),
    die(DW_TAG.namespace, [name("n")], [
      struct("Base", 4, [member("b", "int", 0)]),
      struct("Derived", 16, [
        // The word before what the first word points to is the offset of the base class.
        inherits("Base", [DW_AT.dataMemberLocation, DW_FORM.exprloc, [
          ...[DW_OP.dup, DW_OP.deref, DW_OP.lit0 + 8, DW_OP.minus, DW_OP.deref, DW_OP.plus],
        ]]),
        member("_vptr.Derived", "table", 0, table),
        die(
          DW_TAG.member,
          [
            name("shared"),
            type("int"),
            [DW_AT.external, DW_FORM.flagPresent, []],
            [DW_AT.declaration, DW_FORM.flagPresent, []],
          ],
          [],
          "shared",
        ),
      ]),
    ]),
    die(DW_TAG.variable, [
      [DW_AT.specification, DW_FORM.ref4, { to: "shared" }],
      location(DW_OP.addr, 0, 0x80, 0, 0, 0, 0, 0, 0),
    ]),
  ];
  const memory = [8, 0x70, 0, 0, 0, 0, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0];
  const frame = { memory: { 0x7000: [8, 0, 0, 0, 0, 0, 0, 0], 0x8000: [3, 0, 0, 0] } };
  const nameOf = (address: bigint) => address === 0x7008n ? "vtable for n::Derived+24" : undefined;
  assertEquals(
    shown("Derived", { types, memory, frame, language: DW_LANG.cPlusPlus14 }, { nameOf }),
    "n::Derived: {<n::Base> = {b = 42}, _vptr.Derived = 0x7008 <vtable for n::Derived+24>, " +
      "static shared = 3}",
  );
});

Deno.test("Value, what a linker has left out is optimized out, and not at the address 0", () => {
  const at = (low: number, ...more: readonly number[]) =>
    shown("int", { variable: [location(DW_OP.addr, low, 0, 0, 0, 0, 0, 0, 0, ...more)] });
  assertEquals(at(0), "int: <optimized out>");
  assertEquals(at(1), "int: <error: Cannot read 0x1>");
  assertEquals(at(0, DW_OP.plusUconst, 1), "int: <error: Cannot read 0x1>");
});

Deno.test("Value.variant, Rust's enums", () => {
  const variant = (to: string, ...value: readonly AttributeInit[]) =>
    die(DW_TAG.variant, value, [member(to, to, 0)]);
  const discriminant = die(
    DW_TAG.member,
    [
      type("unsigned char"),
      [DW_AT.dataMemberLocation, DW_FORM.data1, 0],
    ],
    [],
    "discriminant",
  );
  const types = [
    struct("None", 8, []),
    struct("Some", 8, [member("__0", "int", 4)]),
    struct("Named", 8, [member("x", "int", 4)]),
    die(DW_TAG.structureType, [name("Option"), size(8)], [
      die(DW_TAG.variantPart, [[DW_AT.discr, DW_FORM.ref4, { to: "discriminant" }]], [
        discriminant,
        variant("None", [DW_AT.discrValue, DW_FORM.data1, 0]),
        // A range: 2 to 4.
        variant("Named", [DW_AT.discrList, DW_FORM.block1, [1, 2, 4]]),
        variant("Some"),
      ]),
    ], "Option"),
  ];
  const of = (tag: number) =>
    shown("Option", { types, memory: [tag, 0, 0, 0, 7, 0, 0, 0], language: DW_LANG.rust });
  assertEquals(of(0), "Option: Option::None");
  assertEquals(of(1), "Option: Option::Some(7)");
  assertEquals(of(3), "Option: Option::Named{x: 7}");
  assertEquals(of(5), "Option: Option::Some(7)");
});

Deno.test("typeName, declarators of C and C++", () => {
  const parameters = (...all: readonly string[]) =>
    all.map((to) => die(DW_TAG.formalParameter, [type(to)]));
  const prototyped: AttributeInit = [DW_AT.prototyped, DW_FORM.flagPresent, []];
  const types = [
    pointer("pointer", "int"),
    die(DW_TAG.constType, [type("int")], [], "constant"),
    pointer("to constant", "constant"),
    die(DW_TAG.constType, [type("pointer")], [], "constant pointer"),
    pointer("pointer to that", "constant pointer"),
    die(
      DW_TAG.subroutineType,
      [type("int"), prototyped],
      parameters("char", "pointer"),
      "function",
    ),
    die(DW_TAG.subroutineType, [prototyped], [], "nothing"),
    die(DW_TAG.subroutineType, [type("int")], [], "old"),
    pointer("callback", "function"),
    pointer("to nothing", "nothing"),
    array("callbacks", "callback", upper(3)),
    array("row", "int", upper(2)),
    pointer("to row", "row"),
    die(DW_TAG.typedef, [name("alias"), type("to row")], [], "alias"),
    pointer("to void", "nowhere"),
    die(DW_TAG.constType, [], [], "nowhere"),
    die(DW_TAG.structureType, [size(4)], [member("a", "int", 0)], "unnamed"),
  ];
  const of = (to: string, language?: number) =>
    typeName(valueOf(to, { types, ...language && { language } }).type);
  assertEquals(of("to constant"), "const int *");
  assertEquals(of("pointer to that"), "int * const *");
  assertEquals(of("callback"), "int (*)(char, int *)");
  assertEquals(of("callbacks"), "int (*[4])(char, int *)");
  assertEquals(of("to nothing"), "void (*)(void)");
  assertEquals(of("old"), "int ()");
  assertEquals(of("old", DW_LANG.cPlusPlus14), "int (void)");
  assertEquals(of("to row"), "int (*)[3]");
  assertEquals(of("alias"), "alias");
  assertEquals(of("to void"), "const void *");
  assertEquals(of("unnamed"), "struct {...}");
});

Deno.test("Value, what consists of itself, or of too much, comes to an end", () => {
  const types = [
    array("itself", "itself", upper(1)),
    struct("within", 8, [member("a", "within", 0), member("b", "within", 0)]),
    die(DW_TAG.subroutineType, [type("calls")], [
      die(DW_TAG.formalParameter, [type("calls")]),
      die(DW_TAG.formalParameter, [type("calls")]),
    ], "calls"),
    die(DW_TAG.typedef, [name("loop"), type("loop")], [], "loop"),
    base("enormous", 200, DW_ATE.signed),
    base("nothing", 0, DW_ATE.utf),
    pointer("to nothing", "nothing"),
    array("fewer", "int", [[DW_AT.count, DW_FORM.sdata, -3]]),
    die(DW_TAG.structureType, [name("less"), [DW_AT.byteSize, DW_FORM.sdata, -8]], [
      die(DW_TAG.member, [
        name("before"),
        type("int"),
        [DW_AT.dataMemberLocation, DW_FORM.sdata, -4],
      ]),
    ], "less"),
    array("long", "int", [[DW_AT.upperBound, DW_FORM.data4, 0x7fffffff]]),
  ];
  const memory = new Array(64).fill(0);
  for (const each of types) {
    const value = valueOf(each.label!, { types, memory });
    typeName(value.type);
    valueText(value);
    valueJson(value);
  }
  const scalar = "Scalar has 200 bytes, expected at most 64";
  assertEquals(shown("enormous", { types, memory }), `enormous: <error: ${scalar}>`);
});

Deno.test("typeName, C++ names are gdb's whatever the compiler writes", () => {
  const nameOfStruct = (written: string) =>
    typeName(
      valueOf("s", {
        types: [die(DW_TAG.structureType, [name(written), size(1)], [], "s")],
        language: DW_LANG.cPlusPlus14,
      }).type,
    );
  assertEquals(nameOfStruct("array<short, 3UL>"), "array<short, 3ul>");
  for (const year of ["03", "11", "14", "17", "20", "23"] as const) {
    const language = DW_LANG[`cPlusPlus${year}`];
    const types = [struct("Tpl<3UL>", 1, [])];
    assertEquals(typeName(valueOf("Tpl<3UL>", { types, language }).type), "Tpl<3ul>", year);
  }
  assertEquals(nameOfStruct("Tpl<(& ns::sink)>"), "Tpl<&ns::sink>");
  assertEquals(
    nameOfStruct("A<const int, const B<const char *> *, (f)0, C &, &x>"),
    "A<int const, B<char const*> const*, (f)0, C&, &x>",
  );
  assertEquals(nameOfStruct("A<const unsigned long>"), "A<unsigned long const>");
  // What is declared in a type with a unit of its own is in the namespace that it has there.
  const declaration: AttributeInit = [DW_AT.declaration, DW_FORM.flagPresent, []];
  const types = [
    die(DW_TAG.namespace, [name("std"), declaration], [
      die(DW_TAG.structureType, [name("Nth"), declaration], [], "declared"),
    ]),
    die(
      DW_TAG.structureType,
      [
        name("Nth"),
        size(1),
        [DW_AT.specification, DW_FORM.ref4, { to: "declared" }],
      ],
      [],
      "described",
    ),
    die(DW_TAG.structureType, [
      name("Nth"),
      declaration,
      [DW_AT.signature, DW_FORM.ref4, { to: "described" }],
    ], [die(DW_TAG.typedef, [name("type"), type("int")], [], "nested")]),
  ];
  assertEquals(
    typeName(valueOf("nested", { types, language: DW_LANG.cPlusPlus14 }).type),
    "std::Nth::type",
  );
  // A base class has its own name, whatever alias a class is derived by.
  const based = [
    die(DW_TAG.classType, [name("Base"), size(1)], [], "base"),
    die(DW_TAG.typedef, [name("Alias"), type("base")], [], "alias"),
    die(DW_TAG.classType, [name("Derived"), size(1)], [
      die(DW_TAG.inheritance, [type("alias"), [DW_AT.dataMemberLocation, DW_FORM.data1, 0]]),
    ], "derived"),
  ];
  assertEquals(
    shown("derived", { types: based, memory: [0], language: DW_LANG.cPlusPlus14 }),
    "Derived: {<Base> = {<No data fields>}, <No data fields>}",
  );
});
