import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ElfError, parseElf } from "../../elf/mod.ts";
import { Module } from "./module.ts";
import { moduleFromElf, modulesFromSymfile } from "./module_sources.ts";
import { ModuleList } from "./module_list.ts";
import { loadedImage } from "../../elf/testing/bare_image.ts";
import { elfImage, symbolTable } from "../../elf/testing/elf_image.ts";
import { FrameImage } from "../testing/frame_image.ts";

function module(begin: bigint, end: bigint, name = "m"): Module {
  return new Module({ name, begin, end, tables: [] });
}

Deno.test("ModuleList, finds modules by address", () => {
  const low = module(0x1000n, 0x2000n, "low");
  const high = module(0xffff800000000000n, 0xffff800000001000n, "high");
  const list = new ModuleList([module(0x3000n, 0x4000n, "mid"), low, high]);
  const at = (address: bigint) => list.at(address)?.name;
  assertEquals(
    [0xfffn, 0x1000n, 0x1fffn, 0x2000n, 0x3000n, 0x3fffn].map(at),
    [undefined, "low", "low", undefined, "mid", "mid"],
  );
  assertEquals(at(0xffff800000000fffn), "high");
  assertEquals(list.modules.map((each) => each.name), ["high", "low", "mid"]);
  list.remove(low);
  assertStrictEquals(at(0x1000n), undefined);
});

Deno.test("ModuleList, rejects modules that overlap", () => {
  const list = new ModuleList([module(0x1000n, 0x2000n)]);
  for (const [begin, end] of [[0x1fffn, 0x3000n], [0n, 0x1001n], [0x1400n, 0x1500n]] as const) {
    assertThrows(() => list.add(module(begin, end)), RangeError);
  }
  list.add(module(0x2000n, 0x2001n));
  assertEquals(list.modules.length, 2);
});

Deno.test("Module, rejects ranges that are none", () => {
  assertThrows(() => module(0x2000n, 0x2000n), RangeError);
  assertThrows(() => module(0x1234567890abcdefn, 0x2000000000000000n), RangeError);
});

function elf(name: string): Uint8Array {
  const image = new FrameImage("eh_frame", 0x3000);
  image.fde(image.cie(), { begin: 0x1000, size: 0x40 });
  const names = symbolTable([{ name: "start", value: 0x1000, size: 0x40 }]);
  return elfImage({
    sections: [
      { name: ".text", flags: 6, address: 0x1000, data: new Uint8Array(64) },
      { name, address: 0x3000, data: image.build() },
      { name: ".symtab", type: 2, flags: 0, data: names.symbols, link: 4, entrySize: 24 },
      { name: ".strtab", type: 3, flags: 0, data: names.strings },
    ],
    segments: [
      { address: 0x1000, section: 1, memSize: 0x1000 },
      { address: 0x3000, section: 2, flags: 4, memSize: 0x1000 },
    ],
  });
}

Deno.test("moduleFromElf, applies the bias to everything", () => {
  const bias = 0x7f0000000000n;
  const file = parseElf(elf(".eh_frame"), { name: "lib.so" });
  const loaded = moduleFromElf(file, { bias });
  assertStrictEquals(loaded.file, file);
  assertEquals([loaded.name, loaded.start, loaded.limit], [
    "lib.so",
    0x7f0000001000,
    0x7f0000004000,
  ]);
  assertEquals(loaded.find(0x7f0000001010)?.fde.begin, 0x1000n);
  assertStrictEquals(loaded.find(0x1010), undefined);
  assertEquals(loaded.nameOf(bias + 0x1010n), { name: "start", offset: 16n });
  const section = loaded.bytesAt(0x7f0000003004);
  assertEquals([section?.name, section?.address], [".eh_frame", 0x7f0000003000]);
  assertStrictEquals(loaded.bytesAt(0x3004), undefined);
});

Deno.test("moduleFromElf, places an image out of memory where it was", () => {
  const base = 0x7f0000000000n;
  const path = "/lib/x86_64-linux-gnu/libgcc_s.so.1";
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(path);
  } catch {
    return;
  }
  const whole = moduleFromElf(parseElf(bytes), { bias: base });
  const image = parseElf(loadedImage(bytes), { layout: "memory", base });
  const loaded = moduleFromElf(image);
  assertEquals([loaded.start, loaded.limit], [whole.start, whole.limit]);
  const symbol = image.symbolNamed("_Unwind_Backtrace");
  const at = Number(base + symbol!.value);
  assertEquals(loaded.find(at)?.fde.begin, whole.find(at)?.fde.begin);
  assertEquals(loaded.find(at)?.fde.begin, symbol!.value);
  assertEquals(loaded.nameOf(BigInt(at))?.name, "_Unwind_Backtrace");
  const { fde, table } = loaded.find(at)!;
  assertEquals(loaded.bytesAt(Number(base) + table.address + fde.offset) !== undefined, true);
});

