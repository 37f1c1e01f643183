import { assertEquals, assertThrows } from "@std/assert";
import { crc32 } from "node:zlib";
import { InputError } from "../../bytes/mod.ts";
import { parseElf } from "../../elf/mod.ts";
import { DebugFiles } from "./debug_files.ts";
import { DebugFileError } from "./errors.ts";
import { DISK } from "./store.ts";
import { madeFile, madeProgram, madeStore } from "./testing/made_files.ts";
import { xzStream } from "./testing/xz_stream.ts";

const ID = "ab12cd34";
const OTHER_ID = "ff12cd34";
const BY_ID = "/usr/lib/debug/.build-id/ab/12cd34.debug";
const SEPARATE = madeFile({ id: ID, debug: true });

/** The debug file of a program at `/usr/bin/tool`, and what is told of others. */
function look(
  program: Parameters<typeof madeFile>[0],
  files: Record<string, Uint8Array | string>,
  options: { sysroot?: string; directories?: string[]; path?: string } = {},
) {
  const { path = "/usr/bin/tool", ...rest } = options;
  const store = madeStore(files);
  const found = new DebugFiles({ store, ...rest }).of(madeProgram(program, "tool"), path);
  const { debugFile } = found;
  return {
    path: debugFile?.name,
    problems: found.problems.map(({ message }) => message),
    searched: found.searched,
    opened: store.opened,
  };
}

Deno.test("DebugFiles, looks for nothing if the program has its debug information", () => {
  const { path, opened } = look({ id: ID, debug: true }, { [BY_ID]: SEPARATE });
  assertEquals([path, opened], ["tool", []]);
});

Deno.test("DebugFiles, finds a separate file by build-id, in the sysroot too", () => {
  assertEquals(look({ id: ID }, { [BY_ID]: SEPARATE }).path, BY_ID);
  assertEquals(look({ id: ID }, { [`/image${BY_ID}`]: SEPARATE }).path, undefined);
  const sysroot = look({ id: ID }, { [`/image${BY_ID}`]: SEPARATE }, { sysroot: "/image/" });
  assertEquals(sysroot.path, `/image${BY_ID}`);
  const directories = ["/opt/debug"];
  const other = look({ id: ID }, { "/opt/debug/.build-id/ab/12cd34.debug": SEPARATE }, {
    directories,
  });
  assertEquals(other.path, "/opt/debug/.build-id/ab/12cd34.debug");
});

Deno.test("DebugFiles, finds a separate file by its link where gdb looks, in that order", () => {
  const separate = madeFile({ debug: true });
  const link = ["tool.debug", crc32(separate)] as const;
  const places = [
    "/usr/bin/tool.debug",
    "/usr/bin/.debug/tool.debug",
    "/usr/lib/debug/usr/bin/tool.debug",
  ];
  const { searched } = look({ link }, {});
  assertEquals(searched, places);
  for (const [i, place] of places.entries()) {
    const files = Object.fromEntries(places.slice(i).map((each) => [each, separate]));
    assertEquals(look({ link }, files).path, place);
  }
  // A program that is a link to another folder, and one in a sysroot.
  const real = "/usr/lib/debug/opt/x/tool.debug";
  const linked = { "/usr/bin/tool": "/opt/x/tool", "/opt/x/tool": separate, [real]: separate };
  assertEquals(look({ link }, linked).path, real);
  const sysroot = look({ link }, { [`/image${places[2]}`]: separate }, {
    path: "/image/usr/bin/tool",
    sysroot: "/image",
  });
  assertEquals(sysroot.path, `/image${places[2]}`);
});

Deno.test("DebugFiles, takes no file of another build and says which it was", () => {
  const wrong = madeFile({ id: OTHER_ID, debug: true });
  const link = ["tool.debug", crc32(wrong)] as const;
  const files = { [BY_ID]: wrong, "/usr/bin/tool.debug": wrong };
  const { path, problems } = look({ id: ID, link }, files);
  assertEquals(path, undefined);
  assertEquals(problems, [
    `Debug file's build-id is ff12cd34, expected ab12cd34 (${BY_ID})`,
    "Debug file's build-id is ff12cd34, expected ab12cd34 (/usr/bin/tool.debug)",
  ]);
  // By its link the right one is found all the same, and the wrong one told of.
  const right = look({ id: ID, link }, { ...files, "/usr/bin/.debug/tool.debug": SEPARATE });
  assertEquals([right.path, right.problems.length], ["/usr/bin/.debug/tool.debug", 2]);
  const missing = look({ id: ID }, { [BY_ID]: madeFile({ debug: true }) });
  assertEquals(missing.problems, [
    `Debug file's build-id is missing, expected ab12cd34 (${BY_ID})`,
  ]);
});

