import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { InputError } from "../../../bytes/mod.ts";
import { DW_AT } from "../attributes.ts";
import { DW_FORM, DW_UT } from "../constants.ts";
import { DW_TAG } from "../tags.ts";
import { type AttributeInit, die, type EntryInit, InfoImage } from "../testing/info_image.ts";
import type { DebugInfo } from "./debug_info.ts";
import type { Entry } from "./entry.ts";

/** A function with code, and what is in it. */
function code(
  tag: number,
  [name, begin, size]: readonly [string, number, number],
  children?: readonly EntryInit[],
): EntryInit {
  return die(tag, [
    [DW_AT.name, DW_FORM.string, name],
    [DW_AT.lowPc, DW_FORM.addr, begin],
    [DW_AT.highPc, DW_FORM.udata, size],
  ], children);
}

function named(tag: number, name: string, children?: readonly EntryInit[]): EntryInit {
  return die(tag, [[DW_AT.name, DW_FORM.string, name]], children);
}

function names(entries: Iterable<Entry>): (string | undefined)[] {
  return [...entries].map((entry) => entry.name);
}

/** A string and an address of each kind of index, in the format of a unit. */
function tables(image: InfoImage, width: 4 | 8): number {
  const offsets = image.section(".debug_str_offsets").append(new Uint8Array(2 * width));
  for (const text of ["zero", "one"]) {
    offsets.number(width, image.section(".debug_str").size);
    image.section(".debug_str").text(text);
  }
  image.section(".debug_addr").append(new Uint8Array(2 * width)).u64(0x1000n)
    .u64(0xffff_ffff_8000_0000n);
  return 2 * width;
}

