/**
 * Sound debug information for a fuzzer to damage: small programs in all the ways that compilers,
 * linkers and packers have of writing them.
 *
 * @module
 */
import { DW_AT, DW_FORM, DW_TAG, DW_UT, type DwarfSectionName } from "../../elf/dwarf/mod.ts";
import {
  type AttributeInit,
  die,
  type EntryInit,
  InfoImage,
} from "../../elf/dwarf/testing/info_image.ts";

/** A program, with the files that belong to it. */
export interface DebugSample {
  /** What is particular about it. */
  readonly name: string;
  /** Sections of its file. */
  readonly main: ReadonlyMap<DwarfSectionName, Uint8Array>;
  /** Sections of its split half, or of a package of such. */
  readonly split?: ReadonlyMap<DwarfSectionName, Uint8Array>;
  /** Sections that it shares with other files. */
  readonly shared?: ReadonlyMap<DwarfSectionName, Uint8Array>;
}

const ID = 0x1234_5678_9abcn;
const SIGNATURE = 0x77n;

/** How a unit writes what there are several ways for. */
interface Style {
  readonly version: number;
  readonly wide?: boolean;
  readonly string: number;
  readonly address: number;
  readonly list: number;
  readonly siblings?: boolean;
}

/** An attribute that is a string: the `number`th of the table, if strings have numbers. */
function string(style: Style, attribute: number, text: string, number: number): AttributeInit {
  const isNumber = style.string === DW_FORM.strx1 || style.string === DW_FORM.gnuStrIndex;
  return [attribute, style.string, isNumber ? number : text];
}

/** Where code begins: one of the two addresses of the table, if addresses have numbers. */
function begin(style: Style, number: 0 | 1): AttributeInit {
  const isNumber = style.address !== DW_FORM.addr;
  return [DW_AT.lowPc, style.address, isNumber ? number : 0x1000 + 0x10 * number];
}

/** A function with all that functions have, types, a class and its method. */
function children(style: Style): EntryInit[] {
  const byIndex = style.list === DW_FORM.loclistx;
  const ranges: AttributeInit = [
    DW_AT.ranges,
    byIndex ? DW_FORM.rnglistx : style.list,
    byIndex ? 0 : style.version >= 5 ? 16 : 0,
  ];
  const location: AttributeInit = [
    DW_AT.location,
    style.list,
    byIndex || style.version < 5 ? 0 : 16,
  ];
  const sibling = (to: string): AttributeInit[] =>
    style.siblings === true ? [[DW_AT.sibling, DW_FORM.ref4, { to }]] : [];
  return [
    die(
      DW_TAG.baseType,
      [
        string(style, DW_AT.name, "int", 0),
        [DW_AT.byteSize, DW_FORM.data1, 4],
      ],
      undefined,
      "int",
    ),
    die(DW_TAG.namespace, [...sibling("f"), string(style, DW_AT.name, "space", 1)], [
      die(DW_TAG.structureType, [[DW_AT.signature, DW_FORM.refSig8, SIGNATURE]]),
      die(
        DW_TAG.subprogram,
        [
          string(style, DW_AT.name, "f", 2),
          [DW_AT.linkageName, DW_FORM.string, "_Z1fv"],
          [DW_AT.declaration, DW_FORM.flagPresent, []],
        ],
        undefined,
        "declared",
      ),
    ]),
    die(DW_TAG.subprogram, [
      ...sibling("inline"),
      [DW_AT.specification, DW_FORM.ref4, { to: "declared" }],
      begin(style, 0),
      [
        DW_AT.highPc,
        style.version < 4 ? DW_FORM.addr : DW_FORM.data4,
        style.version < 4 ? 0x1020 : 0x20,
      ],
      [DW_AT.frameBase, style.version < 4 ? DW_FORM.block1 : DW_FORM.exprloc, [0x9c]],
    ], [
      die(DW_TAG.formalParameter, [
        string(style, DW_AT.name, "x", 0),
        [DW_AT.type, DW_FORM.refUdata, { to: "int" }],
        location,
      ]),
      die(DW_TAG.lexicalBlock, [ranges], [
        die(DW_TAG.inlinedSubroutine, [
          [DW_AT.abstractOrigin, DW_FORM.refAddr, { to: "inline" }],
          begin(style, 1),
          [
            DW_AT.highPc,
            style.version < 4 ? DW_FORM.addr : DW_FORM.udata,
            style.version < 4 ? 0x1018 : 8,
          ],
          [DW_AT.callFile, DW_FORM.data1, 1],
        ]),
      ]),
    ], "f"),
    die(
      DW_TAG.subprogram,
      [
        [DW_AT.name, DW_FORM.string, "inline"],
        [DW_AT.inline, DW_FORM.implicitConst, 1],
      ],
      undefined,
      "inline",
    ),
    die(
      DW_TAG.variable,
      [
        [DW_AT.name, DW_FORM.string, "global"],
        [DW_AT.constValue, DW_FORM.indirect, [DW_FORM.sdata, 0x7f]],
        [DW_AT.type, DW_FORM.refSig8, SIGNATURE],
      ],
      undefined,
      "global",
    ),
    die(DW_TAG.arrayType, [[DW_AT.upperBound, DW_FORM.block2, [1, 2, 3]]], []),
  ];
}

