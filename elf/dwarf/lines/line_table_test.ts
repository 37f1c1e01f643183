import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { InputError } from "../../../bytes/mod.ts";
import { uleb } from "../../../bytes/testing/image_builder.ts";
import { DW_FORM, DW_LNE, DW_LNS } from "../constants.ts";
import { DwarfError } from "../errors.ts";
import { LineTable, lineTableOf } from "./line_table.ts";
import { DwarfSections } from "../sections.ts";
import { elfImage } from "../../testing/elf_image.ts";
import { parseElf } from "../../mod.ts";
import { DebugImage, op, plainSequence } from "../testing/debug_image.ts";

function textAt(table: LineTable, address: number | bigint): string {
  const found = table.at(BigInt(address));
  return found === undefined ? "none" : `${found.path}:${found.line}`;
}

Deno.test("LineTable.at, a row covers the bytes from its address to the next row's", () => {
  const image = new DebugImage();
  const files = [["a.c", 0]] as const;
  const program = [...plainSequence(0x1000, 10, 3), ...plainSequence(0x2000, 50, 1)];
  image.table({ version: 5, directories: ["/src"], files: [...files, ...files], program });
  const table = new LineTable(image.sections());
  const expected: [number, string][] = [
    [0xfff, "none"],
    [0x1000, "/src/a.c:10"],
    [0x1003, "/src/a.c:10"],
    [0x1004, "/src/a.c:11"],
    [0x100b, "/src/a.c:12"],
    [0x100c, "none"], // the sequence ends here
    [0x1fff, "none"],
    [0x2003, "/src/a.c:50"],
    [0x2004, "none"],
  ];
  assertEquals(expected.map(([address]) => [address, textAt(table, address)]), expected);
  assertEquals(table.at(0x1006n), {
    path: "/src/a.c",
    file: "a.c",
    line: 11,
    column: 0,
    address: 0x1004n,
  });
  assertEquals(textAt(table, 2n ** 60n), "none");
  assertEquals(table.problems, []);
});

Deno.test("LineTable.unitAt, only offsets at which a table begins have one", () => {
  const image = new DebugImage();
  const first = image.table({ program: plainSequence(0x1000, 10, 3) });
  const second = image.table({ program: plainSequence(0x2000, 50, 1) });
  const table = new LineTable(image.sections());
  const found = [first, second, second + 1].map((at) => table.unitAt(at)?.header.offset);
  assertEquals(found, [first, second, undefined]);
});

Deno.test("LineTable.at, of sequences that overlap the one that begins last has the address", () => {
  const image = new DebugImage();
  const files = [["outer.c", 0], ["outer.c", 0], ["inner.c", 0]] as const;
  const inner = [op.one(DW_LNS.setFile, 2), ...plainSequence(0x1010, 1, 2)];
  const program = [...plainSequence(0x1000, 10, 16), ...inner, ...plainSequence(0x1020, 90, 1)];
  image.table({ directories: ["/"], files, program });
  const table = new LineTable(image.sections());
  const found = [0x100c, 0x1010, 0x1017, 0x1018, 0x1023, 0x1024].map((at) => textAt(table, at));
  assertEquals(found, [
    "/outer.c:13",
    "/inner.c:1",
    "/inner.c:2",
    "/outer.c:16",
    "/outer.c:90",
    "/outer.c:19",
  ]);
});

Deno.test("LineTable.at, of sequences that begin at one address the file's first has it", () => {
  const image = new DebugImage();
  for (const name of ["first.c", "second.c", "third.c"]) {
    image.table({ version: 4, files: [[name, 0]], program: plainSequence(0x1000, 1, 1) });
  }
  assertEquals(textAt(new LineTable(image.sections()), 0x1000), "first.c:1");
});

Deno.test("LineTable.at, of rows at one address the last holds; rows out of order are sorted", () => {
  const image = new DebugImage();
  const program = [
    op.address(0x1000),
    op.plain(DW_LNS.copy), // line 1
    op.special(0, 4), // line 5, same address
    op.address(0x1010),
    op.special(0, 1), // line 6
    op.address(0x1008),
    op.special(0, 1), // line 7, in between
    op.address(0x1020),
    op.end(),
  ];
  image.table({ directories: ["/"], files: [["a.c", 0], ["a.c", 0]], program });
  const table = new LineTable(image.sections());
  const found = [0x1000, 0x1007, 0x1008, 0x100f, 0x1010].map((at) => textAt(table, at));
  assertEquals(found, ["/a.c:5", "/a.c:5", "/a.c:7", "/a.c:7", "/a.c:6"]);
});