Deno.test("Entry, values of all forms, in both formats and all versions", () => {
  for (const version of [2, 3, 4, 5]) {
    for (const wide of [false, true]) {
      const image = new InfoImage();
      const base = tables(image, wide ? 8 : 4);
      const values = [
        [DW_FORM.data1, 0xfe],
        [DW_FORM.data2, 0xfffe],
        [DW_FORM.data4, 0xfffffffe],
        [DW_FORM.data8, 2n ** 64n - 2n],
        [DW_FORM.sdata, -(2n ** 63n)],
        [DW_FORM.udata, 2n ** 64n - 1n],
        [DW_FORM.implicitConst, -5],
        [DW_FORM.indirect, [DW_FORM.data2, 3, 1]],
        [DW_FORM.flag, 1],
        [DW_FORM.flagPresent, []],
        [DW_FORM.block1, [1]],
        [DW_FORM.block2, [2, 3]],
        [DW_FORM.block4, []],
        [DW_FORM.block, [4]],
        [DW_FORM.exprloc, [5, 6]],
        [DW_FORM.data16, [...new Array(16).keys()]],
        [DW_FORM.string, "inline"],
        [DW_FORM.strp, "pooled"],
        [DW_FORM.lineStrp, "line"],
        [DW_FORM.strx, 1],
        [DW_FORM.strx1, 0],
        [DW_FORM.strx2, 1],
        [DW_FORM.strx3, 0],
        [DW_FORM.strx4, 1],
        [DW_FORM.gnuStrIndex, 0],
        [DW_FORM.addr, 2n ** 64n - 0x1000n],
        [DW_FORM.addrx, 0],
        [DW_FORM.addrx1, 1],
        [DW_FORM.addrx2, 0],
        [DW_FORM.addrx3, 1],
        [DW_FORM.addrx4, 0],
        [DW_FORM.gnuAddrIndex, 1],
        [DW_FORM.secOffset, 77],
        [DW_FORM.loclistx, 3],
        [DW_FORM.rnglistx, 4],
        [DW_FORM.ref1, { to: "root" }],
        [DW_FORM.ref2, { to: "root" }],
        [DW_FORM.ref4, { to: "root" }],
        [DW_FORM.ref8, { to: "root" }],
        [DW_FORM.refUdata, wide ? 24 : 12],
        [DW_FORM.refAddr, { to: "root" }],
        [DW_FORM.refSig8, 2n ** 64n - 9n],
        [DW_FORM.data1, 7], // what is behind them is where it should be
      ] as const;
      image.unit(
        die(
          DW_TAG.compileUnit,
          [
            [DW_AT.strOffsetsBase, DW_FORM.secOffset, base],
            [DW_AT.addrBase, DW_FORM.secOffset, base],
            ...values.map(([form, value], i) => [1000 + i, form, value] as const),
          ],
          undefined,
          "root",
        ),
        { version, wide },
      );
      const { root } = image.info().units[0]!;
      const at = (form: number) => 1000 + values.findIndex((each) => each[0] === form);
      const data = [DW_FORM.data1, DW_FORM.data2, DW_FORM.data4, DW_FORM.data8].map(at);
      assertEquals(data.map((each) => root.big(each)), [
        0xfen,
        0xfffen,
        0xfffffffen,
        2n ** 64n - 2n,
      ]);
      assertEquals(data.map((each) => root.signed(each)), [-2, -2, -2, -2]);
      assertEquals(data.map((each) => root.number(each)), [0xfe, 0xfffe, 0xfffffffe, undefined]);
      assertEquals(root.big(at(DW_FORM.sdata)), -(2n ** 63n));
      assertEquals(root.big(at(DW_FORM.udata)), 2n ** 64n - 1n);
      assertEquals(root.number(at(DW_FORM.implicitConst)), -5);
      assertEquals(root.number(at(DW_FORM.indirect)), 0x103);
      assertEquals([DW_FORM.flag, DW_FORM.flagPresent].map((each) => root.flag(at(each))), [
        true,
        true,
      ]);
      const blocks = [DW_FORM.block1, DW_FORM.block2, DW_FORM.block4, DW_FORM.block];
      assertEquals(
        [...blocks, DW_FORM.exprloc].map((form) => [...root.bytes(at(form))!]),
        [[1], [2, 3], [], [4], [5, 6]],
      );
      assertEquals(root.bytes(at(DW_FORM.data16))!.length, 16);
      const strings = [DW_FORM.string, DW_FORM.strp, DW_FORM.lineStrp, DW_FORM.strx, DW_FORM.strx1];
      const indexed = [DW_FORM.strx2, DW_FORM.strx3, DW_FORM.strx4, DW_FORM.gnuStrIndex];
      assertEquals(
        [...strings, ...indexed].map((form) => root.text(at(form))).join(),
        "inline,pooled,line,one,zero,one,zero,one,zero",
      );
      const addresses = [DW_FORM.addr, DW_FORM.addrx, DW_FORM.addrx1, DW_FORM.addrx2];
      const more = [DW_FORM.addrx3, DW_FORM.addrx4, DW_FORM.gnuAddrIndex];
      assertEquals(
        [...addresses, ...more].map((form) => root.address(at(form))),
        [-0x1000, 0x1000, -0x8000_0000, 0x1000, -0x8000_0000, 0x1000, -0x8000_0000],
      );
      assertEquals(root.value(at(DW_FORM.secOffset)), { kind: "offset", offset: 77 });
      assertEquals(root.value(at(DW_FORM.loclistx)), { kind: "list-index", index: 3 });
      assertEquals(root.value(at(DW_FORM.refSig8)), {
        kind: "signature",
        signature: 2n ** 64n - 9n,
      });
      const references = [DW_FORM.ref1, DW_FORM.ref2, DW_FORM.ref4, DW_FORM.ref8];
      // A root of version 5 is one byte further behind than one of version 4.
      if (version >= 5) {
        assertEquals(root.reference(at(DW_FORM.refUdata))?.is(root), true);
      }
      for (const form of [...references, DW_FORM.refAddr]) {
        assertEquals(root.reference(at(form))?.is(root), true);
      }
      assertEquals(root.number(1000 + values.length - 1), 7);
    }
  }
});

Deno.test("Entry, children, parents and siblings, whether or not entries say their siblings", () => {
  for (const siblings of [false, true]) {
    const sibling = (to: string) =>
      siblings ? [[DW_AT.sibling, DW_FORM.ref4, { to }] as const] : [];
    const entry = (name: string, to: string, children?: readonly EntryInit[]) =>
      die(DW_TAG.namespace, [...sibling(to), [DW_AT.name, DW_FORM.string, name]], children, name);
    const image = new InfoImage();
    const inner = entry("inner", "last", [named(DW_TAG.variable, "deep")]);
    image.unit(die(DW_TAG.compileUnit, [], [
      entry("outer", "flat", [inner, { ...named(DW_TAG.variable, "last"), label: "last" }]),
      { ...named(DW_TAG.variable, "flat"), label: "flat" },
      named(DW_TAG.namespace, "empty", []),
    ]));
    const info = image.info();
    const { root } = info.units[0]!;
    const outer = [...root.children()][0]!;
    assertEquals(names(root.children()), ["outer", "flat", "empty"]);
    assertEquals(names(outer.children()), ["inner", "last"]);
    const scan = info.units[0]!.scan();
    const seen: string[] = [];
    while (scan.next()) {
      const found = info.entryAt(scan.offset);
      seen.push(`${scan.depth} ${found.name} of ${found.parent?.name}`);
    }
    assertEquals(seen, [
      "0 undefined of undefined",
      "1 outer of undefined",
      "2 inner of outer",
      "3 deep of inner",
      "2 last of outer",
      "1 flat of undefined",
      "1 empty of undefined",
    ]);
  }
});