/** Tables that entries point into. */
function tables(image: InfoImage, { version, wide = false }: Style): void {
  const width = wide ? 8 : 4;
  const header = version >= 5 ? 2 * width : 0;
  const offsets = image.section(".debug_str_offsets").append(new Uint8Array(header));
  for (const text of ["int", "space", "f"]) {
    offsets.number(width, image.section(".debug_str").size);
    image.section(".debug_str").text(text);
  }
  image.section(".debug_addr").append(new Uint8Array(header)).u64(0x1000n).u64(0x1010n);
  if (version >= 5) {
    // One list, by its offset or the first of its table.
    const head = wide ? 20 : 12;
    image.section(".debug_rnglists").append(new Uint8Array(head)).number(width, width)
      .bytes(4).uleb(0).uleb(8).bytes(6).u64(0x1008n).u64(0x1020n).bytes(7).u64(0x1030n).uleb(1)
      .bytes(0);
    image.section(".debug_loclists").append(new Uint8Array(head)).number(width, width)
      .bytes(4).uleb(0).uleb(8).uleb(1).bytes(0x50).bytes(8).u64(0x1008n).uleb(8).uleb(2)
      .bytes(0x91, 0x7c).bytes(5).uleb(1).bytes(0x30).bytes(0);
    return;
  }
  image.section(".debug_ranges").u64(0n).u64(8n).u64(2n ** 64n - 1n).u64(0x1000n).u64(8n).u64(32n)
    .u64(0n).u64(0n);
  image.section(".debug_loc").u64(0n).u64(8n).u16(1).bytes(0x50).u64(0n).u64(0n);
}

/** A program of one file. */
function plain(name: string, style: Style): DebugSample {
  const image = new InfoImage();
  tables(image, style);
  const { version, wide = false } = style;
  const width = wide ? 16 : 8;
  const offset = version >= 4 ? DW_FORM.secOffset : DW_FORM.data4;
  const unit = image.unit(
    die(DW_TAG.compileUnit, [
      [DW_AT.name, DW_FORM.string, "unit.c"],
      [DW_AT.compDir, DW_FORM.string, "/src"],
      [DW_AT.lowPc, DW_FORM.addr, 0x1000],
      [DW_AT.highPc, version < 4 ? DW_FORM.addr : DW_FORM.data4, version < 4 ? 0x1040 : 0x40],
      [DW_AT.stmtList, offset, 0],
      [DW_AT.strOffsetsBase, offset, width],
      [DW_AT.addrBase, offset, width],
    ], children(style)),
    { version, wide },
  );
  addTypes(image, style);
  image.section(".debug_aranges").u32(44).u16(2).u32(unit).bytes(8, 0).u32(0)
    .u64(0x1000n).u64(0x40n).u64(0n).u64(0n);
  return { name, main: image.build() };
}