Deno.test("moduleFromElf, does without a table that cannot be read, and says so", () => {
  const image = new FrameImage("eh_frame", 0x3000);
  image.fde(image.cie(), { begin: 0x1000, size: 0x40 });
  const [code, table] = [new Uint8Array(64), image.build()];
  for (const method of [1, 2, 3]) {
    const damaged = new Uint8Array(100);
    damaged[0] = method;
    damaged[8] = 200;
    const file = parseElf(elfImage({
      sections: [
        { name: ".debug_frame", flags: 0x800, data: damaged },
        { name: ".text", flags: 6, address: 0x1000, data: code },
        { name: ".eh_frame", address: 0x3000, data: table },
      ],
      segments: [{ address: 0x1000, section: 2, memSize: 0x3000 }],
    }));
    const loaded = moduleFromElf(file);
    assertEquals(loaded.find(0x1010)?.fde.begin, 0x1000n);
    assertEquals(loaded.damage.map(({ kind }) => kind), ["compression"]);
  }
  assertEquals(moduleFromElf(parseElf(elf(".eh_frame"))).damage, []);
});

Deno.test("moduleFromElf, needs something to load", () => {
  assertThrows(() => moduleFromElf(parseElf(elfImage())), ElfError);
  const file = parseElf(elf(".other"));
  assertStrictEquals(moduleFromElf(file).find(0x1000), undefined);
});

Deno.test("modulesFromSymfile, places the executable sections of a file, one module each", () => {
  for (const type of [1, 2]) {
    // In a relocatable file, which a loader has placed, symbols are relative to their sections.
    const [first, second] = type === 1 ? [0, 0] : [0x7000_1000, 0x7000_4000];
    const { symbols, strings } = symbolTable([
      { name: "one", value: first, size: 0x20, section: 1 },
      { name: "two", value: first + 0x20, size: 0x10, section: 1 },
      { name: "cold", value: second + 8, size: 0x10, section: 2 },
      { name: "data", value: type === 1 ? 0 : 0x7000_8000, size: 0x40, type: 1, section: 3 },
    ]);
    const file = parseElf(
      elfImage({
        type,
        sections: [
          { name: ".text", type: 8, flags: 6, address: 0x7000_1000, data: new Uint8Array(0x40) },
          { name: ".text.cold", flags: 6, address: 0x7000_4000, data: new Uint8Array(0x20) },
          { name: ".data", flags: 3, address: 0x7000_8000, data: new Uint8Array(0x40) },
          { name: ".symtab", type: 2, flags: 0, data: symbols, link: 5, entrySize: 24 },
          { name: ".strtab", type: 3, flags: 0, data: strings },
        ],
      }),
      { name: "made" },
    );
    const list = new ModuleList(modulesFromSymfile(file));
    assertEquals(list.modules.map(({ name, start, limit }) => [name, start, limit]), [
      ["made", 0x7000_1000, 0x7000_1040],
      ["made", 0x7000_4000, 0x7000_4020],
    ]);
    const name = (address: bigint) => {
      const found = list.at(address)?.nameOf(address);
      return found && `${found.name}+${found.offset}`;
    };
    assertEquals(
      [0x7000_1000n, 0x7000_101fn, 0x7000_1028n, 0x7000_1030n, 0x7000_4007n, 0x7000_4009n]
        .map(name),
      ["one+0", "one+31", "two+8", undefined, undefined, "cold+1"],
    );
  }
  const none = parseElf(elfImage({ sections: [{ name: ".data", data: new Uint8Array(8) }] }));
  assertThrows(() => modulesFromSymfile(none), ElfError, "There is no code");
  const nowhere = parseElf(elfImage({
    sections: [{ name: ".text", flags: 6, address: 2 ** 53, data: new Uint8Array(8) }],
  }));
  assertThrows(() => modulesFromSymfile(nowhere), ElfError, "expected an address");
});
