import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { loadSegments, parseElf } from "./elf_file.ts";
import { ElfError, type ElfErrorKind } from "./errors.ts";
import { elfImage, symbolTable } from "./testing/elf_image.ts";
import { ImageBuilder } from "../bytes/testing/image_builder.ts";

function sample(): Uint8Array {
  const names = symbolTable([
    { name: "start", value: 0x1000, size: 0x10 },
    { name: "label", value: 0x1010, size: 0, type: 0, binding: 0 },
    { name: "outer", value: 0x1020, size: 0x40 },
    { name: "inner", value: 0x1028, size: 0x8 },
    { name: "missing", value: 0, section: 0 },
    { name: "$x", value: 0x1030, size: 0, type: 0, binding: 0 },
  ]);
  return elfImage({
    entry: 0x1000n,
    sections: [
      { name: ".text", flags: 6, address: 0x1000, data: new Uint8Array(96) },
      {
        name: ".symtab",
        type: 2,
        flags: 0,
        data: names.symbols,
        link: 3,
        entrySize: 24,
      },
      { name: ".strtab", type: 3, flags: 0, data: names.strings },
    ],
    segments: [{ address: 0x1000, section: 1, memSize: 0x2000 }],
  });
}

/** The sample with some bytes changed. */
function changed(
  at: number,
  bytes: readonly number[],
  base = sample(),
): Uint8Array {
  base.set(bytes, at);
  return base;
}

function kindOf(action: () => unknown): ElfErrorKind {
  return assertThrows(action, ElfError).kind;
}

Deno.test("parseElf, reads header, segments and sections", () => {
  const file = parseElf(sample(), { name: "sample" });
  assertEquals(
    [file.machine, file.type, file.entry],
    ["x86_64", "shared", 0x1000n],
  );
  const [segment] = loadSegments(file);
  assertEquals(
    [segment?.vaddr, segment?.fileSize, segment?.memSize],
    [0x1000n, 96, 0x2000n],
  );
  assertEquals(file.segmentData(segment!).length, 96);
  assertEquals(file.section(".text")?.address, 0x1000n);
  assertStrictEquals(file.section(".nothing"), undefined);
  assertEquals(file.sectionDataByName(".text")?.length, 96);
});

Deno.test("parseElf, knows both machines", () => {
  assertEquals(parseElf(elfImage({ machine: "aarch64" })).machine, "aarch64");
  assertEquals(parseElf(elfImage({ type: 4 })).type, "core");
});

Deno.test("parseElf, rejects a truncated header at every length", () => {
  const bytes = sample();
  for (let size = 0; size < 64; size++) {
    const kind = kindOf(() => parseElf(bytes.subarray(0, size)));
    assertEquals(kind, size < 4 ? "magic" : "truncated");
  }
});

Deno.test("parseElf, names what is wrong with a header", () => {
  assertEquals(kindOf(() => parseElf(changed(0, [0]))), "magic");
  assertEquals(kindOf(() => parseElf(changed(4, [1]))), "class");
  assertEquals(kindOf(() => parseElf(changed(5, [2]))), "encoding");
  assertEquals(kindOf(() => parseElf(changed(6, [0]))), "version");
  assertEquals(kindOf(() => parseElf(changed(16, [9]))), "type");
  assertEquals(kindOf(() => parseElf(changed(18, [40]))), "machine");
  const error = assertThrows(
    () => parseElf(changed(4, [1]), { name: "bad.elf" }),
    ElfError,
  );
  assertEquals(
    [error.file, error.offset, error.expected],
    ["bad.elf", 4, "2 (64-bit)"],
  );
});

Deno.test("ElfFile.segments, checks the table against the file", () => {
  assertEquals(
    kindOf(() => parseElf(changed(56, [0xff, 0x7f])).segments),
    "truncated",
  );
  assertEquals(kindOf(() => parseElf(changed(54, [57])).segments), "header");
});

Deno.test("ElfFile.segmentData, rejects bytes beyond the file", () => {
  const file = parseElf(changed(64 + 32, [0, 0, 0, 1]));
  assertEquals(kindOf(() => file.segmentData(file.segments[0]!)), "truncated");
});

