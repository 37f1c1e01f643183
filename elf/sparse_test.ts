import { assertEquals } from "@std/assert";
import { parseElf } from "./elf_file.ts";
import { readSparseElf } from "./sparse.ts";
import { elfImage } from "./testing/elf_image.ts";

const TABLE = Uint8Array.from({ length: 200 }, (_, i) => i);

function sample(type: number): Uint8Array {
  return elfImage({
    type,
    sections: [
      { name: ".text", flags: 6, data: new Uint8Array(100_000).fill(0x90) },
      { name: ".eh_frame", address: 0x10000, data: TABLE },
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
  }, (name) => name === ".eh_frame");
  return { image, count };
}

Deno.test("readSparseElf, reads what is wanted and no more", () => {
  const bytes = sample(3);
  const { image, count } = read(bytes);
  assertEquals(parseElf(image).sectionDataByName(".eh_frame"), TABLE);
  assertEquals(count < 2000, true, `${count} bytes`);
});

Deno.test("readSparseElf, reads relocatable and damaged files whole", () => {
  for (
    const bytes of [sample(1), sample(3).subarray(0, 500), new Uint8Array(9)]
  ) assertEquals(read(bytes).image, bytes);
});
