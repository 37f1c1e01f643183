import { assertEquals, assertStrictEquals } from "@std/assert";
import { DW_AT, DW_FORM, DW_LANG, DW_TAG } from "../../elf/dwarf/mod.ts";
import { die, type EntryInit } from "../../elf/dwarf/testing/info_image.ts";
import { parseElf } from "../../elf/mod.ts";
import { elfImage, symbolTable } from "../../elf/testing/elf_image.ts";
import { moduleFromElf, ModuleList } from "../../unwind/walk/mod.ts";
import { DebugFiles } from "../files/mod.ts";
import { checksumOf } from "../files/links.ts";
import { madeStore } from "../files/testing/made_files.ts";
import { FrameReader } from "./frame_reader.ts";
import type { FrameOptions } from "./stack_frames.ts";
import { functionNamed } from "./symbol_lookup.ts";
import { BIAS, made, madeProcess } from "./testing/made_process.ts";

/** `main` at 0x1f40, which ends the stack, has called something. */
const main = (to: string) => made("main", 0x1f40, [{ to, at: 0x1f80 }]);

/** Frames as text, from a stack in `target`, whose callers are at the addresses given. */
function framesOf(
  functions: readonly EntryInit[],
  pcs: readonly number[],
  options?: FrameOptions,
): string[] {
  const process = madeProcess(functions, pcs);
  const frames = new FrameReader(process).frames(process.threads[0]!, options);
  return Array.from(
    frames,
    ({ level, kind, name, pc }) => `${level} ${kind} ${name ?? "??"} ${(pc - BIAS).toString(16)}`,
  );
}

Deno.test("FrameReader.frames, numbers calls and what is inlined in them", () => {
  const inlined = die(DW_TAG.inlinedSubroutine, [
    [DW_AT.abstractOrigin, DW_FORM.ref4, { to: "helper" }],
    [DW_AT.lowPc, DW_FORM.addr, 0x1010],
    [DW_AT.highPc, DW_FORM.data4, 8],
  ]);
  const functions = [
    die(DW_TAG.subprogram, [[DW_AT.name, DW_FORM.string, "helper"]], undefined, "helper"),
    made("inner", 0x1000, [], [inlined]),
    made("outer", 0x1040, [{ to: "inner", at: 0x1050 }]),
    main("outer"),
  ];
  assertEquals(framesOf(functions, [0x1014, 0x1050]), [
    "0 inline helper 1014",
    "1 call inner 1014",
    "2 call outer 1050",
    "3 call main 1f80",
  ]);
  assertEquals(framesOf(functions, [0x1014, 0x1050], { inline: false }), [
    "0 call inner 1014",
    "1 call outer 1050",
    "2 call main 1f80",
  ]);
  // Where the inlined call ends, the interrupted instruction is behind it, a return address not.
  assertEquals(framesOf(functions, [0x1018]).length, 2);
  assertEquals(framesOf(functions, [0x1000, 0x1018]).length, 4);
});

const LAST = made("last", 0x1000);
const SECOND = made("second", 0x1040, [{ to: "last", at: 0x1070, jump: true }]);
const FIRST = made("first", 0x1080, [{ to: "second", at: 0x10b0, jump: true }]);

Deno.test("FrameReader.frames, gives the functions that have left by jumps", () => {
  const functions = [LAST, SECOND, FIRST, main("first")];
  assertEquals(framesOf(functions, [0x1010]), [
    "0 call last 1010",
    "1 tail-call second 1070",
    "2 tail-call first 10b0",
    "3 call main 1f80",
  ]);
  assertEquals(framesOf(functions, [0x1010], { tailCalls: false }), [
    "0 call last 1010",
    "1 call main 1f80",
  ]);
});

Deno.test("FrameReader.frames, of several ways gives what they have in common", () => {
  const left = made("left", 0x10c0, [{ to: "second", at: 0x10d0, jump: true }]);
  const right = made("right", 0x1100, [{ to: "second", at: 0x1110, jump: true }]);
  const fork = made("fork", 0x1140, [
    { to: "left", at: 0x1150, jump: true },
    { to: "right", at: 0x1160, jump: true },
  ]);
  const entry = made("entry", 0x1180, [{ to: "fork", at: 0x1190, jump: true }]);
  assertEquals(framesOf([LAST, SECOND, left, right, fork, entry, main("entry")], [0x1010]), [
    "0 call last 1010",
    "1 tail-call second 1070",
    "2 tail-call entry 1190",
    "3 call main 1f80",
  ]);
});