Deno.test("LineTable.at, a sequence longer than 4 GiB is damage, others of the table count", () => {
  const image = new DebugImage();
  const long = [
    op.address(0x2000),
    op.plain(DW_LNS.copy),
    op.address(2n ** 32n + 0x2000n),
    op.end(),
  ];
  image.table({
    version: 4,
    files: [["a.c", 0]],
    program: [...plainSequence(0x1000, 10, 1), ...long],
  });
  const table = new LineTable(image.sections());
  assertEquals([textAt(table, 0x1000), textAt(table, 0x2000)], ["a.c:10", "none"]);
  assertEquals(table.problems.map(({ kind }) => kind), ["address"]);
});

Deno.test("LineTable.at, code that the linker has dropped has no lines", () => {
  const image = new DebugImage();
  const dropped = [-1n, -2n].flatMap((each) => plainSequence(BigInt.asUintN(64, each), 1, 4));
  image.table({ files: [["a.c", 0], ["a.c", 0]], program: dropped });
  const table = new LineTable(image.sections());
  for (const address of [0, 3, 4, 2n ** 64n - 1n]) assertEquals(textAt(table, address), "none");
  assertEquals(table.problems, []);
});

Deno.test("LineTable.at, paths are complete where the compiler says where it ran", () => {
  for (const version of [4, 5]) {
    const image = new DebugImage();
    const unnumbered = version === 5 ? 1 : 0;
    const program = [
      op.address(0x1000),
      op.special(0, 1),
      op.one(DW_LNS.setFile, 2),
      op.special(4, 0),
      op.one(DW_LNS.setFile, 3),
      op.special(4, 0),
      op.one(DW_LNS.setFile, 4),
      op.special(4, 0),
      op.one(DW_LNS.advancePc, 4),
      op.end(),
    ];
    const files: [string, number][] = [["a.c", 0], ["b.h", 1], ["c.h", 2], ["/abs/d.h", 1]];
    const lines = image.table({
      version,
      directories: [...["/home/me"].slice(0, unnumbered), "sub", "/usr/include/"],
      files: [...files.slice(0, unnumbered), ...files],
      program,
    });
    image.unit({ lines, directory: "/home/me", version });
    const table = new LineTable(image.sections());
    const found = [0x1000n, 0x1004n, 0x1008n, 0x100cn].map((at) => table.at(at)!);
    assertEquals(found.map(({ path }) => path), [
      "/home/me/a.c",
      "/home/me/sub/b.h",
      "/usr/include/c.h",
      "/abs/d.h",
    ], `version ${version}`);
    assertEquals(found.map(({ file }) => file), ["a.c", "sub/b.h", "/usr/include/c.h", "/abs/d.h"]);
    assertEquals(table.problems, []);
  }
});

Deno.test("LineTable.at, folders are found through indices of strings, by each unit's base", () => {
  const image = new DebugImage();
  for (const [at, directory] of [[0x1000, "/one"], [0x2000, "/two"]] as const) {
    const program = plainSequence(at, 1, 1);
    const lines = image.table({ version: 4, files: [["a.c", 0]], program });
    image.unit({ lines, directory, indexed: true });
  }
  const table = new LineTable(image.sections());
  assertEquals([0x1000, 0x2000].map((at) => textAt(table, at)), ["/one/a.c:1", "/two/a.c:1"]);
  assertEquals(table.problems, []);
});

Deno.test("LineTable.at, files that a program defines itself come behind the header's", () => {
  const image = new DebugImage();
  const define = op.extended(DW_LNE.defineFile, 0x78, 0x2e, 0x63, 0, 0, 0, 0); // x.c
  const program = [
    define,
    op.address(0x1000),
    op.one(DW_LNS.setFile, 2),
    ...plainSequence(16, 3, 1),
  ];
  image.table({ version: 3, files: [["a.c", 0]], program });
  const table = new LineTable(image.sections());
  assertEquals([textAt(table, 16), textAt(table, 20)], ["x.c:3", "none"]);
});

/** Places of a line: where they are, and which file and line these are of. */
function placesAt(table: LineTable, file: string, line: number): string[] {
  return table.places(file, line).map(({ address, end, path, line, isStatement }) =>
    `${address.toString(16)}-${end.toString(16)} ${path}:${line}${isStatement ? "" : " inside"}`
  );
}