Deno.test("DebugInfo.scopesAt, function, blocks and inlined functions that have an address", () => {
  for (const aranges of [false, true]) {
    const image = new InfoImage();
    image.unit(die(DW_TAG.compileUnit, [], [named(DW_TAG.variable, "nowhere")]));
    const unit = image.unit(die(DW_TAG.compileUnit, [
      [DW_AT.lowPc, DW_FORM.addr, 0x1000],
      [DW_AT.highPc, DW_FORM.data4, aranges ? 0 : 0x100],
    ], [
      named(DW_TAG.subprogram, "declared"),
      code(DW_TAG.subprogram, ["first", 0x1000, 0x40], [
        named(DW_TAG.variable, "local"),
        code(DW_TAG.inlinedSubroutine, ["a", 0x1000, 0x10], [
          code(DW_TAG.lexicalBlock, ["b", 0x1008, 8], [
            code(DW_TAG.inlinedSubroutine, ["c", 0x100c, 2]),
          ]),
        ]),
        code(DW_TAG.inlinedSubroutine, ["d", 0x1010, 0x10], []),
        code(DW_TAG.subprogram, ["nested", 0x1080, 0x10]),
      ]),
      named(DW_TAG.namespace, "space", [code(DW_TAG.subprogram, ["second", 0x1040, 0x10])]),
    ]));
    if (aranges) {
      const table = image.section(".debug_aranges");
      table.u32(12 + 3 * 16).u16(2).u32(unit).bytes(8, 0).u32(0);
      for (const value of [0x1000, 0x50, 0x1080, 0x10, 0, 0]) table.u64(BigInt(value));
    }
    const info = image.info();
    const chain = (at: number) => names(info.scopesAt(at)).join(" ");
    const expected: [number, string][] = [
      [0xfff, ""],
      [0x1000, "first a"],
      [0x1008, "first a b"],
      [0x100d, "first a b c"],
      [0x100e, "first a b"],
      [0x1010, "first d"],
      [0x1020, "first"],
      [0x1040, "second"],
      [0x1050, ""],
      [0x108f, "nested"],
      [0x1090, ""],
    ];
    assertEquals(expected.map(([at]) => [at, chain(at)]), expected);
    assertEquals(info.unitAt(0x1000)?.offset, unit);
    assertEquals(info.functionAt(0x1045)?.parent?.name, "space");
    assertEquals(info.problems, []);
  }
});

