import { assertEquals } from "@std/assert";
import { frameLines } from "../unwind/dump/frames.ts";
import { isFrameSection, readSparseElf } from "./sparse.ts";
import { elfImage } from "./testing/elf_image.ts";
import { FrameImage } from "../unwind/testing/frame_image.ts";

function sample(type: number): Uint8Array {
  const image = new FrameImage();
  image.fde(image.cie(), { begin: 0x1000, size: 0x40 });
  return elfImage({
    type,
    sections: [
      { name: ".text", flags: 6, data: new Uint8Array(100_000).fill(0x90) },
      { name: ".eh_frame", address: 0x10000, data: image.build() },
    ],
  });
}

/** The image, and how many bytes were read for it. */
function read(bytes: Uint8Array): { image: Uint8Array; count: number } {
  let count = 0;
  const image = readSparseElf({
    size: bytes.length,
    readAt(offset, into) {
      count += into.length;
      into.set(bytes.subarray(offset, offset + into.length));
    },
  }, isFrameSection);
  return { image, count };
}

Deno.test("readSparseElf, reads what a dump needs and no more", () => {
  const bytes = sample(3);
  const { image, count } = read(bytes);
  assertEquals([...frameLines(image, "a")], [...frameLines(bytes, "a")]);
  assertEquals(count < 2000, true, `${count} bytes`);
});

Deno.test("readSparseElf, reads relocatable and damaged files whole", () => {
  for (
    const bytes of [sample(1), sample(3).subarray(0, 500), new Uint8Array(9)]
  ) assertEquals(read(bytes).image, bytes);
});
