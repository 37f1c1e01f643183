/**
 * Packs bytes into an `.xz` stream without compressing them.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { ImageBuilder, uleb } from "../../../bytes/testing/image_builder.ts";

/** A stream of one block of stored chunks, checked by CRC-32. */
export function xzStream(content: Uint8Array): Uint8Array {
  const flags = Uint8Array.of(0, 1);
  const header = Uint8Array.of(2, 0, 0x21, 1, 22, 0, 0, 0);
  const chunks = new ImageBuilder();
  for (let at = 0; at < content.length; at += 2 ** 16) {
    const chunk = content.subarray(at, at + 2 ** 16);
    const last = chunk.length - 1;
    chunks.bytes(at === 0 ? 1 : 2, last >> 8, last & 0xff).append(chunk);
  }
  const packed = chunks.bytes(0).build();
  const unpadded = header.length + 4 + packed.length + 4;
  const index = new ImageBuilder().bytes(0, 1, ...uleb(unpadded), ...uleb(content.length)).align(4)
    .build();
  const footer = new ImageBuilder().u32((index.length + 4) / 4 - 1).append(flags).build();
  return new ImageBuilder()
    .bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0).append(flags).u32(crc32(flags))
    .append(header).u32(crc32(header)).append(packed).align(4).u32(crc32(content))
    .append(index).u32(crc32(index))
    .u32(crc32(footer)).append(footer).bytes(0x59, 0x5a).build();
}
