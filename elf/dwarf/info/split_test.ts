import { assertEquals, assertMatch } from "@std/assert";
import { elfImage } from "../../testing/elf_image.ts";
import { parseElf } from "../../mod.ts";
import { DW_AT } from "../attributes.ts";
import { DW_FORM, DW_LANG, DW_LLE, DW_UT } from "../constants.ts";
import { DW_TAG } from "../tags.ts";
import { type AttributeInit, die, InfoImage } from "../testing/info_image.ts";
import { type DebugInfo, debugInfoOf, splitInfoOf } from "./debug_info.ts";

const ID = 0x1122_3344_5566_7788n;

/** A skeleton at 0x1000 whose addresses are 0x1000 and 0x1010. */
function skeleton(version: number): InfoImage {
  const image = new InfoImage();
  const header = version >= 5 ? 8 : 0;
  image.section(".debug_addr").append(new Uint8Array(header)).u64(0x1000n).u64(0x1010n);
  image.section(".debug_ranges").append(new Uint8Array(32));
  image.section(".debug_ranges").u64(0x20n).u64(0x28n).u64(0n).u64(0n);
  const old: AttributeInit[] = [
    [DW_AT.gnuDwoName, DW_FORM.string, "unit.dwo"],
    [DW_AT.gnuDwoId, DW_FORM.data8, ID],
    [DW_AT.gnuAddrBase, DW_FORM.secOffset, 0],
    [DW_AT.gnuRangesBase, DW_FORM.secOffset, 16],
  ];
  const attributes: AttributeInit[] = version >= 5
    ? [[DW_AT.dwoName, DW_FORM.string, "unit.dwo"], [DW_AT.addrBase, DW_FORM.secOffset, 8]]
    : old;
  image.unit(
    die(version >= 5 ? DW_TAG.skeletonUnit : DW_TAG.compileUnit, [
      [DW_AT.compDir, DW_FORM.string, "/src"],
      [DW_AT.lowPc, DW_FORM.addr, 0x1000],
      [DW_AT.highPc, DW_FORM.data4, 0x100],
      [DW_AT.stmtList, DW_FORM.secOffset, 7],
      ...attributes,
    ]),
    version >= 5 ? { version, type: DW_UT.skeleton, id: ID } : { version },
  );
  return image;
}

/** The other half, whose tables begin after `before` bytes of others'; T is a string of its type. */
function splitHalf(version: number, before = 0, typeString = 1): InfoImage {
  const image = new InfoImage();
  image.section(".debug_str").text("other").text("f").text("T");
  const offsets = image.section(".debug_str_offsets").append(new Uint8Array(before));
  if (version >= 5) offsets.append(new Uint8Array(8));
  offsets.u32(6).u32(8);
  const lists = version >= 5 ? ".debug_loclists" : ".debug_loc";
  image.section(lists).append(new Uint8Array(before));
  if (version >= 5) {
    image.section(".debug_rnglists").append(new Uint8Array(before + 12)).u32(4)
      .bytes(4).uleb(0x20).uleb(0x28).bytes(0);
    image.section(lists).append(new Uint8Array(12)).u32(4).bytes(DW_LLE.startxEndx).uleb(0).uleb(1)
      .uleb(1).bytes(42).bytes(0);
  } else {
    image.section(lists).bytes(DW_LLE.startxEndx).uleb(0).uleb(1).u16(1).bytes(42).bytes(0);
  }
  const string = version >= 5 ? DW_FORM.strx1 : DW_FORM.gnuStrIndex;
  image.section(".debug_abbrev").append(new Uint8Array(before));
  const init = { version, ...(version >= 5 ? { type: DW_UT.splitCompile, id: ID } : {}) };
  image.unit(
    die(
      DW_TAG.compileUnit,
      version >= 5 ? [] : [[DW_AT.gnuDwoId, DW_FORM.data8, ID]],
      [
        die(DW_TAG.subprogram, [
          [DW_AT.name, string, 0],
          [DW_AT.lowPc, version >= 5 ? DW_FORM.addrx : DW_FORM.gnuAddrIndex, 1],
          [DW_AT.highPc, DW_FORM.data4, 8],
          [DW_AT.frameBase, version >= 5 ? DW_FORM.loclistx : DW_FORM.secOffset, 0],
          [DW_AT.type, DW_FORM.refSig8, 9],
        ]),
        die(DW_TAG.subprogram, [
          [DW_AT.name, DW_FORM.string, "g"],
          [
            DW_AT.ranges,
            version >= 5 ? DW_FORM.rnglistx : DW_FORM.secOffset,
            version >= 5 ? 0 : 16,
          ],
        ]),
      ],
    ),
    init,
  );
  const types = version >= 5 ? { type: DW_UT.splitType } : { section: ".debug_types" as const };
  image.unit(
    die(DW_TAG.typeUnit, [], [
      die(DW_TAG.structureType, [[DW_AT.name, string, typeString]], [], "T"),
    ]),
    { version, id: 9n, typed: "T", ...types },
  );
  return image;
}