/** A type unit, in the section that the version has for them. */
function addTypes(image: InfoImage, style: Style, type: number = DW_UT.type): void {
  const { version, wide = false } = style;
  image.unit(
    die(DW_TAG.typeUnit, [], [
      die(DW_TAG.structureType, [[DW_AT.name, DW_FORM.string, "T"]], [
        die(DW_TAG.member, [[DW_AT.dataMemberLocation, DW_FORM.data1, 4]]),
      ], "T"),
    ]),
    {
      version: Math.max(version, 4),
      wide,
      id: SIGNATURE,
      typed: "T",
      ...(version >= 5 ? { type } : { section: ".debug_types" as const }),
    },
  );
}

/** A program whose entries are in another file, or in a package. */
function split(name: string, style: Style, isPackage: boolean): DebugSample {
  const { version } = style;
  const main = new InfoImage();
  tables(main, style);
  const old: AttributeInit[] = [
    [DW_AT.gnuDwoName, DW_FORM.string, "unit.dwo"],
    [DW_AT.gnuDwoId, DW_FORM.data8, ID],
    [DW_AT.gnuAddrBase, DW_FORM.secOffset, 0],
    [DW_AT.gnuRangesBase, DW_FORM.secOffset, 0],
  ];
  main.unit(
    die(version >= 5 ? DW_TAG.skeletonUnit : DW_TAG.compileUnit, [
      [DW_AT.lowPc, DW_FORM.addr, 0x1000],
      [DW_AT.highPc, DW_FORM.data4, 0x40],
      ...(version >= 5
        ? [
          [DW_AT.dwoName, DW_FORM.string, "unit.dwo"],
          [DW_AT.addrBase, DW_FORM.secOffset, 8],
        ] as const
        : old),
    ]),
    version >= 5 ? { version, type: DW_UT.skeleton, id: ID } : { version },
  );
  const half = new InfoImage();
  tables(half, style);
  if (version < 5) {
    // GNU's lists before DWARF 5.
    half.section(".debug_loc").bytes(3).uleb(0).u32(8).u16(1).bytes(0x50).bytes(0);
  }
  half.unit(
    die(
      DW_TAG.compileUnit,
      version >= 5 ? [] : [[DW_AT.gnuDwoId, DW_FORM.data8, ID]],
      children(style),
    ),
    version >= 5 ? { version, type: DW_UT.splitCompile, id: ID } : { version },
  );
  const types = half.section(version >= 5 ? ".debug_info" : ".debug_types").size;
  addTypes(half, style, DW_UT.splitType);
  if (isPackage) {
    addPackageIndex(half, { name: ".debug_cu_index", version, id: ID, at: 0 });
    addPackageIndex(half, { name: ".debug_tu_index", version, id: SIGNATURE, at: types });
  }
  return { name, main: main.build(), split: half.build() };
}

function addPackageIndex(
  image: InfoImage,
  unit: {
    readonly name: ".debug_cu_index" | ".debug_tu_index";
    readonly version: number;
    readonly id: bigint;
    readonly at: number;
  },
): void {
  const { name, version, id, at } = unit;
  const info = version < 5 && name === ".debug_tu_index" ? 2 : 1;
  const columns = [info, 3, 5, 6, ...(version >= 5 ? [8] : [])];
  const table = image.section(name);
  table.u32(version >= 5 ? 5 : 2).u32(columns.length).u32(1).u32(2);
  for (const slot of [0n, 1n]) table.u64((id & 1n) === slot ? id : 0n);
  for (const slot of [0n, 1n]) table.u32((id & 1n) === slot ? 1 : 0);
  for (const column of columns) table.u32(column);
  for (const column of columns) table.u32(column === info ? at : 0);
  for (const _ of columns) table.u32(0x1000);
}