Deno.test("DebugFiles, compares the checksum where there are no two build-ids", () => {
  const separate = madeFile({ debug: true });
  const checksum = crc32(separate);
  const files = { "/usr/bin/tool.debug": separate };
  assertEquals(look({ link: ["tool.debug", checksum] }, files).path, "/usr/bin/tool.debug");
  const { path, problems } = look({ link: ["tool.debug", 0x12] }, files);
  assertEquals(path, undefined);
  assertEquals(problems, [
    `Debug file's checksum is 0x${checksum.toString(16).padStart(8, "0")}, ` +
    "expected 0x00000012 (/usr/bin/tool.debug)",
  ]);
});

Deno.test("DebugFiles, tells of damaged files and links", () => {
  const files = { [BY_ID]: SEPARATE.slice(0, 100) };
  const { path, problems } = look({ id: ID }, files);
  assertEquals([path, problems.length], [undefined, 1]);
  assertEquals(problems[0]!.startsWith("Cannot read section header 0"), true, problems[0]);
  for (const name of ["../../etc/passwd", ""]) {
    const [problem] = look({ link: [name, 1] }, {}).problems;
    assertEquals(problem?.startsWith("Debug link is "), true, problem);
  }
});

Deno.test("ModuleFiles, names functions by the fullest symbol tables", async () => {
  const dynamic = { open: 0x1000 };
  const packed = xzStream(madeFile({ functions: { hidden: 0x1010 } }));
  const whole = { [BY_ID]: madeFile({ id: ID, debug: true, functions: { all: 0x1000 } }) };
  const names = async (made: Parameters<typeof madeFile>[0], files = {}) => {
    const found = new DebugFiles({ store: madeStore(files) })
      .of(madeProgram(made, "tool"), "/usr/bin/tool");
    await found.prepare();
    return found.symbolFiles.map((file) => file.symbols.all.map(({ name }) => name).join());
  };
  assertEquals(await names({ dynamic }), ["open"]);
  assertEquals(await names({ dynamic, packed }), ["hidden", "open"]);
  assertEquals(await names({ dynamic, packed, functions: { own: 0x1000 } }), ["own,open"]);
  assertEquals(await names({ id: ID, dynamic, packed }, whole), ["all"]);
});

Deno.test("ModuleFiles.prepare, leaves damaged and hostile packed tables out", async () => {
  const refused = async (packed: Uint8Array) => {
    const program = madeProgram({ packed }, "tool");
    const files = new DebugFiles({ store: madeStore({}) }).of(program);
    await files.prepare();
    assertEquals(files.symbolFiles, [program]);
    assertEquals(files.problems.length, 1);
    return files.problems[0]!.kind;
  };
  const sound = xzStream(madeFile({ functions: { hidden: 0x1010 } }));
  const flipped = sound.slice();
  flipped[100]! ^= 1;
  for (const packed of [flipped, sound.slice(0, 200), new Uint8Array(0), Uint8Array.of(1, 2)]) {
    assertEquals(await refused(packed), "compression");
  }
  assertEquals(await refused(xzStream(new TextEncoder().encode("no ELF"))), "magic");
  const headless = parseElf(madeFile({ packed: sound }).slice(0, 200));
  const files = new DebugFiles({ store: madeStore({}) }).of(headless);
  await files.prepare();
  assertEquals(files.problems.map(({ kind }) => kind), ["truncated"]);
  const cut = madeFile({ functions: { hidden: 0x1010 } }).slice(0, 100);
  assertEquals(await refused(xzStream(cut)), "truncated");
});

Deno.test("DISK, reads parts of files and refuses one that has changed", () => {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(path, new Uint8Array(100_000).fill(1));
    const source = DISK.open(path)!;
    const into = new Uint8Array(10);
    source.readAt(50_000, into);
    assertEquals(into, new Uint8Array(10).fill(1));
    Deno.writeFileSync(path, new Uint8Array(99_999));
    const error = assertThrows(() => source.readAt(0, into), DebugFileError);
    assertEquals([error.kind, error.source], ["changed", path]);
    assertEquals(DISK.open(`${path}/nothing`), undefined);
    assertEquals(DISK.open("/"), undefined);
    assertThrows(() => parseElf(DISK.open(path)!), InputError);
  } finally {
    Deno.removeSync(path);
  }
});
