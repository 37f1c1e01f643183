import { assertEquals } from "@std/assert";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";
import { DW_AT, DW_FORM, DW_TAG, DW_UT } from "../../elf/dwarf/mod.ts";
import { type AttributeInit, die, InfoImage } from "../../elf/dwarf/testing/info_image.ts";
import { parseElf } from "../../elf/mod.ts";
import { DebugFiles } from "../files/mod.ts";
import { madeStore } from "../files/testing/made_files.ts";
import { Symbols } from "./symbols.ts";
import {
  call,
  code,
  fileOf,
  INLINED,
  inlinedProgram,
  lines,
  lineTable,
  name,
  origin,
} from "./testing/inlined_program.ts";

/** Symbols of a program at `/bin/a`, which may refer to other files. */
function symbolsOf(program: Uint8Array, files: Record<string, Uint8Array> = {}): Symbols {
  const found = new DebugFiles({ store: madeStore(files) });
  return new Symbols(found.of(parseElf(program, { name: "a" }), "/bin/a"));
}

/** Names and places of an address. */
function textAt(symbols: Symbols, address: number): string[] {
  return symbols.at(BigInt(address)).map((frame) => {
    const { source } = frame;
    const place = source && `${source.path}:${source.line}:${source.column}`;
    return `${frame.linkageName ?? frame.name} ${place}${frame.isInline ? " inline" : ""}`;
  });
}

Deno.test("Symbols.at, gives the inlined functions, each with the place of the next one's call", () => {
  const symbols = symbolsOf(inlinedProgram());
  assertEquals(textAt(symbols, 0x1000), ["main /src/a.c:10:0"]);
  assertEquals(textAt(symbols, 0x1007), [
    "_ZN5space5Class6methodEv /src/a.c:11:0 inline",
    "main /src/a.c:12:5",
  ]);
  assertEquals(textAt(symbols, 0x1008), [
    "helper /src/a.c:12:0 inline",
    "_ZN5space5Class6methodEv /src/h.h:77:0 inline",
    "main /src/a.c:12:5",
  ]);
  assertEquals(textAt(symbols, 0x1010), []);
  const [, method, main] = symbols.at(0x1008n);
  assertEquals([method!.name, method!.qualifiedName], ["method", "space::Class::method"]);
  assertEquals(method!.declaration, { path: "/src/h.h", file: "h.h", line: 7, column: 0 });
  assertEquals([method!.start, main!.start], [0x1004n, 0x1000n]);
  assertEquals(main!.entry?.tag, DW_TAG.subprogram);
  assertEquals(symbols.places("a.c", 12).map(({ address }) => address), [0x1008n]);
  assertEquals(symbols.problems, []);
});

Deno.test("Symbols.at, of a function that several units have the first unit has the address", () => {
  const info = new InfoImage();
  for (const each of ["first", "second", "third"]) {
    const copy = die(DW_TAG.subprogram, [name(each), ...code(0x1000, 16)]);
    info.unit(die(DW_TAG.compileUnit, [lines, ...code(0x1000, 16)], [copy]));
  }
  assertEquals(textAt(symbolsOf(fileOf([info, lineTable()])), 0x1000), ["first /src/a.c:10:0"]);
});

Deno.test("Symbols.at, knows the line where no unit has the address, and leaves out damage", () => {
  const info = new InfoImage();
  info.unit(die(DW_TAG.compileUnit, [name("other.c")]));
  assertEquals(textAt(symbolsOf(fileOf([info, lineTable()])), 0x1004), ["undefined /src/a.c:11:0"]);
  const damaged = new InfoImage();
  const wrong = die(DW_TAG.inlinedSubroutine, [
    origin("helper"),
    ...code(0x1000, 4),
    ...call(9, 1, 1),
  ]);
  damaged.unit(die(DW_TAG.compileUnit, [lines, ...code(0x1000, 16)], [
    die(DW_TAG.subprogram, [name("helper")], undefined, "helper"),
    die(DW_TAG.subprogram, [name("main"), ...code(0x1000, 16)], [wrong]),
  ]));
  const symbols = symbolsOf(fileOf([damaged, lineTable()]));
  assertEquals(textAt(symbols, 0x1000), ["helper /src/a.c:10:0 inline", "main undefined"]);
  assertEquals(symbols.problems.map(({ kind }) => kind), ["file"]);
});

Deno.test("SymbolFrame, what is damaged is undefined and told of", () => {
  const info = new InfoImage();
  const nowhere: AttributeInit = [DW_AT.abstractOrigin, DW_FORM.ref4, 0x7fff];
  const wide: AttributeInit = [DW_AT.lowPc, DW_FORM.addr, 0x1122_3344_5566_7788n];
  const inside = die(DW_TAG.subprogram, [nowhere, ...code(0x1004, 4)], [
    die(DW_TAG.lexicalBlock, [wide, [DW_AT.highPc, DW_FORM.data4, 4]]),
  ]);
  info.unit(die(DW_TAG.compileUnit, [lines, ...code(0x1000, 16)], [inside]));
  const symbols = symbolsOf(fileOf([info, lineTable()]));
  const [frame] = symbols.at(0x1004n);
  assertEquals(frame!.source?.line, 11);
  const { name, linkageName, qualifiedName, declaration, start } = frame!;
  assertEquals([name, linkageName, qualifiedName, declaration, start], [
    undefined,
    undefined,
    undefined,
    undefined,
    0x1004n,
  ]);
  assertEquals(symbols.problems.map(({ kind }) => kind), ["range", "reference"]);
});