Deno.test("ElfFile.sections, checks table, name table and names", () => {
  assertEquals(kindOf(() => parseElf(changed(58, [65])).sections), "header");
  assertEquals(
    kindOf(() => parseElf(changed(60, [0xff, 0x7f])).sections),
    "truncated",
  );
  assertEquals(kindOf(() => parseElf(changed(62, [77])).sections), "section");
  const file = parseElf(sample());
  const headers = Number(file.view.getBigUint64(40, true));
  assertEquals(
    kindOf(() => parseElf(changed(headers + 64, [0xff, 0xff])).sections),
    "string",
  );
});

Deno.test("ElfFile.symbolAt, finds the innermost symbol and its offset", () => {
  const file = parseElf(sample());
  const at = (address: bigint) => {
    const found = file.symbolAt(address);
    return found && `${found.symbol.name}+${found.offset}`;
  };
  assertEquals(at(0xfffn), undefined);
  assertEquals(at(0x1000n), "start+0");
  assertEquals(at(0x100fn), "start+15");
  assertEquals(at(0x1018n), "label+8");
  assertEquals(at(0x1020n), "outer+0");
  assertEquals(at(0x102fn), "inner+7");
  assertEquals(at(0x1031n), "outer+17");
  assertEquals(at(0x1060n), undefined);
});

Deno.test("ElfFile.symbolAt, keeps a symbol without a size to its section", () => {
  const names = symbolTable([
    { name: "init", value: 0x1000, size: 0, type: 0, section: 1 },
    { name: "text", value: 0x1020, size: 0, type: 0, section: 3 },
    { name: "beyond", value: 0x1030, size: 0, type: 0, section: 99 },
  ]);
  const code = (address: number) => ({ flags: 6, address, data: new Uint8Array(8) });
  const image = (type: number) =>
    parseElf(elfImage({
      type,
      sections: [
        { name: ".init", ...code(0x1000) },
        { name: ".plt", ...code(0x1010) },
        { name: ".text", ...code(0x1020) },
        { name: ".symtab", type: 2, flags: 0, data: names.symbols, link: 5, entrySize: 24 },
        { name: ".strtab", type: 3, flags: 0, data: names.strings },
      ],
    }));
  const at = (address: number) => image(3).symbolAt(BigInt(address))?.symbol.name;
  assertEquals([0x1007, 0x1008, 0x1010, 0x1027, 0x1028].map(at), [
    "init",
    undefined,
    undefined,
    "text",
    undefined,
  ]);
  // A section that is not there says nothing.
  assertEquals(at(0x1040), "beyond");
});

Deno.test("ElfFile.symbolNamed, finds by name", () => {
  const file = parseElf(sample());
  assertEquals(file.symbolNamed("outer")?.size, 0x40n);
  assertEquals(file.symbolNamed("missing")?.section, 0);
  assertStrictEquals(file.symbolNamed("absent"), undefined);
});

Deno.test("ElfFile.symbols, rejects a wrong entry size", () => {
  const bytes = elfImage({
    sections: [{
      name: ".symtab",
      type: 2,
      data: new Uint8Array(48),
      entrySize: 16,
    }],
  });
  assertEquals(kindOf(() => parseElf(bytes).symbols.all), "section");
});

/** A relocatable file whose section 1 has one relocation. */
function relocatable(
  init: { machine: "x86_64" | "aarch64"; type: number; offset?: number },
): Uint8Array {
  const names = symbolTable([
    { name: "target", value: 0x20, section: 2 },
  ]);
  return elfImage({
    machine: init.machine,
    type: 1,
    sections: [
      { name: ".eh_frame", data: new Uint8Array(16) },
      { name: ".text", flags: 6, data: new Uint8Array(64) },
      {
        name: ".symtab",
        type: 2,
        flags: 0,
        data: names.symbols,
        link: 4,
        entrySize: 24,
      },
      { name: ".strtab", type: 3, flags: 0, data: names.strings },
      {
        name: ".rela.eh_frame",
        type: 4,
        flags: 0,
        data: new ImageBuilder().u64(BigInt(init.offset ?? 4)).u32(init.type)
          .u32(1).u64(BigInt.asUintN(64, -3n)).build(),
        link: 3,
        info: 1,
        entrySize: 24,
      },
    ],
  });
}