Deno.test("FrameReader.frames, gives no jumps that are not certain", () => {
  const certain = ["0 call last 1010", "1 call main 1f80"];
  const direct = made("first", 0x1080, [
    { to: "last", at: 0x10a0, jump: true },
    { to: "second", at: 0x10b0, jump: true },
  ]);
  // Two ways with nothing in common.
  assertEquals(framesOf([LAST, SECOND, direct, main("first")], [0x1010]), certain);
  // A jump that nobody knows the target of.
  const blind = made("first", 0x1080, [
    { to: "second", at: 0x10b0, jump: true },
    { at: 0x10b8, jump: true },
  ]);
  assertEquals(framesOf([LAST, SECOND, blind, main("first")], [0x1010]), certain);
  // No description of the call, or one of another function.
  assertEquals(framesOf([LAST, SECOND, FIRST, made("main", 0x1f40)], [0x1010]), certain);
  assertEquals(framesOf([LAST, SECOND, FIRST, main("last")], [0x1010]), certain);
});

Deno.test("FrameReader.frames, a function that jumps to itself has done so once", () => {
  const again = made("again", 0x1080, [
    { to: "again", at: 0x10a0, jump: true },
    { to: "last", at: 0x10b0, jump: true },
  ]);
  // The way out is common to all ways, however often the other jump was taken.
  assertEquals(framesOf([LAST, again, main("again")], [0x1010]), [
    "0 call last 1010",
    "1 tail-call again 10b0",
    "2 call main 1f80",
  ]);
});

Deno.test("FrameReader.frames, a maze of jumps comes to an end", () => {
  const names = Array.from({ length: 40 }, (_, i) => `f${i}`);
  const maze = names.map((name, i) =>
    made(
      name,
      0x10c0 + i * 0x40,
      names.map((to, k) => ({ to, at: 0x10c1 + i * 0x40 + k, jump: true })),
    )
  );
  assertEquals(framesOf([LAST, ...maze, main("f0")], [0x1010]).length, 2);
  // It is gone into from many places, but not for ever: then no jumps are told any more.
  const begins = [0x1c00, 0x1c40, 0x1c80, 0x1cc0];
  const sitesOf = (begin: number) =>
    Array.from({ length: 60 }, (_, i) => ({ to: "f0", at: begin + 1 + i }));
  const sites = begins.flatMap(sitesOf);
  const many = begins.map((begin) => made(`many ${begin}`, begin, sitesOf(begin)));
  const functions = [LAST, SECOND, FIRST, ...maze, ...many, main("first")];
  const told = (places: number) =>
    framesOf(functions, [...sites.slice(0, places).flatMap(({ at }) => [0x1010, at]), 0x1010])
      .filter((text) => text.includes("tail-call")).length;
  assertEquals([told(0), told(1), told(240)], [2, 2, 0]);
});

Deno.test("StackFrame.name, is what gdb shows", () => {
  const named = (more: EntryInit["attributes"]) =>
    die(DW_TAG.subprogram, [
      [DW_AT.lowPc, DW_FORM.addr, 0x1000],
      [DW_AT.highPc, DW_FORM.data4, 0x40],
      [DW_AT.name, DW_FORM.string, "plain"],
      ...more,
    ]);
  const nameOf = (entry: EntryInit, language?: number) => {
    const process = madeProcess([entry], [0x1000], language === undefined ? {} : { language });
    return new FrameReader(process).frames(process.threads[0]!).at(0)?.name;
  };
  const linkage = (text: string) => named([[DW_AT.linkageName, DW_FORM.string, text]]);
  const inScope = (tag: number, ...more: EntryInit["attributes"]) => die(tag, more, [named([])]);
  const space = [DW_AT.name, DW_FORM.string, "space"] as const;
  const cpp = DW_LANG.cPlusPlus14;
  assertEquals(nameOf(named([])), "plain");
  assertEquals(
    nameOf(linkage("_ZNK5space3BoxIiE4openIcEEvT_"), cpp),
    "space::Box<int>::open<char>",
  );
  assertEquals(nameOf(linkage("__GI_plain")), "__GI_plain");
  // Without a name for linkers, what is around it counts, up to a function or a class without name.
  assertEquals(nameOf(inScope(DW_TAG.namespace, space), cpp), "space::plain");
  assertEquals(nameOf(inScope(DW_TAG.namespace, space), DW_LANG.cPlusPlus23), "space::plain");
  assertEquals(nameOf(inScope(DW_TAG.namespace), cpp), "(anonymous namespace)::plain");
  assertEquals(nameOf(inScope(DW_TAG.structureType, space), cpp), "space::plain");
  assertEquals(nameOf(inScope(DW_TAG.structureType), cpp), "plain");
  assertEquals(nameOf(inScope(DW_TAG.namespace, space)), "plain");
  // Of Rust it always does.
  const rust = die(DW_TAG.namespace, [space], [linkage("_RNvC4demo3run")]);
  assertEquals(nameOf(rust, DW_LANG.rust), "space::plain");
});