Deno.test("Symbols, sections that cannot be read are told of, whatever is asked", () => {
  const program = inlinedProgram();
  const file = parseElf(program);
  // Longer than the file.
  for (const name of [".debug_line", ".debug_info"]) {
    const section = file.section(name)!;
    const headers = Number(file.view.getBigUint64(40, true));
    const cut = program.slice();
    new DataView(cut.buffer).setBigUint64(headers + section.index * 64 + 32, 2n ** 40n, true);
    const symbols = symbolsOf(cut);
    assertEquals(symbols.places("a.c", 12).length, name === ".debug_line" ? 0 : 1);
    assertEquals(symbols.at(0x1000n).length, 1);
    assertEquals(symbols.problems.map(({ kind }) => kind)[0], "truncated");
  }
});

const SPLIT_ID = 0x1122334455667788n;

/** The skeleton of a unit in a `.dwo` file. */
function skeleton(): Uint8Array {
  const info = new InfoImage();
  const attributes: AttributeInit[] = [
    lines,
    ...code(0x1000, 16),
    [DW_AT.dwoName, DW_FORM.string, "out/a.dwo"],
    [DW_AT.compDir, DW_FORM.string, "/src"],
  ];
  info.unit(die(DW_TAG.skeletonUnit, attributes), { type: DW_UT.skeleton, id: SPLIT_ID });
  return fileOf([info, lineTable()]);
}

function splitFile(id: bigint): Uint8Array {
  const info = new InfoImage();
  info.unit(die(DW_TAG.compileUnit, [name("a.c")], INLINED), { type: DW_UT.splitCompile, id });
  return fileOf([info], [], ".dwo");
}

Deno.test("Symbols.at, finds split units where the compiler or the program is, and in packages", () => {
  const places = ["/src/out/a.dwo", "/bin/out/a.dwo", "/bin/a.dwo", "/bin/a.dwp"];
  for (const place of places) {
    const symbols = symbolsOf(skeleton(), { [place]: splitFile(SPLIT_ID) });
    assertEquals(textAt(symbols, 0x1007), [
      "_ZN5space5Class6methodEv /src/a.c:11:0 inline",
      "main /src/a.c:12:5",
    ], place);
    assertEquals(symbols.problems, []);
  }
});

Deno.test("Symbols.at, takes no split unit of another id, and says which it was", () => {
  const symbols = symbolsOf(skeleton(), { "/src/out/a.dwo": splitFile(1n) });
  assertEquals(textAt(symbols, 0x1007), ["undefined /src/a.c:11:0"]);
  assertEquals(symbols.problems.map(({ message }) => message), [
    "Split file's id is 0x0000000000000001, expected 0x1122334455667788 (/src/out/a.dwo)",
    "Cannot find the split debug file out/a.dwo of /src, expected at /bin/a.dwo or before (/bin/a)",
  ]);
});

Deno.test("Symbols.at, takes names out of the file that dwz has made, if it is the right one", () => {
  const shared = new InfoImage();
  const at = shared.unit(die(DW_TAG.partialUnit, [], [
    die(DW_TAG.subprogram, [name("shared")], undefined, "shared"),
  ]));
  const offset = at + shared.section(".debug_info").at("shared");
  const info = new InfoImage();
  info.unit(
    die(DW_TAG.compileUnit, [lines, ...code(0x1000, 16)], [
      die(DW_TAG.subprogram, [
        [DW_AT.abstractOrigin, DW_FORM.gnuRefAlt, offset],
        ...code(0x1000, 16),
      ]),
    ]),
    { version: 4 },
  );
  const id = [1, 2, 3, 4];
  const link = new ImageBuilder().text("../lib/shared.debug").append(id).build();
  const program = fileOf([info, lineTable()], [{
    name: ".gnu_debugaltlink",
    flags: 0,
    data: link,
  }]);
  const sharedFile = (build: readonly number[]) => {
    const note = new ImageBuilder().u32(4).u32(4).u32(3).text("GNU").append(build).build();
    return fileOf([shared], [{ name: ".note.gnu.build-id", type: 7, data: note }]);
  };
  const right = symbolsOf(program, { "/bin/../lib/shared.debug": sharedFile(id) });
  assertEquals([textAt(right, 0x1000), right.problems], [["shared /src/a.c:10:0"], []]);
  const byId = symbolsOf(program, { "/usr/lib/debug/.build-id/01/020304.debug": sharedFile(id) });
  assertEquals(textAt(byId, 0x1000), ["shared /src/a.c:10:0"]);
  const wrong = symbolsOf(program, { "/bin/../lib/shared.debug": sharedFile([5, 6, 7, 8]) });
  assertEquals(textAt(wrong, 0x1000), ["undefined /src/a.c:10:0"]);
  assertEquals(wrong.problems.map(({ kind, message }) => [kind, message.slice(0, 57)]), [
    ["build-id", "Debug file's build-id is 05060708, expected 01020304 (/bi"],
    ["missing", "Cannot find the shared debug file ../lib/shared.debug wit"],
  ]);
});
