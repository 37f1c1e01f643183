import { assertEquals, assertThrows } from "@std/assert";
import { EhFrameHeader } from "./eh_frame_hdr.ts";
import { CfiError } from "../errors.ts";
import { FdeIndex } from "./fde_index.ts";
import { FrameTable } from "./frame_table.ts";
import { FrameImage } from "../testing/frame_image.ts";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";

/** Functions of 0x10 bytes at 0x1000, 0x1020, 0x1030 and 0x1100, not in that order. */
function sample(): { image: FrameImage; fdes: Map<number, number> } {
  const image = new FrameImage();
  const cie = image.cie();
  const fdes = new Map<number, number>();
  for (const begin of [0x1100, 0x1020, 0x1000, 0x1030]) {
    fdes.set(begin, image.fde(cie, { begin, size: 0x10 }));
  }
  return { image, fdes };
}

/** A search table at 0x8000 in the usual encoding. */
function headerImage(fdes: ReadonlyMap<number, number>): ImageBuilder {
  const image = new ImageBuilder();
  image.bytes(1, 0x1b, 0x03, 0x3b).u32(0x10000 - 0x8004).u32(fdes.size);
  for (const [begin, offset] of [...fdes].sort(([a], [b]) => a - b)) {
    image.u32(begin - 0x8000).u32(0x10000 + offset - 0x8000);
  }
  return image;
}

const ADDRESSES = [0xfff, 0x1000, 0x100f, 0x1010, 0x102f, 0x1030, 0x103f, 0x1040, 0x110f, 0x1110];
const STARTS = [
  undefined,
  0x1000,
  0x1000,
  undefined,
  0x1020,
  0x1030,
  0x1030,
  undefined,
  0x1100,
  undefined,
];

Deno.test("FdeIndex, finds every address without a header", () => {
  const index = new FdeIndex(sample().image.table());
  assertEquals(index.usesHeader, false);
  assertEquals(ADDRESSES.map((each) => index.find(each)?.start), STARTS);
});

Deno.test("FdeIndex, finds every address through a header", () => {
  const { image, fdes } = sample();
  const header = new EhFrameHeader(headerImage(fdes).build(), 0x8000n);
  assertEquals([header.ehFrame, header.count], [0x10000, 4]);
  assertEquals(header.entry(1).start, 0x1020);
  const index = new FdeIndex(image.table(), header);
  assertEquals(ADDRESSES.map((each) => index.find(each)?.start), STARTS);
  assertEquals(index.usesHeader, true);
});

Deno.test("EhFrameHeader, searches other encodings", () => {
  const { image, fdes } = sample();
  // Absolute 64-bit pointers.
  const wide = new ImageBuilder().bytes(1, 0x00, 0x04, 0x00).u64(0x10000n)
    .u64(4n);
  for (const [begin, offset] of [...fdes].sort(([a], [b]) => a - b)) {
    wide.u64(BigInt(begin)).u64(BigInt(0x10000 + offset));
  }
  const header = new EhFrameHeader(wide.build(), 0x8000n);
  const index = new FdeIndex(image.table(), header);
  assertEquals(ADDRESSES.map((each) => index.find(each)?.start), STARTS);
});

Deno.test("EhFrameHeader, has no table if it is omitted or cannot be searched", () => {
  const count = (...bytes: number[]) => new EhFrameHeader(Uint8Array.from(bytes), 0n).count;
  assertEquals(count(1, 0xff, 0xff, 0xff), 0);
  assertEquals(count(1, 0xff, 0x03, 0x01, 1, 0, 0, 0, 5, 5), 0);
});

Deno.test("EhFrameHeader, rejects other versions and too many entries", () => {
  const kind = (...bytes: number[]) =>
    assertThrows(
      () => new EhFrameHeader(Uint8Array.from(bytes), 0n),
      CfiError,
    ).kind;
  assertEquals(kind(2, 0xff, 0xff, 0xff), "version");
  assertEquals(kind(1, 0xff, 0x03, 0x3b, 2, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8), "header");
});

Deno.test("FdeIndex, does without a header that leads nowhere", () => {
  const { image, fdes } = sample();
  const wrong = new Map([...fdes].map(([begin, offset]) => [begin, offset + 1]));
  const header = new EhFrameHeader(headerImage(wrong).build(), 0x8000n);
  const index = new FdeIndex(image.table(), header);
  assertEquals(ADDRESSES.map((each) => index.find(each)?.start), STARTS);
  assertEquals(index.usesHeader, false);
});

Deno.test("FdeIndex, serves the sound part of a damaged section", () => {
  const { image } = sample();
  image.image.u32(0x1000).u32(0);
  const index = new FdeIndex(
    new FrameTable({
      kind: "eh_frame",
      bytes: image.build(),
      address: 0x10000n,
    }),
  );
  assertEquals(index.find(0x1020)?.start, 0x1020);
  assertEquals(assertThrows(() => index.find(0x5000), CfiError).kind, "length");
});

Deno.test("FdeIndex, finds entries behind one that is malformed, and says what is wrong elsewhere", () => {
  const image = new FrameImage();
  const cie = image.cie();
  image.fde(cie, { begin: 0x1000, size: 16 });
  image.fde(3, { begin: 0x2000, size: 16 });
  image.fde(cie, { begin: 0x3000, size: 16 });
  const index = new FdeIndex(image.table());
  assertEquals(index.find(0x1008)?.start, 0x1000);
  assertEquals(index.find(0x3008)?.start, 0x3000);
  assertEquals(assertThrows(() => index.find(0x2008), CfiError).kind, "cie-pointer");
});
