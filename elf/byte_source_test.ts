import { assertEquals } from "@std/assert";
import { Random } from "../util/random.ts";
import { type ByteSource, LazyBytes } from "./byte_source.ts";
import { parseElf } from "./elf_file.ts";
import { elfImage } from "./testing/elf_image.ts";

/** A source that counts the bytes read. */
function counted(bytes: Uint8Array): ByteSource & { count: number } {
  return {
    size: bytes.length,
    count: 0,
    readAt(offset, into) {
      this.count += into.length;
      into.set(bytes.subarray(offset, offset + into.length));
    },
  };
}

const CONTENT = Uint8Array.from({ length: 1_000_003 }, (_, i) => i * 7 + (i >> 8) | 1);

Deno.test("LazyBytes, reads each block once, in whatever order", () => {
  const random = new Random(3);
  const source = counted(CONTENT);
  const lazy = new LazyBytes(source);
  for (let i = 0; i < 2000; i++) {
    const offset = random.below(CONTENT.length + 100);
    const size = random.below(i % 10 === 0 ? 100_000 : 20);
    lazy.need(offset, size);
    const end = Math.min(offset + size, CONTENT.length);
    assertEquals(lazy.bytes.subarray(offset, end), CONTENT.subarray(offset, end));
  }
  lazy.need(0, CONTENT.length);
  assertEquals(source.count, CONTENT.length);
  assertEquals(lazy.bytes, CONTENT);
});

Deno.test("LazyBytes, reads nothing that is not asked for", () => {
  const source = counted(CONTENT);
  const lazy = new LazyBytes(source);
  lazy.need(500_000, 0);
  lazy.need(CONTENT.length, 5);
  lazy.need(20, -5);
  assertEquals(source.count, 0);
  lazy.need(500_000, 1);
  lazy.need(CONTENT.length - 1, 5);
  assertEquals(source.count <= 2 ** 15, true, `${source.count} bytes`);
});

const TABLE = Uint8Array.from({ length: 200 }, (_, i) => i);

function sample(): Uint8Array {
  return elfImage({
    type: 3,
    sections: [
      { name: ".text", flags: 6, data: new Uint8Array(1_000_000).fill(0x90) },
      { name: ".eh_frame", address: 0x10000, data: TABLE },
    ],
  });
}

Deno.test("parseElf, reads of a source what is asked for and no more", () => {
  const source = counted(sample());
  const file = parseElf(source);
  assertEquals(file.sectionDataByName(".eh_frame"), TABLE);
  assertEquals(file.section(".text")?.size, 1_000_000);
  assertEquals(source.count < 100_000, true, `${source.count} bytes`);
  assertEquals(file.bytes, sample());
  assertEquals(source.count, source.size);
});

Deno.test("parseElf, passes on what a source throws", () => {
  const failed = new Error("gone");
  const size = 2 ** 20;
  let error: unknown;
  try {
    parseElf({
      size,
      readAt() {
        throw failed;
      },
    });
  } catch (thrown) {
    error = thrown;
  }
  assertEquals(error, failed);
});
