import { assertEquals } from "@std/assert";
import { type Machine, parseElf } from "../../elf/mod.ts";
import { elfImage, type SymbolInit, symbolTable } from "../../elf/testing/elf_image.ts";
import { DebugFiles } from "../files/mod.ts";
import { SymbolIndex } from "./symbol_index.ts";
import { Symbols } from "./symbols.ts";

/** A file with code from 0x1000 to 0x1100 and from 0x2000 to 0x2100, and data at 0x3000. */
function fileOf(symbols: readonly SymbolInit[], machine: Machine = "x86_64", headers = true) {
  const table = symbolTable(symbols);
  const code = { type: 8, flags: 6, data: new Uint8Array(0x100) };
  const bytes = elfImage({
    machine,
    sections: [
      { ...code, name: ".text", address: 0x1000 },
      { ...code, name: ".text.cold", address: 0x2000 },
      { name: ".data", type: 8, flags: 3, address: 0x3000, data: new Uint8Array(0x100) },
      { name: ".symtab", type: 2, data: table.symbols, link: 5, entrySize: 24 },
      { name: ".strtab", type: 3, data: table.strings },
    ],
  });
  if (!headers) bytes.fill(0, 40, 48);
  return parseElf(bytes);
}

function namesAt(index: SymbolIndex, ...addresses: number[]) {
  return addresses.map((address) => index.at(address)?.name);
}

Deno.test("SymbolIndex.at, a symbol covers its size, or else what is up to the next", () => {
  const index = new SymbolIndex([fileOf([
    { name: "sized", value: 0x1010, size: 0x10 },
    { name: "label", value: 0x1030, type: 0 },
    { name: "last", value: 0x10f0, type: 0 },
    { name: "cold", value: 0x2010, size: 8, section: 2 },
    { name: "variable", value: 0x3000, size: 8, type: 1, section: 3 },
    { name: "wrong", value: 0x5000, size: 8 },
    { name: "absent", value: 0x1000, size: 0x100, section: 0 },
  ])]);
  const places = [0x100f, 0x1010, 0x101f, 0x1020, 0x1030, 0x10ef, 0x10f0, 0x10ff, 0x1100];
  assertEquals(namesAt(index, ...places), [
    undefined,
    "sized",
    "sized",
    undefined,
    "label",
    "label",
    "last",
    "last",
    undefined,
  ]);
  assertEquals(namesAt(index, 0x2000, 0x2010, 0x2018, 0x3000, 0x5000), [
    undefined,
    "cold",
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(index.at(0x1018), { name: "sized", start: 0x1010, size: 0x10 });
});

Deno.test("SymbolIndex.at, prefers symbols with a size, functions, and those others see", () => {
  const best = { value: 0x1010, size: 4 };
  const index = new SymbolIndex([fileOf([
    { ...best, name: "global", binding: 1 },
    { ...best, name: "weak", binding: 2 },
    { ...best, name: "local", binding: 0 },
    { ...best, name: "untyped", type: 0 },
    { name: "unsized", value: 0x1010 },
    { name: "outer", value: 0x1020, size: 0x40 },
    { name: "inner", value: 0x1030, size: 4 },
  ])]);
  assertEquals(namesAt(index, 0x1012, 0x1021, 0x1032, 0x1040), [
    "global",
    "outer",
    "inner",
    "outer",
  ]);
});

Deno.test("SymbolIndex.at, takes the first file's, and none that mark AArch64's code", () => {
  const marked = fileOf([{ name: "$x", value: 0x1010, type: 0 }], "aarch64");
  const named = fileOf([{ name: "$x", value: 0x1010, type: 0 }]);
  const other = fileOf([{ name: "function", value: 0x1000, size: 0x20 }]);
  assertEquals(namesAt(new SymbolIndex([marked, other]), 0x1010), ["function"]);
  assertEquals(namesAt(new SymbolIndex([named, other]), 0x1010, 0x1008), ["$x", "function"]);
});

Deno.test("Symbols.at, names functions by ELF symbols where there is no debug information", () => {
  const file = fileOf([{ name: "_ZN1a1bEv", value: 0x1010, size: 0x10 }]);
  const symbols = new Symbols(new DebugFiles({ directories: [] }).of(file));
  const frames = symbols.at(0x1018n);
  const { name, linkageName, start, source, isInline, entry, declaration } = frames[0]!;
  assertEquals(frames.length, 1);
  assertEquals([name, linkageName, start], ["_ZN1a1bEv", "_ZN1a1bEv", 0x1010n]);
  assertEquals([source, isInline, entry, declaration], [undefined, false, undefined, undefined]);
  assertEquals(symbols.at(0x1000n), []);
  assertEquals(symbols.at(2n ** 64n - 1n), []);
  assertEquals(symbols.places("a.c", 1), []);
  assertEquals(symbols.problems, []);
});