Deno.test("ElfFile.relocatedData, applies what unwind sections and debug information use", () => {
  // S = 0x20 (+ place of .text), A = -3, P = 4 (+ place of .eh_frame).
  const cases = [
    ["x86_64", 2, 0x20 - 3 - 4], // R_X86_64_PC32
    ["x86_64", 10, 0x20 - 3], // R_X86_64_32
    ["x86_64", 1, 0x20 - 3], // R_X86_64_64
    ["x86_64", 24, 0x20 - 3 - 4], // R_X86_64_PC64
    ["x86_64", 17, 0x20 - 3], // R_X86_64_DTPOFF64, wherever the section is
    ["x86_64", 21, 0x20 - 3], // R_X86_64_DTPOFF32
    ["aarch64", 261, 0x20 - 3 - 4], // R_AARCH64_PREL32
    ["aarch64", 257, 0x20 - 3], // R_AARCH64_ABS64
    ["aarch64", 260, 0x20 - 3 - 4], // R_AARCH64_PREL64
  ] as const;
  for (const [machine, type, expected] of cases) {
    const file = parseElf(relocatable({ machine, type }));
    const section = file.section(".eh_frame")!;
    const view = new DataView(file.relocatedData(section).buffer);
    assertEquals(view.getInt32(4, true), expected, `${machine} ${type}`);
    const placed = file.relocatedData(section, {
      addressOf: (each) => each.name === ".text" ? 0x5000n : 0x1000n,
    });
    const threadLocal = [17, 21].includes(type);
    const base = threadLocal ? 0 : [2, 24, 261, 260].includes(type) ? 0x4000 : 0x5000;
    assertEquals(
      new DataView(placed.buffer).getInt32(4, true),
      expected + base,
      `${machine} ${type} placed`,
    );
    assertEquals(file.sectionData(section)[4], 0, "the file is not changed");
  }
});

Deno.test("ElfFile.relocatedData, rejects strange types and places", () => {
  const reject = (init: { type: number; offset?: number }) =>
    kindOf(() => {
      const file = parseElf(relocatable({ machine: "x86_64", ...init }));
      file.relocatedData(file.section(".eh_frame")!);
    });
  assertEquals(reject({ type: 99 }), "relocation");
  assertEquals(reject({ type: 2, offset: 13 }), "relocation");
});

Deno.test("ElfSymbolTable, symbols that all point into one long name cost an error", () => {
  const count = 4000;
  const strings = new Uint8Array(200_000).fill(0x61);
  strings[0] = strings[strings.length - 1] = 0;
  const table = new ImageBuilder().append(new Uint8Array(24));
  for (let i = 0; i < count; i++) {
    table.u32(1 + i).bytes(0x12, 0).u16(1).u64(BigInt(i)).u64(1n);
  }
  const symbols = { name: ".symtab", type: 2, flags: 0, data: table.build(), link: 2 };
  const file = parseElf(elfImage({
    sections: [{ ...symbols, entrySize: 24 }, {
      name: ".strtab",
      type: 3,
      flags: 0,
      data: strings,
    }],
  }));
  assertEquals(kindOf(() => file.symbols.all), "string");
});

Deno.test("ElfFile.sections, headers that all have one long name cost an error", () => {
  const data = new Uint8Array(100_000).fill(0x61);
  data[data.length - 1] = 0;
  const bytes = elfImage({
    sections: [
      { name: "x", data },
      ...new Array(500).fill({ name: "y", data: new Uint8Array(0) }),
    ],
  });
  const file = parseElf(bytes);
  const { offset } = file.section("x")!;
  const view = new DataView(bytes.buffer);
  const headers = Number(view.getBigUint64(40, true));
  const names = headers + 64 * view.getUint16(62, true);
  view.setBigUint64(names + 24, BigInt(offset), true);
  view.setBigUint64(names + 32, BigInt(data.length), true);
  for (let i = 0; i < 502; i++) view.setUint32(headers + 64 * i, i, true);
  assertEquals(kindOf(() => parseElf(bytes).sections), "string");
});
