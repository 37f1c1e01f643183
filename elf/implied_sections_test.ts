import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ImageBuilder } from "../bytes/testing/image_builder.ts";
import { parseElf } from "./elf_file.ts";
import { ElfError } from "./errors.ts";
import { loadedImage, withoutSectionHeaders } from "./testing/bare_image.ts";
import { elfImage, symbolTable } from "./testing/elf_image.ts";

const NAMES = symbolTable([
  { name: "start", value: 0x1000, size: 0x10 },
  { name: "end", value: 0x1040 },
  { name: "missing", value: 0, section: 0 },
]);

/** How a file tells how many dynamic symbols there are. */
type Count = "hash" | "gnu hash" | "neither";

/** `DT_HASH` of four symbols with the null one: buckets, chains, then their words. */
const HASH = new ImageBuilder().u32(1).u32(4).append(new Uint8Array(20));

/** `DT_GNU_HASH`: symbols from 1 on, of which 1 and 2 are in the first bucket, 3 in the second. */
const GNU_HASH = new ImageBuilder().u32(2).u32(1).u32(1).u32(0).u64(0n)
  .u32(1).u32(3).u32(0x10).u32(0x11).u32(0x21);

/** A file whose section headers are gone, with all it has of symbols in its dynamic section. */
function bare(count: Count, bias = 0n): Uint8Array {
  const at = { symbols: 0x1100, strings: 0x1200, hash: 0x1300, rela: 0x1400 };
  const place = (value: number) => BigInt(value) + bias;
  const dynamic = new ImageBuilder();
  const tag = (number: number, value: bigint) => dynamic.u64(BigInt(number)).u64(value);
  if (count === "hash") tag(4, place(at.hash));
  if (count === "gnu hash") tag(0x6ffffef5, place(at.hash));
  tag(5, place(at.strings));
  tag(6, place(at.symbols));
  tag(10, BigInt(NAMES.strings.length));
  tag(7, place(at.rela));
  tag(8, 24n);
  tag(3, place(0x1500));
  tag(0, 0n);
  tag(6, 0n);
  const text = new Uint8Array(0x600);
  text.set(NAMES.symbols, at.symbols - 0x1000);
  text.set(NAMES.strings, at.strings - 0x1000);
  text.set((count === "hash" ? HASH : GNU_HASH).build(), at.hash - 0x1000);
  text.set(new ImageBuilder().u64(0x1500n).u64(8n).u64(7n).build(), at.rela - 0x1000);
  return withoutSectionHeaders(elfImage({
    sections: [
      { name: ".text", data: text },
      { name: ".dynamic", data: dynamic.build() },
      { name: ".eh_frame_hdr", data: new Uint8Array(12) },
    ],
    segments: [
      { address: 0x1000, section: 1, memSize: 0x1000 },
      { type: 2, address: 0x1600, section: 2 },
      { type: 0x6474e550, address: 0x1700, section: 3 },
    ],
  }));
}

for (const count of ["hash", "gnu hash"] as const) {
  Deno.test(`ElfFile.sections, of a file without headers: what segments imply, by ${count}`, () => {
    const file = parseElf(bare(count));
    assertEquals(file.hasSectionHeaders, false);
    assertEquals(file.sections.map(({ name, address, size }) => [name, Number(address), size]), [
      ["", 0, 0],
      [".eh_frame_hdr", 0x1700, 12],
      [".dynstr", 0x1200, NAMES.strings.length],
      [".dynsym", 0x1100, 4 * 24],
      [".rela.dyn", 0x1400, 24],
      [".got.plt", 0x1500, 0],
      ["segment 0", 0x1000, 0x600],
    ]);
    assertEquals(file.symbols.all.map(({ name }) => name), ["start", "end", "missing"]);
    assertEquals(file.symbolAt(0x1008n)?.symbol.name, "start");
    assertEquals(file.symbolAt(0x1048n)?.symbol.name, "end");
    assertEquals(file.sectionDataByName(".rela.dyn")?.length, 24);
  });
}

Deno.test("ElfFile.sections, where no table counts the symbols, they end at their names", () => {
  const file = parseElf(bare("neither"));
  assertEquals(file.section(".dynsym")?.size, Math.floor(0x100 / 24) * 24);
});

Deno.test("ElfFile.sections, a dynamic section that leads nowhere costs what it leads to", () => {
  const file = parseElf(bare("hash", 0x7f0000000000n));
  assertStrictEquals(file.section(".dynsym"), undefined);
  assertEquals(file.symbols.all, []);
  const { offset } = parseElf(bare("hash")).segments[1]!;
  const far = bare("hash");
  new DataView(far.buffer).setBigUint64(offset + 8, 0x15fcn, true);
  assertEquals(parseElf(far).symbols.all.length < 20, true);
  const many = bare("hash");
  const table = parseElf(many).segments[0]!.offset + 0x300;
  new DataView(many.buffer).setUint32(table + 4, 0xffffffff, true);
  assertEquals(assertThrows(() => parseElf(many).symbols.all, ElfError).kind, "truncated");
});

Deno.test("parseElf, an image out of memory, its dynamic section relocated or not", () => {
  const text = elfImage({
    sections: [{ name: ".text", data: Uint8Array.from({ length: 64 }, (_, i) => i) }],
    segments: [{ address: 0x401000, section: 1, memSize: 0x100 }],
  });
  const { offset } = parseElf(text).segments[0]!;
  const image = loadedImage(text);
  // Nothing is loaded before the segment, as the file has it; its header is not in memory.
  image.set(text.subarray(0, 120));
  const file = parseElf(image, { layout: "memory", base: 0x7f0000000000n });
  const [segment] = file.segments;
  assertEquals([segment?.offset, segment?.fileSize], [offset, image.length - offset]);
  assertEquals(file.segmentData(segment!).subarray(0, 64), text.subarray(offset, offset + 64));
  assertEquals(file.bias, 0x7f0000000000n - (0x401000n - BigInt(offset)));
  assertEquals(file.sections.map(({ name }) => name), ["", "segment 0"]);
  const cut = parseElf(image.subarray(0, 130), { layout: "memory" });
  assertEquals([cut.segments[0]?.fileSize, cut.bias], [offset < 130 ? 130 - offset : 0, 0n]);
});
