import { assertEquals, assertThrows } from "@std/assert";
import { parseElf } from "./elf_file.ts";
import { INFLATED_LIMIT } from "./compression.ts";
import { ElfError } from "./errors.ts";
import { compress, compressedSection, gnuCompressedSection } from "./testing/compressed_section.ts";
import { elfImage } from "./testing/elf_image.ts";

/** What is read of a compressed section that claims `size` bytes. */
function inflate(stream: Uint8Array, size: number | bigint, method = 1): Uint8Array {
  const section = compressedSection(".debug_frame", { method, size, stream });
  return parseElf(elfImage({ sections: [section] })).sectionDataByName(".debug_frame")!;
}

function refused(stream: Uint8Array, size: number | bigint, method = 1): string {
  return assertThrows(() => inflate(stream, size, method), ElfError).kind;
}

const TEXT = new TextEncoder().encode("call frame information ".repeat(100));

Deno.test("ElfFile.sectionData, inflates what the runtime deflates", () => {
  for (const bytes of [TEXT, new Uint8Array(100_000), new Uint8Array(0)]) {
    assertEquals(inflate(compress(1, bytes), bytes.length), bytes);
  }
});

Deno.test("ElfFile.sectionData, refuses a section that is not as long as it claims", () => {
  const stream = compress(1, TEXT);
  assertEquals(refused(stream, TEXT.length - 1), "compression");
  assertEquals(refused(stream, TEXT.length + 1), "compression");
  assertEquals(refused(stream, 0), "compression");
});

Deno.test("ElfFile.sectionData, refuses bombs", () => {
  const bomb = compress(1, new Uint8Array(1 << 24));
  // It says little and gives much, or says more than so few bytes can give.
  assertEquals(refused(bomb, 16), "compression");
  assertEquals(refused(bomb.subarray(0, 100), 1 << 30), "compression");
  assertEquals(refused(bomb, (1n << 53n) - 1n), "compression");
});

Deno.test("ElfFile.sectionData, refuses damaged streams and other methods", () => {
  const stream = compress(1, TEXT);
  for (const method of [0, 3, 0x60000000]) {
    assertEquals(refused(stream, TEXT.length, method), "compression");
  }
  assertEquals(refused(stream.subarray(0, 20), TEXT.length), "compression");
  const damaged = stream.slice();
  // The last bytes are the checksum of the text.
  damaged[damaged.length - 1]! ^= 1;
  assertEquals(refused(damaged, TEXT.length), "compression");
});

for (const method of [1, 2] as const) {
  Deno.test(`ElfFile.sectionData, method ${method}: exactly what was compressed, or an error`, () => {
    const stream = compress(method, TEXT);
    assertEquals(inflate(stream, TEXT.length, method), TEXT);
    for (const size of [0, TEXT.length - 1, TEXT.length + 1]) {
      assertEquals(refused(stream, size, method), "compression");
    }
    // The runtime does not miss the checksum at the end of a zstd frame, which is all there then.
    const needed = method === 1 ? stream.length : stream.length - 4;
    for (let at = 0; at < needed; at++) {
      assertEquals(refused(stream.subarray(0, at), TEXT.length, method), "compression");
    }
    const damaged = stream.slice();
    damaged[damaged.length - 1]! ^= 1;
    assertEquals(refused(damaged, TEXT.length, method), "compression");
    // It says little and gives much, or more than is ever inflated.
    const bomb = compress(method, new Uint8Array(1 << 24));
    assertEquals(refused(bomb, 16, method), "compression");
    const padded = new Uint8Array(2 ** 20);
    padded.set(bomb);
    assertEquals(refused(padded, INFLATED_LIMIT + 1, method), "compression");
  });
}

Deno.test("ElfFile.sectionData, inflates .zdebug sections", () => {
  const sound = gnuCompressedSection(".zdebug_frame", TEXT);
  const read = (data: Uint8Array) =>
    parseElf(elfImage({ sections: [{ ...sound, data }] })).sectionDataByName(sound.name);
  assertEquals(read(sound.data), TEXT);
  // A header of twelve bytes; the last four are the checksum.
  const end = sound.data.length;
  for (const at of [0, 3, 4, 11, 12, 13, end - 4, end - 1]) {
    const damaged = sound.data.slice();
    damaged[at]! ^= 0x80;
    for (const data of [damaged, sound.data.subarray(0, at)]) {
      assertEquals(assertThrows(() => read(data), ElfError).kind, "compression", `byte ${at}`);
    }
  }
});