/** What is found in a program and its split half. */
function look(main: DebugInfo): unknown {
  const unit = main.unitAt(0x1010)!;
  const { full } = unit;
  const scopes = [0x1010, 0x1017, 0x1018, 0x1020, 0x1027].map((at) => main.functionAt(at)?.name);
  const f = main.functionAt(0x1010)!;
  return {
    kinds: [unit.kind, full.kind],
    folder: full.directory,
    line: full.lineOffset,
    scopes,
    frame: [0x1000, 0x100f, 0x1010].map((at) => f.location(DW_AT.frameBase, at)?.[0]),
    type: f.reference(DW_AT.type)?.name,
    named: ["f", "g", "T", "other"].map((name) => [...main.named(name)].length),
    problems: main.problems,
  };
}

const FOUND = {
  kinds: ["skeleton", "split-compile"],
  folder: "/src",
  line: 7,
  scopes: ["f", "f", undefined, "g", "g"],
  frame: [42, 42, undefined],
  type: "T",
  named: [1, 1, 1, 0],
  problems: [],
};

Deno.test("DebugInfo, a split unit is read with the addresses of its skeleton", () => {
  for (const version of [4, 5]) {
    const half = splitHalf(version).info({ isSplit: true });
    const wants: unknown[] = [];
    const main = skeleton(version).info({
      split: ({ name, directory, id }) => {
        wants.push([name, directory, id]);
        return half;
      },
    });
    assertEquals(look(main), FOUND);
    assertEquals(wants, [["unit.dwo", "/src", ID]]);
    const alone = skeleton(version).info({ split: () => undefined });
    assertEquals(alone.functionAt(0x1010), undefined);
    assertEquals(alone.unitAt(0x1010)?.full.kind, "skeleton");
  }
});

Deno.test("DebugInfo, units of a package have parts of its sections", () => {
  for (const version of [4, 5]) {
    // The part of the type's strings begins at its own.
    const image = splitHalf(version, 64, 0);
    const numbers = version >= 5 ? [1, 3, 5, 6, 8] : [1, 3, 5, 6];
    const index = (name: ".debug_cu_index" | ".debug_tu_index", id: bigint, at: number) => {
      const isType = name === ".debug_tu_index";
      const columns = isType && version < 5 ? [2, ...numbers.slice(1)] : numbers;
      const table = image.section(name);
      table.u32(version >= 5 ? 5 : 2).u32(columns.length).u32(1).u32(2);
      const slot = Number(id & 1n);
      for (const each of [0, 1]) table.u64(each === slot ? id : 0n);
      for (const each of [0, 1]) table.u32(each === slot ? 1 : 0);
      for (const column of columns) table.u32(column);
      const places = new Map([[1, at], [2, at]]);
      if (isType) places.set(6, 68);
      for (const column of columns) table.u32(places.get(column) ?? 64);
      for (const _ of columns) table.u32(0x1000);
    };
    // What abbreviations and lists count from is their part.
    const info = image.info({ isSplit: true });
    const [compilation, types] = info.units;
    index(".debug_cu_index", ID, compilation!.offset);
    index(".debug_tu_index", 9n, types!.offset);
    const built = image.build();
    // The tables were built as if there were no parts.
    for (const name of [".debug_info", ".debug_types"] as const) {
      const bytes = built.get(name);
      if (bytes === undefined) continue;
      const view = new DataView(bytes.buffer);
      for (const unit of info.units.filter((each) => each.source === name)) {
        const place = unit.offset + (version >= 5 ? 8 : 6);
        view.setUint32(place, view.getUint32(place, true) - 64, true);
      }
    }
    const half = splitInfoOf(parseElf(elfImage({
      sections: [...built].map(([name, data]) => ({
        name: name.endsWith("_index") ? name : `${name}.dwo`,
        data,
      })),
    })));
    const main = skeleton(version).info({ split: () => half });
    assertEquals(look(main), FOUND);
    assertEquals(half?.problems, []);
  }
});