Deno.test("LineTable.places, finds the code of a line in all tables that have the file", () => {
  const image = new DebugImage();
  const files = [["a.c", 0], ["h.h", 1]] as const;
  const directories = ["/src", "/src/../include/./sub"];
  const header = [op.one(DW_LNS.setFile, 1), ...plainSequence(0x1010, 7, 2)];
  const own = [op.one(DW_LNS.setFile, 0), ...plainSequence(0x1000, 10, 3)];
  image.table({ version: 5, directories, files, program: [...own, ...header] });
  const inside = [op.one(DW_LNS.setFile, 1), op.plain(DW_LNS.negateStmt)];
  const again = [...inside, ...plainSequence(0x800, 8, 1)];
  image.table({ version: 5, directories, files, program: again });
  const table = new LineTable(image.sections());
  assertEquals(placesAt(table, "a.c", 11), ["1004-1008 /src/a.c:11"]);
  const eight = [
    "800-804 /src/../include/./sub/h.h:8 inside",
    "1014-1018 /src/../include/./sub/h.h:8",
  ];
  for (const name of ["h.h", "sub/h.h", "/include/sub/h.h", "/src/../include/./sub/h.h"]) {
    assertEquals(placesAt(table, name, 8), eight, name);
  }
  for (const name of ["other/h.h", "/h.h", ".h", ""]) assertEquals(placesAt(table, name, 8), []);
  // A line without code stands for the next one that has some, whichever table knows it.
  assertEquals(placesAt(table, "h.h", 1), ["1010-1014 /src/../include/./sub/h.h:7"]);
  assertEquals(placesAt(table, "a.c", 9), ["1000-1004 /src/a.c:10"]);
  assertEquals(placesAt(table, "a.c", 13), []);
});

Deno.test("LineTable.places, knows files that programs define, leaves out rows without code", () => {
  const image = new DebugImage();
  const program = [
    op.extended(DW_LNE.defineFile, ...new TextEncoder().encode("defined.c"), 0, 0, 0, 0),
    op.address(0x1000),
    op.one(DW_LNS.setFile, 1),
    op.plain(DW_LNS.copy), // covers nothing
    op.plain(DW_LNS.copy),
    op.one(DW_LNS.advancePc, 4),
    op.end(),
  ];
  image.table({ version: 4, directories: [], files: [], program });
  const table = new LineTable(image.sections());
  assertEquals(placesAt(table, "defined.c", 1), ["1000-1004 defined.c:1"]);
});

