import { assertEquals, assertThrows } from "@std/assert";
import { Cursor, DecodeError } from "../../bytes/mod.ts";
import { DW_EH_PE, readEncodedAddress, readPointer } from "./pointer.ts";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";

const BASES = { section: 0x1000, text: 0x2000, data: 0x3000, func: 0x4000 };

/** Reads a pointer that stands at offset 4 of a section. */
function read(encoding: number, build: (image: ImageBuilder) => void): number {
  const image = new ImageBuilder().u32(0);
  build(image);
  const cursor = new Cursor(image.build(), "test");
  cursor.seek(4, image.size);
  const address = readEncodedAddress(cursor, encoding, BASES);
  assertEquals(cursor.at, image.size, "all bytes are used");
  return address;
}

Deno.test("readEncodedAddress, knows every format", () => {
  assertEquals(read(DW_EH_PE.absptr, (i) => i.u64(5n)), 5);
  assertEquals(read(DW_EH_PE.uleb128, (i) => i.uleb(300)), 300);
  assertEquals(read(DW_EH_PE.udata2, (i) => i.u16(0xffff)), 0xffff);
  assertEquals(read(DW_EH_PE.udata4, (i) => i.u32(0xffffffff)), 0xffffffff);
  assertEquals(read(DW_EH_PE.udata8, (i) => i.u64(9n)), 9);
  assertEquals(read(DW_EH_PE.signed, (i) => i.u64(-1n)), -1);
  assertEquals(read(DW_EH_PE.sleb128, (i) => i.sleb(-300)), -300);
  assertEquals(read(DW_EH_PE.sdata2, (i) => i.u16(0xffff)), -1);
  assertEquals(read(DW_EH_PE.sdata4, (i) => i.u32(0xfffffffe)), -2);
  assertEquals(read(DW_EH_PE.sdata8, (i) => i.u64(-3n)), -3);
});

Deno.test("readEncodedAddress, adds every base", () => {
  const at = (base: number) => read(base | DW_EH_PE.sdata4, (i) => i.u32(8));
  assertEquals(at(DW_EH_PE.pcrel), 0x1004 + 8);
  assertEquals(at(DW_EH_PE.textrel), 0x2008);
  assertEquals(at(DW_EH_PE.datarel), 0x3008);
  assertEquals(at(DW_EH_PE.funcrel), 0x4008);
  // The next multiple of 8 after 0x1004 is 0x1008.
  assertEquals(read(DW_EH_PE.aligned, (i) => i.u32(0).u64(77n)), 77);
});

Deno.test("readEncodedAddress, rejects unknown formats and bases", () => {
  const reject = (encoding: number, bases: { section: number }) =>
    assertThrows(
      () => {
        const cursor = new Cursor(new Uint8Array(16), "test");
        readEncodedAddress(cursor, encoding, bases);
      },
      DecodeError,
    ).kind;
  for (const encoding of [0x05, 0x06, 0x07, 0x0d, 0x0f, 0x60, 0x70]) {
    assertEquals(reject(encoding, BASES), "encoding", `${encoding}`);
  }
  for (const encoding of [0x20, 0x30, 0x40]) {
    assertEquals(reject(encoding, { section: 0 }), "encoding", `${encoding}`);
  }
});

Deno.test("readPointer, takes a stored zero for null", () => {
  const pointer = (encoding: number, value: number) =>
    readPointer(
      new Cursor(new ImageBuilder().u32(value).build(), "test"),
      encoding,
      BASES,
    );
  assertEquals(pointer(0x1b, 0), undefined);
  assertEquals(pointer(DW_EH_PE.omit, 1), undefined);
  assertEquals(pointer(0x1b, 4), { address: 0x1004, indirect: false });
  assertEquals(pointer(0x9b, 4), { address: 0x1004, indirect: true });
});