Deno.test("DebugInfo.scopesAt, functions inside of what says where its sibling is", () => {
  // Damage inside of a function is no damage to what comes after it.
  for (const isDamaged of [false, true]) {
    const said = (name: string, place: number[], to?: string): AttributeInit[] => [
      [DW_AT.name, DW_FORM.string, name],
      ...place.length === 0 ? [] : [
        [DW_AT.lowPc, DW_FORM.addr, place[0]!] as const,
        [DW_AT.highPc, DW_FORM.data4, place[1]!] as const,
      ],
      ...to === undefined ? [] : [[DW_AT.sibling, DW_FORM.ref4, { to }] as const],
    ];
    const f = (name: string, place: number[], to?: string, children?: EntryInit[]) =>
      die(DW_TAG.subprogram, said(name, place, to), children, name);
    const image = new InfoImage();
    const code: AttributeInit[] = [
      [DW_AT.lowPc, DW_FORM.addr, 0x1000],
      [DW_AT.highPc, DW_FORM.data4, 0x100],
    ];
    image.unit(die(DW_TAG.compileUnit, code, [
      f("first", [0x1000, 0x10], "Class", [
        die(DW_TAG.lexicalBlock, [], [f("nested", [0x1010, 0x10])]),
        ...isDamaged ? [die(DW_TAG.variable, [[DW_AT.name, DW_FORM.indirect, [0x7f]]])] : [],
        f("deeper", [0x1020, 0x10]),
      ]),
      die(DW_TAG.structureType, said("Class", [], "last"), [
        f("method", [0x1030, 0x10]),
        f("declared", []),
      ], "Class"),
      f("last", [0x1040, 0x10]),
    ]));
    const found = (info: DebugInfo, addresses: number[]) =>
      addresses.map((at) => names(info.scopesAt(at)).join(" ")).join("; ");
    const expected = isDamaged
      ? "; last; nested; ; ; first"
      : "; last; nested; deeper; method; first";
    const info = image.info();
    // In whichever order they are asked for.
    assertEquals(found(info, [0x1050, 0x1040, 0x1010, 0x1020, 0x1030, 0x1000]), expected);
    assertEquals(info.problems.length, isDamaged ? 2 : 0, String(info.problems));
    assertEquals(found(image.info(), [0x1040, 0x1010, 0x1020, 0x1030, 0x1000]), expected.slice(2));
  }
});

Deno.test("Entry, names and types are those of what it is an instance or declaration of", () => {
  const image = new InfoImage();
  const type = 0x1234n;
  image.unit(
    die(DW_TAG.typeUnit, [], [
      die(DW_TAG.structureType, [[DW_AT.name, DW_FORM.string, "real"]], [], "type 4"),
    ]),
    { version: 4, section: ".debug_types", id: type, typed: "type 4" },
  );
  image.unit(
    die(DW_TAG.typeUnit, [], [
      die(DW_TAG.structureType, [[DW_AT.name, DW_FORM.string, "newer"]], [], "type 5"),
    ]),
    { type: DW_UT.type, id: 0x5n, typed: "type 5" },
  );
  image.unit(die(DW_TAG.compileUnit, [], [
    die(
      DW_TAG.subprogram,
      [
        [DW_AT.name, DW_FORM.string, "f"],
        [DW_AT.linkageName, DW_FORM.string, "_Z1fv"],
      ],
      undefined,
      "declaration",
    ),
    die(
      DW_TAG.subprogram,
      [
        [DW_AT.specification, DW_FORM.ref4, { to: "declaration" }],
      ],
      undefined,
      "abstract",
    ),
    die(DW_TAG.subprogram, [[DW_AT.abstractOrigin, DW_FORM.refAddr, { to: "abstract" }]]),
    die(DW_TAG.structureType, [[DW_AT.signature, DW_FORM.refSig8, type]]),
    die(DW_TAG.member, [[DW_AT.type, DW_FORM.refSig8, 5]]),
    die(DW_TAG.member, [[DW_AT.type, DW_FORM.refSig8, 6]]),
    die(
      DW_TAG.subprogram,
      [
        [DW_AT.specification, DW_FORM.ref4, { to: "circle" }],
      ],
      undefined,
      "circle",
    ),
  ]));
  const info = image.info();
  const unit = info.units.find((each) => each.kind === "compile")!;
  const children = [...unit.root.children()];
  assertEquals(names(children), ["f", "f", "f", "real", undefined, undefined, undefined]);
  assertEquals(children[2]?.linkageName, "_Z1fv");
  assertEquals(children[4]?.reference(DW_AT.type)?.name, "newer");
  assertEquals(children[5]?.reference(DW_AT.type), undefined);
  assertEquals(info.units.map((each) => each.kind), ["type", "compile", "type"]);
});