/** A program with an index of its names. */
function named(): DebugSample {
  const style: Style = {
    version: 5,
    string: DW_FORM.strp,
    address: DW_FORM.addr,
    list: DW_FORM.secOffset,
  };
  const image = new InfoImage();
  tables(image, style);
  image.unit(die(DW_TAG.compileUnit, [], children(style)), { version: 5 });
  const strings = image.section(".debug_str");
  const table = image.section(".debug_names");
  table.u32(() => table.at("end") - 4).u16(5).u16(0).u32(1).u32(0).u32(0).u32(0).u32(2)
    .u32(() => table.at("pool") - table.at("codes")).u32(0).u32(0);
  for (const name of ["f", "global"]) {
    table.u32(strings.size);
    strings.text(name);
  }
  for (const name of ["f", "global"]) table.u32(() => table.at(name) - table.at("pool"));
  table.label("codes").uleb(1).uleb(DW_TAG.variable).uleb(3).uleb(DW_FORM.ref4).uleb(1)
    .uleb(DW_FORM.data1).bytes(0, 0, 0).label("pool");
  for (const name of ["f", "global"]) {
    table.label(name).uleb(1).u32(image.section(".debug_info").at(name)).bytes(0).bytes(0);
  }
  table.label("end");
  return { name: "names", main: image.build() };
}

/** A program of which dwz has moved a part, in its own way or that of DWARF 5. */
function moved(name: string, modern: boolean): DebugSample {
  const shared = new InfoImage();
  shared.section(".debug_str").text("moved");
  shared.unit(
    die(DW_TAG.partialUnit, [], [
      die(DW_TAG.baseType, [[DW_AT.name, DW_FORM.string, "int"]], undefined, "int"),
      die(DW_TAG.importedUnit, [[DW_AT.import, DW_FORM.refAddr, { to: "root" }]]),
    ], "root"),
    modern ? { type: DW_UT.partial } : { version: 4 },
  );
  const image = new InfoImage();
  if (modern) image.section(".debug_sup").u16(5).bytes(0).text("x").uleb(2).bytes(1, 2);
  else image.section(".gnu_debugaltlink").text("x").bytes(1, 2);
  const reference = modern ? DW_FORM.refSup4 : DW_FORM.gnuRefAlt;
  image.unit(die(DW_TAG.compileUnit, [], [
    die(DW_TAG.importedUnit, [[DW_AT.import, reference, modern ? 12 : 11]]),
    die(DW_TAG.variable, [
      [DW_AT.name, modern ? DW_FORM.strpSup : DW_FORM.gnuStrpAlt, 0],
      [DW_AT.type, reference, shared.section(".debug_info").at("int")],
    ]),
  ]));
  return { name, main: image.build(), shared: shared.build() };
}

const OFFSETS = { address: DW_FORM.addr, list: DW_FORM.secOffset } as const;

/** Programs of all sorts. */
export const DEBUG_CORPUS: readonly DebugSample[] = [
  plain("version 2", {
    version: 2,
    string: DW_FORM.strp,
    address: DW_FORM.addr,
    list: DW_FORM.data4,
  }),
  plain("version 3", {
    version: 3,
    string: DW_FORM.string,
    address: DW_FORM.addr,
    list: DW_FORM.data4,
  }),
  plain("version 4", { version: 4, string: DW_FORM.strp, siblings: true, ...OFFSETS }),
  plain("version 5", { version: 5, string: DW_FORM.lineStrp, siblings: true, ...OFFSETS }),
  plain("64 bits", { version: 5, wide: true, string: DW_FORM.strp, ...OFFSETS }),
  plain("indexes", {
    version: 5,
    string: DW_FORM.strx1,
    address: DW_FORM.addrx,
    list: DW_FORM.loclistx,
  }),
  ...[false, true].flatMap((isPackage) => [
    split(isPackage ? "package 4" : "split 4", {
      version: 4,
      string: DW_FORM.gnuStrIndex,
      address: DW_FORM.gnuAddrIndex,
      list: DW_FORM.secOffset,
    }, isPackage),
    split(isPackage ? "package 5" : "split 5", {
      version: 5,
      string: DW_FORM.strx1,
      address: DW_FORM.addrx,
      list: DW_FORM.loclistx,
    }, isPackage),
  ]),
  named(),
  moved("moved", false),
  moved("moved 5", true),
];