Deno.test("DebugInfo, what dwz has moved is found in the file it is in", () => {
  for (const modern of [false, true]) {
    const shared = new InfoImage();
    shared.section(".debug_str").text("").text("moved");
    shared.unit(
      die(DW_TAG.partialUnit, [], [
        die(DW_TAG.baseType, [[DW_AT.name, DW_FORM.string, "int"]], undefined, "int"),
        die(DW_TAG.importedUnit, [[DW_AT.import, DW_FORM.refAddr, { to: "root" }]]),
      ], "root"),
      modern ? { type: DW_UT.partial } : { version: 4 },
    );
    const place = shared.section(".debug_info").at("int");
    const image = new InfoImage();
    if (modern) image.section(".debug_sup").u16(5).bytes(0).text("x.sup").uleb(2).bytes(1, 2);
    else image.section(".gnu_debugaltlink").text("x.sup").bytes(1, 2);
    const root = modern ? 12 : 11;
    const reference = modern ? DW_FORM.refSup4 : DW_FORM.gnuRefAlt;
    const string = modern ? DW_FORM.strpSup : DW_FORM.gnuStrpAlt;
    const language: AttributeInit = [DW_AT.language, DW_FORM.data1, DW_LANG.cPlusPlus];
    image.unit(die(DW_TAG.compileUnit, [language], [
      die(DW_TAG.importedUnit, [[DW_AT.import, reference, root]]),
      die(DW_TAG.variable, [[DW_AT.name, string, 1], [DW_AT.type, reference, place]]),
    ]));
    const wants: unknown[] = [];
    const info = image.info({
      supplementary: (want) => {
        wants.push(want);
        return shared.info();
      },
    });
    assertEquals(info.language, DW_LANG.cPlusPlus);
    const children = [...info.units[0]!.root.childrenImported()];
    // It has moved what is of this unit, and does not say of which language that is.
    assertEquals(children.map(({ unit }) => unit.language), [
      DW_LANG.cPlusPlus,
      DW_LANG.cPlusPlus,
    ]);
    assertEquals(shared.info().units[0]!.language, undefined);
    assertEquals(children.map(({ name }) => name), ["int", "moved"]);
    assertEquals(children[1]?.reference(DW_AT.type)?.is(children[0]!), true);
    assertEquals([...info.named("int")].length, 1);
    assertEquals(wants, [{ name: "x.sup", id: Uint8Array.of(1, 2) }]);
    const without = [...image.info().units[0]!.root.childrenImported()];
    assertEquals(without.map(({ name }) => name), [undefined]);
    assertEquals(without[0]?.reference(DW_AT.type), undefined);
  }
});

Deno.test("debugInfoOf, sections of one name in a file that is not linked are one", () => {
  const image = new InfoImage();
  image.unit(
    die(DW_TAG.typeUnit, [], [
      die(DW_TAG.structureType, [[DW_AT.name, DW_FORM.string, "T"]], [], "T"),
    ]),
    { type: DW_UT.type, id: 5n, typed: "T" },
  );
  const first = image.section(".debug_info").size;
  image.unit(die(DW_TAG.compileUnit, [], [die(DW_TAG.member, [[DW_AT.type, DW_FORM.refSig8, 5]])]));
  const built = image.build();
  const bytes = built.get(".debug_info")!;
  const file = parseElf(elfImage({
    type: 1,
    sections: [
      { name: ".debug_info", data: bytes.slice(0, first) },
      { name: ".debug_abbrev", data: built.get(".debug_abbrev")! },
      { name: ".debug_info", data: bytes.slice(first) },
    ],
  }));
  const info = debugInfoOf(file)!;
  assertEquals(info.units.map((unit) => unit.offset), [0, first]);
  const [member] = info.units[1]!.root.children();
  assertEquals(member?.reference(DW_AT.type)?.name, "T");
  assertEquals(debugInfoOf(parseElf(elfImage({ sections: [] }))), undefined);
});

Deno.test("DebugInfo, an index of a package that is damaged is told of and done without", () => {
  const image = splitHalf(5);
  image.section(".debug_cu_index").u32(5).u32(1).u32(1).u32(3);
  const info = image.info({ isSplit: true });
  assertEquals(info.units.length, 2);
  assertMatch(
    String(info.problems[0]),
    /slots are 3, expected a power of two, above 1 \(\.debug_cu_index\+0xc\)$/,
  );
});