Deno.test("LineTable, what is damaged is left out and told of, the rest is as good as before", () => {
  const image = new DebugImage();
  const files = [["a.c", 0], ["a.c", 0]] as const;
  const good = (at: number) => ({ files, program: plainSequence(at, 1, 1) });
  image.table(good(0x1000));
  const version = image.table({ ...good(0x2000), version: 6 });
  image.table({ files, program: [...plainSequence(0x3000, 7, 1), [0, 0]] });
  const open = image.table({ files, program: [op.address(0x3100), op.special(4, 1)] });
  const last = image.table(good(0x4000));
  const length = image.table(good(0x5000));
  const sections = image.build();
  sections.get(".debug_line")![length] = 0xff;
  const table = new LineTable(new DwarfSections((name) => sections.get(name)));
  const found = [0x1000, 0x2000, 0x3000, 0x3100, 0x4000, 0x5000].map((at) => textAt(table, at));
  assertEquals(found, ["a.c:1", "none", "a.c:7", "none", "a.c:1", "none"]);
  assertEquals(table.problems.map(({ kind, offset }) => [kind, offset]), [
    ["version", version + 4],
    ["length", length],
    ["opcode", open - 1], // the length of the extended opcode that the program ends with
    ["opcode", last], // the end of a program that ends no sequence
  ]);
  assertMatch(table.problems[0]!.message, /version is 6, expected 2 to 5 \(\.debug_line\+0x/);
});

Deno.test("LineTable.at, damage to names is an error of the look-ups that need them", () => {
  const image = new DebugImage();
  const program = [
    ...plainSequence(0x1000, 1, 1),
    op.one(DW_LNS.setFile, 9),
    ...plainSequence(64, 1, 1),
  ];
  image.table({ directories: ["/src"], files: [["a.c", 0], ["a.c", 0]], program });
  const sections = image.build();
  const table = () => new LineTable(new DwarfSections((name) => sections.get(name)));
  const missing = assertThrows(() => table().at(64n), DwarfError, "file is 9, expected 0 to 1");
  assertEquals([missing.kind, missing.source, missing.offset], ["file", ".debug_line", 0]);
  sections.set(".debug_line_str", sections.get(".debug_line_str")!.subarray(0, 2));
  const endless = assertThrows(() => table().at(0x1000n), DwarfError, "ends with a NUL");
  assertEquals([endless.kind, endless.source, endless.offset], ["string", ".debug_line_str", 0]);
});

Deno.test("LineTable.at, a header whose tables have entries without bytes is refused", () => {
  const image = new DebugImage();
  image.table({ files: [["a.c", 0], ["a.c", 0]], program: plainSequence(16, 1, 1) });
  const sections = image.build();
  const lines = sections.get(".debug_line")!;
  const at = 4 + 2 + 2 + 4 + 6 + 12; // the count of the formats of directories
  for (
    const [bytes, kind] of [
      [[0, 0xff, 0xff, 0xff, 0x7f], "header"], // entries without a format
      [[1, 1, DW_FORM.flagPresent, 0xff, 0x7f], "form"],
      [[1, 1, 0x7f, 1, 0], "form"],
      [[1, 1, DW_FORM.string, 0xff, 0x7f], "string"],
    ] as const
  ) {
    const damaged = lines.slice();
    damaged.set(bytes, at);
    const table = new LineTable(new DwarfSections(() => damaged));
    const error = assertThrows(() => table.at(16n), InputError);
    assertEquals([error.kind, error.source], [kind, ".debug_line"]);
  }
});

Deno.test("LineUnit.lineAt, of rows that begin together takes the place for a breakpoint", () => {
  const negate = op.plain(DW_LNS.negateStmt);
  const row = op.plain(DW_LNS.copy);
  const unitOf = (...code: number[][]) => {
    const image = new DebugImage();
    const end = [op.one(DW_LNS.advancePc, 4), op.end()];
    const program = [op.address(0x1000), ...code, ...end];
    image.table({ version: 5, files: [["a.c", 0], ["b.c", 0], ["c.c", 0]], program });
    return new LineTable(image.sections()).units[0]!;
  };
  const lines = (
    unit: ReturnType<typeof unitOf>,
    address: number,
  ) => [unit.rowAt(address)?.line, unit.lineAt(address)?.line];
  // The later row is inside of a statement.
  assertEquals(lines(unitOf(op.line(9), row, negate, op.line(1), row), 0x1002), [11, 10]);
  // Both are places for a breakpoint, or none is.
  assertEquals(lines(unitOf(op.line(9), row, op.line(1), row), 0x1002), [11, 11]);
  assertEquals(lines(unitOf(negate, op.line(9), row, op.line(1), row), 0x1002), [11, 11]);
  // Another file begins in the middle of the statement.
  const changed = [op.one(DW_LNS.setFile, 2), op.line(1), row];
  assertEquals(lines(unitOf(op.line(9), row, negate, ...changed), 0x1002), [11, 10]);
  assertEquals(lines(unitOf(negate, op.line(9), row, negate, ...changed), 0x1002), [11, 11]);
  // Code without a line goes on with the line before it, if there is one.
  const none = unitOf(op.line(9), row, op.one(DW_LNS.advancePc, 4), op.line(-10), row);
  assertEquals(lines(none, 0x1002), [10, 10]);
  assertEquals(lines(none, 0x1006), [0, 10]);
  assertEquals(lines(unitOf(op.line(-1), row), 0x1002), [0, undefined]);
});

Deno.test("LineTable, many names in one long string cost no more than a few times its length", () => {
  const image = new DebugImage();
  const length = 400_000;
  const names = 2000;
  image.lineStrings.append(new Uint8Array(length).fill(0x61)).bytes(0);
  const entry = (i: number) => [...new Uint8Array(Uint32Array.of(i).buffer)];
  image.table({ files: [], program: plainSequence(16, 1, 1) });
  const sections = image.build();
  const lines = sections.get(".debug_line")!;
  const at = 4 + 2 + 2 + 4 + 6 + 12;
  const table = [1, 1, DW_FORM.lineStrp, ...uleb(names)];
  for (let i = 0; i < names; i++) table.push(...entry(i));
  const grown = new Uint8Array(lines.length + table.length);
  grown.set(lines.subarray(0, at));
  grown.set(table, at);
  grown.set(lines.subarray(at), at + table.length);
  const view = new DataView(grown.buffer);
  view.setUint32(0, grown.length - 4, true);
  view.setUint32(8, view.getUint32(8, true) + table.length, true);
  sections.set(".debug_line", grown);
  const lineTable = new LineTable(new DwarfSections((name) => sections.get(name)));
  const { directories } = lineTable.units[0]!.files;
  assertEquals(directories.at(0)!.name.length, length);
  const error = assertThrows(
    () => [...directories].map(({ name }) => name),
    DwarfError,
    "Strings are too long in all",
  );
  assertEquals([error.kind, error.source], ["string", ".debug_line_str"]);
});

Deno.test("lineTableOf, reads sections of ELF files, and knows when there are none", () => {
  const image = new DebugImage();
  image.table({
    version: 4,
    files: [["a.c", 0], ["a.c", 0]],
    program: plainSequence(0x1000, 3, 1),
  });
  const data = image.build().get(".debug_line")!;
  const sections = [{ name: ".debug_line", flags: 0, data }];
  assertEquals(textAt(lineTableOf(parseElf(elfImage({ sections })))!, 0x1002), "a.c:3");
  assertEquals(lineTableOf(parseElf(elfImage())), undefined);
});