Deno.test("StackFrames, tells how the stack ends", () => {
  const process = madeProcess([LAST, main("last")], [0x1010]);
  const [thread] = process.threads;
  const frames = new FrameReader(process).frames(thread!);
  assertStrictEquals(frames.at(5), undefined);
  assertStrictEquals(frames.end, "return-address-undefined");
  assertStrictEquals(frames.error, undefined);
  assertStrictEquals(frames.at(1)?.name, "main");
  assertStrictEquals(new FrameReader(process).frames(thread!, { limit: 1 }).end, "frame-limit");
});

Deno.test("StackFrame.variables, of what has left are read from what its caller got back", () => {
  const process = madeProcess([LAST, SECOND, FIRST, main("first")], [0x1010]);
  const frames = new FrameReader(process).frames(process.threads[0]!);
  const [last, second, first, outer] = [0, 1, 2, 3].map((level) => frames.at(level)!.variables);
  assertEquals([second?.pc, second?.lookup, second?.bias], [0x1070n, 0x106fn, BIAS]);
  assertStrictEquals(second?.function?.name, "second");
  assertStrictEquals(second?.cfa, last?.cfa);
  assertStrictEquals(second?.register(7), outer?.register(7));
  assertStrictEquals(second?.register(0), undefined);
  // The chain of callers goes through all of them.
  assertStrictEquals(last?.caller, second);
  assertStrictEquals(second?.caller, first);
  assertStrictEquals(first?.caller, outer);
  assertStrictEquals(outer?.caller, undefined);
});

Deno.test("functionNamed, a name with a version, a global one first", () => {
  const { symbols, strings } = symbolTable([
    { name: "join", value: 0x1000, binding: 0 },
    { name: "join@@V2", value: 0x1010 },
    { name: "joined", value: 0x1020 },
    { name: "old@V1", value: 0x1030 },
    { name: "data", value: 0x1040, type: 1 },
  ]);
  const file = parseElf(elfImage({
    sections: [
      { name: ".text", flags: 6, address: 0x1000, data: new Uint8Array(96) },
      { name: ".symtab", type: 2, data: symbols, link: 3, entrySize: 24 },
      { name: ".strtab", type: 3, data: strings },
    ],
  }));
  const found = ["join", "joined", "old", "data", "jo"].map((name) => functionNamed(file, name));
  assertEquals(found, [0x1010, 0x1020, 0x1030, undefined, undefined]);
});

Deno.test("FrameReader.nameOf, by the symbols that were stripped off a file", () => {
  const { symbols, strings } = symbolTable([{ name: "hidden", value: 0x1000 }]);
  const text = { name: ".text", flags: 6, address: 0x1000, data: new Uint8Array(96) };
  const debug = elfImage({
    sections: [
      text,
      { name: ".symtab", type: 2, data: symbols, link: 3, entrySize: 24 },
      { name: ".strtab", type: 3, data: strings },
    ],
  });
  const link = new Uint8Array(16);
  link.set(new TextEncoder().encode("own.debug"));
  const checksum = checksumOf(parseElf(debug));
  new DataView(link.buffer).setUint32(12, checksum, true);
  const image = elfImage({
    sections: [text, { name: ".gnu_debuglink", data: link }],
    segments: [{ address: 0, section: 1, memSize: 0x2000 }],
  });
  const modules = new ModuleList();
  modules.add(moduleFromElf(parseElf(image, { name: "/bin/own" }), { bias: BIAS }));
  const process = { ...madeProcess([LAST], []), modules };
  const store = madeStore({ "/bin/own.debug": debug });
  const reader = new FrameReader(process, new DebugFiles({ store }));
  assertEquals(reader.nameOf(BIAS + 0x1000n, "code"), "hidden");
  assertEquals(new FrameReader(process).nameOf(BIAS + 0x1000n, "code"), undefined);
});
