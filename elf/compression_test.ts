import { assertEquals, assertThrows } from "@std/assert";
import { ImageBuilder } from "../bytes/testing/image_builder.ts";
import { parseElf } from "./elf_file.ts";
import { ElfError } from "./errors.ts";
import { elfImage } from "./testing/elf_image.ts";

async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes.slice()]).stream()
    .pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** What is read of a compressed section that claims `size` bytes. */
function inflate(stream: Uint8Array, size: number | bigint, method = 1): Uint8Array {
  const header = new ImageBuilder().u32(method).u32(0).u64(BigInt(size)).u64(1n).build();
  const data = new Uint8Array([...header, ...stream]);
  const image = elfImage({ sections: [{ name: ".debug_frame", flags: 0x800, data }] });
  return parseElf(image).sectionDataByName(".debug_frame")!;
}

function refused(stream: Uint8Array, size: number | bigint, method = 1): string {
  return assertThrows(() => inflate(stream, size, method), ElfError).kind;
}

const TEXT = new TextEncoder().encode("call frame information ".repeat(100));

Deno.test("ElfFile.sectionData, inflates what the runtime deflates", async () => {
  for (const bytes of [TEXT, new Uint8Array(100_000), new Uint8Array(0)]) {
    assertEquals(inflate(await deflate(bytes), bytes.length), bytes);
  }
});

Deno.test("ElfFile.sectionData, refuses a section that is not as long as it claims", async () => {
  const stream = await deflate(TEXT);
  assertEquals(refused(stream, TEXT.length - 1), "compression");
  assertEquals(refused(stream, TEXT.length + 1), "compression");
  assertEquals(refused(stream, 0), "compression");
});

Deno.test("ElfFile.sectionData, refuses bombs", async () => {
  const bomb = await deflate(new Uint8Array(1 << 24));
  // It says little and gives much, or says more than so few bytes can give.
  assertEquals(refused(bomb, 16), "compression");
  assertEquals(refused(bomb.subarray(0, 100), 1 << 30), "compression");
  assertEquals(refused(bomb, (1n << 53n) - 1n), "compression");
});

Deno.test("ElfFile.sectionData, refuses damaged streams and other methods", async () => {
  const stream = await deflate(TEXT);
  assertEquals(refused(stream, TEXT.length, 2), "compression");
  assertEquals(refused(stream.subarray(0, 20), TEXT.length), "compression");
  const damaged = stream.slice();
  // The last bytes are the checksum of the text.
  damaged[damaged.length - 1]! ^= 1;
  assertEquals(refused(damaged, TEXT.length), "compression");
});