Deno.test("Entry, what is damaged is an error that says where", () => {
  const fails = (children: readonly EntryInit[], action: (child: Entry) => unknown) => {
    const image = new InfoImage();
    image.unit(die(DW_TAG.compileUnit, [], children));
    const { root } = image.info().units[0]!;
    const error = assertThrows(() => {
      for (const child of root.children()) action(child);
    }, InputError);
    return error.message;
  };
  const attribute = (form: number, value: number | bigint | string) =>
    die(DW_TAG.variable, [[DW_AT.name, form, value]]);
  assertMatch(
    fails([attribute(DW_FORM.ref4, 0x1000)], (each) => each.reference(DW_AT.name)),
    /^Entry's offset is 0x1000, expected 0xc to 0x13 \(\.debug_info\+0x0\)$/,
  );
  assertMatch(
    fails([attribute(DW_FORM.refAddr, 0x1000)], (each) => each.reference(DW_AT.name)),
    /^There is no unit here, .* \(\.debug_info\+0x1000\)$/,
  );
  assertMatch(
    fails([attribute(DW_FORM.data4, 0x1000), attribute(DW_FORM.strx, 9)], (each) => each.name),
    /\.debug_str_offsets/,
  );
  assertMatch(
    fails([attribute(0x99, 0)], () => {}),
    /^Form is 0x99, expected one of DWARF 5 that fits here \(\.debug_abbrev\+0x[0-9a-f]+\)$/,
  );
  assertMatch(
    fails([
      die(DW_TAG.variable, [[DW_AT.name, DW_FORM.indirect, [DW_FORM.indirect, DW_FORM.data1, 0]]]),
    ], () => {}),
    /^Entry's values end behind its unit/,
  );
});

Deno.test("DebugInfo.scopesAt, of ranges that overlap the innermost and last has an address", () => {
  const image = new InfoImage();
  image.unit(die(DW_TAG.compileUnit, [
    [DW_AT.lowPc, DW_FORM.addr, 0x1000],
    [DW_AT.highPc, DW_FORM.data4, 0x100],
  ], [
    code(DW_TAG.subprogram, ["outer", 0x1000, 0x60], [
      // A block that says nothing of its code is in force where a block of its is.
      named(DW_TAG.lexicalBlock, "silent", [code(DW_TAG.inlinedSubroutine, ["in", 0x1010, 8])]),
      code(DW_TAG.lexicalBlock, ["long", 0x1020, 0x20]),
      code(DW_TAG.lexicalBlock, ["later", 0x1030, 0x20]),
      code(DW_TAG.lexicalBlock, ["empty", 0x1058, 0]),
    ]),
    // Two functions of the same code, as linkers fold them.
    code(DW_TAG.subprogram, ["same", 0x1080, 8]),
    code(DW_TAG.subprogram, ["folded", 0x1080, 8]),
  ]));
  const info = image.info();
  const expected: [number, string][] = [
    [0x100f, "outer"],
    [0x1010, "outer silent in"],
    [0x1018, "outer"],
    [0x102f, "outer long"],
    [0x1030, "outer later"],
    [0x104f, "outer later"],
    [0x1050, "outer"],
    [0x1058, "outer"],
    [0x1060, ""],
    [0x1080, "folded"],
  ];
  assertEquals(expected.map(([at]) => [at, names(info.scopesAt(at)).join(" ")]), expected);
});

Deno.test("DebugInfo.unitAt, what is damaged in .debug_aranges is left out and told of", () => {
  const image = new InfoImage();
  const root = (begin: number) =>
    die(DW_TAG.compileUnit, [
      [DW_AT.lowPc, DW_FORM.addr, begin],
      [DW_AT.highPc, DW_FORM.data4, 0x10],
    ]);
  const units = [0x1000, 0x2000, 0x3000].map((begin) => image.unit(root(begin)));
  const table = image.section(".debug_aranges");
  const set = (init: { version?: number; unit: number; size?: number }, begin: number) => {
    table.u32(44).u16(init.version ?? 2).u32(init.unit).bytes(init.size ?? 8, 0).u32(0);
    for (const value of [begin, 0x10, 0, 0]) table.u64(BigInt(value));
  };
  set({ unit: units[0]! }, 0x1800); // the unit says something else, but the table is believed
  set({ unit: units[1]!, version: 3 }, 0x2800);
  set({ unit: 5 }, 0x2800);
  set({ unit: units[2]!, size: 4 }, 0x3800);
  table.u32(99).u16(2);
  const info = image.info();
  const found = [0x1000, 0x1800, 0x2000, 0x2800, 0x3000, 0x3800].map((at) => info.unitAt(at));
  assertEquals(found.map((unit) => unit?.offset), [
    undefined,
    units[0],
    units[1],
    undefined,
    units[2],
    undefined,
  ]);
  assertEquals(info.problems.map(({ message }) => message.replace(/ \(.*/, "")), [
    "Address table's version is 3, expected 2",
    "Address table's unit is at 0x5, expected one of .debug_info",
    "Address table's address size is 4, expected 8",
    "Unit's length is 0x63, expected at most 0x2",
  ]);
});
